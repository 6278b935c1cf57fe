"""Files that are whole or not there at all, digests of them, and a log that takes all that a process prints."""

import hashlib
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """A temporary path beside `path`, renamed to it when the block ends well, removed when it does not."""
    path = Path(path)
    temporary = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_csv(table, path: str | Path) -> None:
    """Write a table of pandas."""
    with replacing(path) as temporary:
        table.to_csv(temporary, index=False)


def sha256(path: str | Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest(words: Iterable[str], files: Iterable[str | Path]) -> str:
    """Changes with every word and with the content of every file."""
    return hashlib.sha256(repr([*words, *map(sha256, files)]).encode()).hexdigest()


def log_to(path: str | Path) -> TextIO:
    """Send all that this process prints from here on to the log at `path`, compiled libraries included.

    Returns the stream to where errors went before, for the few words that a user should see at once.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    terminal = os.fdopen(os.dup(sys.stderr.fileno()), "w", buffering=1)
    open(path, "w").close()
    with open(path, "a") as log:  # lines that another job adds stay
        os.dup2(log.fileno(), sys.stdout.fileno())
        os.dup2(log.fileno(), sys.stderr.fileno())
    sys.stdout.reconfigure(line_buffering=True)
    return terminal
