"""A Keras model from a function in a Python file of the user's."""

import importlib.util
import inspect
import os
import sys
import traceback
from collections.abc import Callable
from functools import cache

from batchscope.backend import keras
from batchscope.errors import ConfigError, reason, suggestion


def call_model_file(spec: dict, input_shape: tuple[int, ...], outputs: int) -> keras.Model:
    """What the function of a `{file, function, arguments}` returns, given input shape, outputs and the arguments.

    Raises:
        ConfigError: there is no such file or function, either fails, or what it returns is no Keras model with one
            input of that shape, (rows, *input_shape), and one output, (rows, outputs).
    """
    file = spec["file"]
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
            shapes = [tuple(output.shape) for output in keras.tree.flatten(model(keras.Input(input_shape)))]
    except (Exception, SystemExit) as error:  # whatever is wrong in the user's code is for the user
        raise ConfigError("model.function", _in_file(error, file)) from None
    if not isinstance(model, keras.Model):
        raise ConfigError(
            "model.function", f"{spec['function']} in {file} returns {type(model).__name__}, not a keras.Model"
        )
    if shapes != [(None, outputs)]:
        put_out = " and ".join(str(shape[1:]) for shape in shapes)
        raise ConfigError("model.function", f"the model of {file} puts out the shape {put_out}; expected ({outputs},)")
    return model


@cache  # asked again for every replicate
def _find_function(file: str, name: str) -> Callable:
    module_spec = importlib.util.spec_from_file_location("_model_file", file)
    if module_spec is None:
        raise ConfigError("model.file", f"{file!r} is no Python file; its name ends in .py")
    module = importlib.util.module_from_spec(module_spec)
    sys.dont_write_bytecode, before = True, sys.dont_write_bytecode  # leaves nothing beside the user's file
    try:
        module_spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        raise ConfigError("model.file", _in_file(error, file)) from None
    finally:
        sys.dont_write_bytecode = before
    functions = [key for key, value in vars(module).items() if callable(value)]
    if name not in functions:
        own = [key for key in functions if getattr(vars(module)[key], "__module__", "") == "_model_file"]
        raise ConfigError("model.function", f"{file} has no function {name!r}{suggestion(name, own)}")
    return vars(module)[name]


def _in_file(error: Exception, file: str) -> str:
    """The error in one line, with the last line of the file that led to it."""
    path = os.path.abspath(file)
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if os.path.abspath(frame.filename) == path]
    if isinstance(error, SyntaxError) and os.path.abspath(error.filename) == path:
        lines.append(error.lineno)
    place = f"{file}, line {lines[-1]}" if lines else file
    return f"{place}: {type(error).__name__}: {reason(error)}"
