"""The file of the user's that a dataset is read from."""

import os
from collections.abc import Iterator
from pathlib import Path

from batchscope.data import name_and_arguments
from batchscope.errors import suggestion

_READERS = ("table", "npz")


def data_file(dataset: dict | str) -> str | None:
    """The file that a study's `dataset` is read from; None where it is made or loaded by a library."""
    name, arguments = name_and_arguments(dataset)
    return arguments["path"] if name in _READERS else None


def data_file_mistakes(dataset: dict | str) -> Iterator[str]:
    """What is wrong with that file before it is opened."""
    path = data_file(dataset)
    if path is None:
        return
    name, _ = name_and_arguments(dataset)
    if not Path(path).is_file():
        siblings = [each.name for each in Path(path).parent.glob("*") if each.is_file()]
        close = suggestion(Path(path).name, siblings) if siblings else ""
        yield f"dataset.{name}.path: there is no file {path!r}{close}"
    elif not os.access(path, os.R_OK):
        yield f"dataset.{name}.path: {path!r} may not be read; change its permissions"
