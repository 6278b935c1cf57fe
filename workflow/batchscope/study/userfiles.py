"""The files of the user's that a study is made of: its data, and its model where that comes from a file."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from batchscope.errors import suggestion
from batchscope.imports import CHECKOUT, modules_in
from batchscope.names import name_and_arguments

_READERS = ("table", "npz")


def found(path: str) -> str:
    """A path of the config, seen from the folder of the run; in the checkout where that alone has such a file."""
    path = os.path.expanduser(path)
    in_checkout = CHECKOUT / path
    return str(in_checkout) if os.path.isfile(in_checkout) and not os.path.exists(path) else path


def with_paths(spec: dict, change: Callable[[str], str]) -> dict:
    """A study in which the paths of its files are changed, as by `found`."""
    spec = dict(spec)
    if isinstance(dataset := spec["dataset"], dict) and (readers := dataset.keys() & {*_READERS}):
        [name] = readers
        spec["dataset"] = {name: dataset[name] | {"path": change(dataset[name]["path"])}}
    if isinstance(model := spec["model"], dict):
        spec["model"] = model | {"file": change(model["file"]), "files": [*map(change, model["files"])]}
    return spec


def data_files(dataset: dict | str) -> list[str]:
    """The file that a study's `dataset` is read from; none where it is made or loaded by a library."""
    name, arguments = name_and_arguments(dataset)
    return [arguments["path"]] if name in _READERS else []


def model_files(model: list | dict) -> list[str]:
    """What a study's `model` is built from: its file, modules beside that, what it is said to read; none of layers."""
    return [model["file"], *_imported_beside(model["file"]), *model["files"]] if isinstance(model, dict) else []


def _imported_beside(file: str) -> list[str]:
    """The modules in a file's folder that it imports, directly or not."""
    try:
        paths = modules_in(Path(file).parent, Path(file))
    except (OSError, SyntaxError):  # said where the file is run
        return []
    return [str(path) if os.path.isabs(file) else os.path.relpath(path) for path in paths]


def file_mistakes(spec: dict) -> Iterator[str]:
    """What is wrong with the files of a study before they are opened."""
    for path in data_files(spec["dataset"]):
        name, _ = name_and_arguments(spec["dataset"])
        yield from _mistakes(f"dataset.{name}.path", path)
    if isinstance(model := spec["model"], dict):
        yield from _mistakes("model.file", model["file"])
        for index, path in enumerate(model["files"]):
            yield from _mistakes(f"model.files[{index}]", path)


def _mistakes(place: str, path: str) -> Iterator[str]:
    if not Path(path).is_file():
        siblings = [each.name for each in Path(path).parent.glob("*") if each.is_file()]
        close = suggestion(Path(path).name, siblings) if siblings else ""
        yield f"{place}: there is no file {path!r}{close}"
    elif not os.access(path, os.R_OK):
        yield f"{place}: {path!r} may not be read; change its permissions"
