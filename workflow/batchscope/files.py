"""Files that are whole or not there at all, with a record of what was written, and digests of files."""

import hashlib
import json
import os
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from glob import glob
from pathlib import Path
from typing import NamedTuple

RECORDS = ".written"  # the folder beside a file, not seen, where its record stands
_made_from: str | None = None  # what this process makes its files from


class Record(NamedTuple):
    """What the writer of a file knew of it."""

    sha256: str
    made_from: str | None  # a digest of the parameters and inputs, where the writer told them

    @staticmethod
    def of(path: Path) -> "Record | None":
        """The record of a file; None where there is none that can be read."""
        try:
            return Record(**json.loads(_record_of(path).read_text()))
        except (FileNotFoundError, ValueError, TypeError):
            return None


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


def is_half_written(path: Path) -> bool:
    """Whether a path is the temporary one of `replacing`, of a process that was killed if none is at work."""
    return re.fullmatch(r"\..+\.\d+(\.\w+)?", path.name) is not None and path.is_file()


def _to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def record_written(path: Path, content: Path | None = None) -> None:
    """Record what stands in a file, or what is about to stand there, so that damage is noticed."""
    with replacing(_record_of(path), recorded=False) as temporary:
        temporary.write_text(json.dumps(Record(sha256(content or path), _made_from)._asdict()) + "\n")


def is_as_written(path: str | Path) -> bool:
    """Whether a file has the content that its writer recorded; of one without a record nothing is known, and it has."""
    record = Record.of(Path(path))
    return record is None or record.sha256 == sha256(path)


def not_as_written(folder: str | Path) -> list[Path]:
    """The files in a folder and those below it that are not as their writers recorded."""
    records = map(Path, glob(f"{folder}/**/{RECORDS}/*.json", recursive=True, include_hidden=True))
    recorded = (record.parents[1] / record.stem for record in records)
    return sorted(path for path in recorded if path.is_file() and not is_as_written(path))


def take(parameters: Iterable[tuple[str, object]], inputs: Iterable[str | Path]) -> None:
    """What this process writes from here on is made from these; ends it where an input is not as it was written."""
    global _made_from
    inputs = list(inputs)
    for path in inputs:
        if not is_as_written(path):
            sys.exit(f"{path} is not as it was written; run again, which makes it anew")
    _made_from = made_from(parameters, inputs)


def made_from(parameters: Iterable[tuple[str, object]], inputs: Iterable[str | Path]) -> str:
    """Changes with the parameters of a job and with what stands in its inputs, wherever they are."""
    contents = (record.sha256 if (record := Record.of(Path(path))) else sha256(path) for path in inputs)
    return digest([*map(repr, sorted(parameters)), *contents], [])


def _record_of(path: Path) -> Path:
    return path.parent / RECORDS / f"{path.name}.json"


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
