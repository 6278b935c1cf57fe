"""The files of the user's that a study is made of: its data and its model, its program, or its histories."""

import glob
import os
import re
import shlex
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from batchscope.errors import suggestion
from batchscope.imports import CHECKOUT, modules_in
from batchscope.names import name_and_arguments
from batchscope.study.command import split_all

PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_READERS = ("table", "npz")
_OF_ENVIRONMENTS = (".yaml", ".yml")  # else the name of one that is there


def found(path: str) -> str:
    """A path of the config, seen from the folder of the run; in the checkout where that alone has such a file."""
    path = os.path.expanduser(path)
    in_checkout = str(CHECKOUT / path)
    return in_checkout if _is_there(in_checkout) and not (os.path.exists(path) or _is_there(path)) else path


def _is_there(path: str) -> bool:
    return os.path.isfile(path) or ("{" in path and bool(matching(path)))


def with_paths(spec: dict, change: Callable[[str], str]) -> dict:
    """A study in which the paths of its files are changed, as by `found`."""
    spec = dict(spec)
    if "program" in spec:
        spec["program"] = _program_with_paths(spec["program"], change)
    elif "histories" in spec:
        key = "table" if "table" in spec["histories"] else "path"
        spec["histories"] = spec["histories"] | {key: change(spec["histories"][key])}
    else:
        if isinstance(dataset := spec["dataset"], dict) and (readers := dataset.keys() & {*_READERS}):
            [name] = readers
            spec["dataset"] = {name: dataset[name] | {"path": change(dataset[name]["path"])}}
        if isinstance(model := spec["model"], dict):
            spec["model"] = model | {"file": change(model["file"]), "files": [*map(change, model["files"])]}
    return spec


def _program_with_paths(program: dict, change: Callable[[str], str]) -> dict:
    """A `program` in which the paths of its files are changed, also where words of its command are such."""
    program = program | {"files": [*map(change, program["files"])]}
    with suppress(ValueError):  # said where the command is looked at
        words = shlex.split(program["command"])
        changed = [path if os.path.isfile(path := change(word)) else word for word in words]
        if changed != words:  # else it stays as it was written
            program["command"] = shlex.join(changed)
    if _is_file_of_environment(program):
        program["conda"] = change(program["conda"])
    return program


def _is_file_of_environment(program: dict) -> bool:
    return program.get("conda", "").endswith(_OF_ENVIRONMENTS)


def files_of(spec: dict) -> list[str]:
    """All files of the user's that a study is made of."""
    if "program" in spec:
        return program_files(spec["program"])
    if "histories" in spec:
        return history_files(spec["histories"])
    return data_files(spec["dataset"]) + model_files(spec["model"])


def program_files(program: dict) -> list[str]:
    """What the result of a `program` follows from: the files that it and its command name, and modules beside these."""
    named = []
    with suppress(ValueError):  # said where the command is looked at
        named = list(_named_files(split_all(program["command"])))
    modules = [module for file in named if file.endswith(".py") for module in _imported_beside(file)]
    further = [file for path in program["files"] for file in files_in(path)]
    environment = [program["conda"]] if _is_file_of_environment(program) else []
    return [*dict.fromkeys([*named, *modules, *further, *environment])]


def _named_files(words: list[str]) -> Iterator[str]:
    """The files among words, also behind a `=`, and that of a module that is run by `-m`."""
    for before, word in zip(["", *words], words):
        module = word.replace(".", "/")
        ways = (f"{module}.py", f"{module}/__main__.py") if before == "-m" else (word, word.partition("=")[2])
        yield from filter(os.path.isfile, ways)


def history_files(histories: dict) -> list[str]:
    """The files of `histories`; those in folders one by one."""
    if "table" in histories:
        return [histories["table"]]
    return [file for path in matching(histories["path"]) for file in files_in(path)]


def matching(pattern: str) -> list[str]:
    """The files and folders that a path with names in braces fits, in order, without `.` and `//` in their paths."""
    parts = PLACEHOLDER.split(os.path.normpath(os.path.expanduser(pattern)))[::2]
    if "\0" in pattern:  # which no path has, and glob fails at
        return []
    return sorted(glob.glob("*".join(map(glob.escape, parts))))


def files_in(path: str) -> list[str]:
    """A file alone, or the files in a folder, in order."""
    return sorted(map(str, filter(Path.is_file, Path(path).rglob("*")))) if os.path.isdir(path) else [path]


def data_files(dataset: dict | str) -> list[str]:
    """The file that a study's `dataset` is read from; none where it is made or loaded by a library."""
    name, arguments = name_and_arguments(dataset)
    return [arguments["path"]] if name in _READERS else []


def model_files(model: list | dict) -> list[str]:
    """What a study's `model` is built from: its file, modules beside that, what it is said to read; none of layers."""
    return [model["file"], *_imported_beside(model["file"]), *model["files"]] if isinstance(model, dict) else []


def _imported_beside(file: str) -> list[str]:
    """The modules in a file's folder that it imports, directly or not; of a file in a newer Python all beside it."""
    try:
        paths = modules_in(Path(file).parent, Path(file))
    except SyntaxError:  # if it is a mistake, that is said where the file is run
        paths = sorted(Path(file).absolute().parent.glob("*.py"))
    except OSError:
        return []
    return [str(path) if os.path.isabs(file) else os.path.relpath(path) for path in paths]


def file_mistakes(spec: dict) -> Iterator[str]:
    """What is wrong with the files of a study before they are opened."""
    for place, path in _placed(spec):
        if not Path(path).is_file():
            siblings = [each.name for each in Path(path).parent.glob("*") if each.is_file()]
            close = suggestion(Path(path).name, siblings) if siblings else ""
            yield f"{place}: there is no file {path!r}{close}"
        elif not os.access(path, os.R_OK):
            yield f"{place}: {path!r} may not be read; change its permissions"


def _placed(spec: dict) -> Iterator[tuple[str, str]]:
    """The files that a study names, with their places."""
    if program := spec.get("program"):
        for index, path in enumerate(program["files"]):
            yield from ((f"program.files[{index}]", file) for file in files_in(path) or [path])
        if _is_file_of_environment(program):
            yield "program.conda", program["conda"]
    elif "histories" in spec:
        if "table" in spec["histories"]:
            yield "histories.table", spec["histories"]["table"]
    else:
        for path in data_files(spec["dataset"]):
            name, _ = name_and_arguments(spec["dataset"])
            yield f"dataset.{name}.path", path
        if isinstance(model := spec["model"], dict):
            yield "model.file", model["file"]
            yield from ((f"model.files[{index}]", path) for index, path in enumerate(model["files"]))
