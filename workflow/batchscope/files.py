"""Files that are whole or not there at all, digests of them, and a log that takes all that a process prints.

Run as a program it records what stands in some files.
"""

import hashlib
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

# Beside a file, in a folder that is not seen, stands what its writer wrote, as sha256sum spells it.
_RECORDS, _RECORD = ".written", ".sha256"


@contextmanager
def replacing(path: str | Path, recorded: bool = True) -> Iterator[Path]:
    """A temporary path beside `path`, renamed to it when the block ends well, removed when it does not.

    It is on the disk before it has its name, so a power cut leaves the whole file or none. The folder is made again
    where it has gone: Snakemake removes those that are empty when some other job fails. What was written is recorded,
    see `is_as_written`.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        yield temporary
        _to_disk(temporary)
        if recorded:
            record_written(path, temporary)
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


def record_written(path: Path, content: Path | None = None) -> None:
    """Record what stands in a file, or what is about to stand there, so that damage is noticed."""
    record = _record_of(path)
    with replacing(record, recorded=False) as temporary:
        temporary.write_text(f"{sha256(content or path)}  {path.name}\n")


def is_as_written(path: str | Path) -> bool:
    """Whether a file has the content that its writer recorded; of one without a record nothing is known, and it has."""
    record = _record_of(Path(path))
    return not record.exists() or record.read_text().partition(" ")[0] == sha256(path)


def not_as_written(folder: str | Path) -> list[Path]:
    """The files in a folder and those below it that are not as their writers recorded."""
    recorded = (record.parents[1] / record.stem for record in Path(folder).rglob(f"{_RECORDS}/*{_RECORD}"))
    return sorted(path for path in recorded if path.is_file() and not is_as_written(path))


def check_written(paths: Iterable[str | Path]) -> None:
    """End the program where one of some files is not as its writer recorded."""
    for path in paths:
        if not is_as_written(path):
            sys.exit(f"{path} is not as it was written; run again, which makes it anew")


def _record_of(path: Path) -> Path:
    return path.parent / _RECORDS / f"{path.name}{_RECORD}"


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


if __name__ == "__main__":
    for path in sys.argv[1:]:
        record_written(Path(path))
