"""The command of a user's program: its words, what is filled in, and which of them are files."""

import os
import re
import shlex
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from batchscope.errors import suggestion

FILLED_IN = ("batch_size", "learning_rate", "seed", "epochs", "history", "replicate", "train_rows", "threads", "gpu")
_PLACE = re.compile(r"(?<!\$)\{([A-Za-z_]\w*)\}")  # not a variable of a shell
_SHELLS = ("sh", "bash", "dash", "zsh")


def fill(words: list[str], values: Mapping[str, object]) -> list[str]:
    """The words with values in place of their names; whatever a value holds, each word stays one.

    In what a shell is to run, as behind `bash -c`, a value is quoted.
    """
    return [
        _PLACE.sub(lambda found, quote=shlex.quote if is_for_shell else str: quote(str(values[found[1]])), word)
        for is_for_shell, word in zip(_for_shell(words), words)
    ]


def split_all(command: str) -> list[str]:
    """The words of a command, and those within what a shell is to run.

    Raises:
        ValueError: a quote is not closed.
    """
    words = shlex.split(command)
    for_shell = [word for is_for_shell, word in zip(_for_shell(words), words) if is_for_shell]
    return words + [inner for word in for_shell for inner in split_all(word)]


def _for_shell(words: list[str]) -> list[bool]:
    """Whether each word is run by a shell, which stands two words before it."""
    return [
        option == "-c" and Path(shell).name in _SHELLS
        for shell, option, _ in zip(["", "", *words], ["", *words], words)
    ]


def search_path() -> str:
    """The PATH on which the program is looked for: in an environment that is active its own.

    Else `python` is the one that runs the workflow.
    """
    path = os.environ.get("PATH", os.defpath)
    if {"VIRTUAL_ENV", "CONDA_PREFIX"} & os.environ.keys():
        return path
    return os.pathsep.join([str(Path(sys.executable).parent), path])


def command_mistakes(program: dict, rates: int, replicates: int) -> Iterator[str]:
    """What is wrong with the command of a `program` that is run at several learning rates and replicates."""
    try:
        words = shlex.split(program["command"])
    except ValueError:
        yield "program.command: a quote is not closed"
        return
    if not words:
        yield "program.command: it is empty"
        return
    if "\0" in program["command"]:
        yield "program.command: it has a NUL, which no word may hold"
        return
    named = {name for word in words for name in _PLACE.findall(word)}
    for name in sorted(named - {*FILLED_IN}):
        yield f"program.command: nothing is filled in for {{{name}}}{suggestion(name, FILLED_IN)}"
    told_apart = {"batch_size": 2, "learning_rate": rates, "seed": replicates}
    for name in (name for name, count in told_apart.items() if count > 1 and name not in named):
        yield f"program.command: it has no {{{name}}}, so all of them would train the same; hand it to the program"
    if "history" not in named:
        yield "program.command: it has no {history}, the file that the program is to write; hand it to the program"
    if "container" in program:  # which has files and programs of its own
        return
    if "conda" not in program and not _PLACE.search(words[0]) and not shutil.which(words[0], path=search_path()):
        yield f"program.command: there is no program {words[0]!r} on the PATH"
    for word in words:
        if word.endswith(".py") and not _PLACE.search(word) and not os.path.isfile(word):
            yield f"program.command: there is no file {word!r}"
