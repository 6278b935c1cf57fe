"""A Keras model from a function in a Python file of the user's."""

import importlib.util
import inspect
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import numpy as np

from batchscope.errors import ConfigError, reason, suggestion
from batchscope.hardware.backend import keras

_NAME = "_model_file"
_STEPS = ("train_step", "test_step", "compute_loss")
_beside_others: dict[str, str] = {}  # the modules that were imported from beside model files, and the folders of these
_opened: list[str] | None = None  # what is opened while a model is made; None at other times


def own_steps(model: keras.Model) -> list[str]:
    """The methods of training and evaluation that a model has of its own."""
    return [name for name in _STEPS if getattr(type(model), name) is not getattr(keras.Model, name)]


def call_model_file(spec: dict, input_shape: tuple[int, ...], outputs: int) -> keras.Model:
    """What the function of a `{file, function, arguments}` returns, given input shape, outputs and the arguments.

    Raises:
        ConfigError: there is no such file or function, either fails or opens a file that the config does not name, or
            what it returns is no Keras model with one input of that shape, (rows, *input_shape), and one output,
            (rows, outputs).
    """
    file = spec["file"]
    with _beside(file), _noting_files(file) as opened:
        function = _find_function(file, spec["function"])
        try:
            inspect.signature(function).bind(input_shape, outputs, **spec["arguments"])
        except TypeError as error:
            raise ConfigError(
                "model.arguments",
                f"{spec['function']} in {file} is called as function(input_shape, outputs, **arguments): {error}",
            ) from None
        try:
            model = function(input_shape, outputs, **spec["arguments"])
            if isinstance(model, keras.Model):
                _refuse_fixed_batches(model, file)
                model, shapes = _with_one_output(model, input_shape)
        except ConfigError:
            raise
        except (Exception, SystemExit) as error:  # whatever is wrong in the user's code is for the user
            raise ConfigError("model.function", _in_file(error, file)) from None
    if not isinstance(model, keras.Model):
        raise ConfigError(
            "model.function", f"{spec['function']} in {file} returns {type(model).__name__}, not a keras.Model"
        )
    if shapes != [(outputs,)]:
        put_out = " and ".join(map(str, shapes))
        raise ConfigError("model.function", f"the model of {file} puts out the shape {put_out}; expected ({outputs},)")
    named = {os.path.realpath(path) for path in spec.get("files", [])}
    if unnamed := [path for path in opened if os.path.realpath(path) not in named]:
        raise ConfigError(
            "model.files",
            f"{spec['function']} in {file} reads {unnamed[0]}; name it, so that a change of it trains anew: "
            f"files: [{', '.join([*spec.get('files', []), *unnamed])}]",
        )
    return model


def _with_one_output(model: keras.Model, input_shape: tuple[int, ...]) -> tuple[keras.Model, list[tuple]]:
    """A model and the shapes of its outputs without the rows; a tensor alone in a dictionary or list is taken out."""
    features = keras.Input(input_shape)
    try:
        outputs = model(features)
    except Exception as error:
        try:  # it may be one that can only be called eagerly
            outputs = model(np.zeros((2, *input_shape), np.float32))
        except Exception:
            raise error from None
        return model, [tuple(output.shape[1:]) for output in keras.tree.flatten(outputs)]
    flat = keras.tree.flatten(outputs)
    if isinstance(outputs, dict | list | tuple) and len(flat) == 1:
        if steps := own_steps(model):
            kind = type(outputs).__name__
            raise ConfigError("model.function", f"a model with a {steps[0]} of its own puts out a tensor, not a {kind}")
        model = keras.Model(features, flat[0])
    return model, [tuple(output.shape[1:]) for output in flat]


def _refuse_fixed_batches(model: keras.Model, file: str) -> None:
    for tensor in getattr(model, "inputs", None) or []:
        if tensor.shape[0] is not None:
            raise ConfigError(
                "model.function",
                f"the model of {file} takes batches of exactly {tensor.shape[0]} rows, and a study trains and "
                "evaluates with others; leave the batch size out of its Input, and `stateful` too",
            )


@cache  # asked again for every replicate
def _find_function(file: str, name: str) -> Callable:
    module_spec = importlib.util.spec_from_file_location(_NAME, file)
    if module_spec is None:
        raise ConfigError("model.file", f"{file!r} is no Python file; its name ends in .py")
    module = importlib.util.module_from_spec(module_spec)
    sys.modules[_NAME] = module  # where dataclasses look for the names of their types
    try:
        module_spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        raise ConfigError("model.file", _in_file(error, file)) from None
    functions = [key for key, value in vars(module).items() if callable(value)]
    if name not in functions:
        own = [key for key in functions if getattr(vars(module)[key], "__module__", "") == _NAME]
        raise ConfigError("model.function", f"{file} has no function {name!r}{suggestion(name, own)}")
    return vars(module)[name]


@contextmanager
def _beside(file: str) -> Iterator[None]:
    """Let a file import modules beside it, and leave nothing there; those beside another file are forgotten."""
    folder = os.path.dirname(os.path.abspath(file))
    for name, of_folder in list(_beside_others.items()):
        if of_folder != folder:
            sys.modules.pop(name, None)
            del _beside_others[name]
    before = set(sys.modules)
    sys.path.append(folder)  # behind all others, so that nothing there takes the place of a library
    sys.dont_write_bytecode, written = True, sys.dont_write_bytecode
    try:
        yield
    finally:
        sys.dont_write_bytecode = written
        sys.path.remove(folder)
        for name in set(sys.modules) - before:
            if _is_the_users(getattr(sys.modules[name], "__file__", None), [folder]):
                _beside_others[name] = folder


def _is_the_users(path: str | None, folders: list[str]) -> bool:
    """Whether a file lies in one of some folders, and not among the installed libraries there."""
    path = os.path.realpath(path or "")
    return not path.startswith(os.path.realpath(sys.prefix)) and any(
        path.startswith(os.path.realpath(folder) + os.sep) for folder in folders
    )


@contextmanager
def _noting_files(file: str) -> Iterator[list[str]]:
    """What is opened of the user's files but for Python code, as far as Python opens it."""
    global _opened
    _hear_of_files()
    _opened = []
    opened: list[str] = []
    try:
        yield opened
    finally:
        folders = [os.getcwd(), os.path.dirname(os.path.abspath(file))]
        paths = {path for path in _opened if Path(path).suffix not in (".py", ".pyc") and os.path.isfile(path)}
        _opened = None
        opened += sorted(os.path.relpath(path) for path in paths if _is_the_users(path, folders))


@cache  # a hook stays
def _hear_of_files() -> None:
    def note(event: str, arguments: tuple) -> None:
        if event == "open" and _opened is not None and isinstance(arguments[0], str):
            _opened.append(arguments[0])

    sys.addaudithook(note)


def _in_file(error: Exception, file: str) -> str:
    """The error in one line, with the last line of the file that led to it."""
    path = os.path.abspath(file)
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if os.path.abspath(frame.filename) == path]
    if isinstance(error, SyntaxError) and os.path.abspath(error.filename) == path:
        lines.append(error.lineno)
    place = f"{file}, line {lines[-1]}" if lines else file
    return f"{place}: {type(error).__name__}: {reason(error)}"
