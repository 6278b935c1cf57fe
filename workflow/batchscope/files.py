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
    """A temporary path beside `path`, renamed to it when the block ends well, removed when it does not.

    It is on the disk before it has its name, so a power cut leaves the whole file or none. The folder is made again
    where it has gone: Snakemake removes those that are empty when some other job fails.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        yield temporary
        _to_disk(temporary)
        temporary.replace(path)
        _to_disk(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def _to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


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
