"""What is finished already: whether it is what a run would make, and that a failure does not cost it.

Snakemake looks at dates, and at its own notes of earlier runs. Here counts what stands in a file and what its writer
recorded: results of another config are told from those of this one, whoever copied them and whatever their dates.
"""

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from glob import glob
from pathlib import Path

from batchscope.files import RECORDS, Record, is_half_written, made_from, sha256

_KEPT = ".before"  # what a file was, while it is made again
_DAMAGED = "is not as it was written"


def checking_records(workflow) -> Callable[[], None]:
    """Snakemake's `workflow._build_dag`, after which also those jobs are due whose files are not what they make."""
    build = workflow._build_dag

    def build_and_check() -> None:
        build()
        due = set(workflow.dag.needrun_jobs())
        problems = {
            path: problem
            for level in workflow.dag.toposorted()
            for path, problem in sorted(found for job in level if job not in due for found in _problems(job))
        }
        for problem in dict.fromkeys(problems.values()):
            paths = [path for path in problems if problems[path] == problem]
            named = paths if problem == _DAMAGED else paths[:1]
            more = f" (and so {others} more)" if (others := len(paths) - len(named)) else ""
            for path in named:
                print(f"{path} {problem}{more}, and is made again", file=sys.stderr)
        if problems:
            workflow.dag.forcefiles.update(map(str, problems))
            workflow.async_run(workflow.dag.update_needrun())

    return build_and_check


def _problems(job) -> Iterator[tuple[Path, str]]:
    """The files of a job that are not what it makes, each with why."""
    files = [path for path in map(Path, job.output) if path.is_file()]
    is_known = files and job.rule.is_script and all(map(os.path.exists, job.input))
    now = made_from(job.params.items(), job.input) if is_known else None
    for path in files:
        record = Record.of(path)
        if record is None:
            if job.rule.is_script:
                yield path, "has no record of what it was made from"
        elif record.sha256 != sha256(path):
            yield path, _DAMAGED
        elif is_known and record.made_from != now:
            yield path, "was made from another config or other data, or by another version"


def keep(paths: Iterable[str | Path]) -> None:
    """Keep what stands in files that are about to be made again, until they are; as links, which take no room."""
    for path in map(Path, paths):
        if path.is_file() and Record.of(path):
            kept = path.parent / RECORDS / f"{path.name}{_KEPT}"
            kept.unlink(missing_ok=True)
            with suppress(OSError):  # a file system without links
                os.link(path, kept)


def before(path: Path) -> Path | None:
    """What a file was, where a run keeps that while it is made again; None where it was not as it was written."""
    kept, record = path.parent / RECORDS / f"{path.name}{_KEPT}", Record.of(path)
    return kept if kept.is_file() and record and record.sha256 == sha256(kept) else None


def restore(folder: Path) -> set[str]:
    """After a run: let what was kept of files in a folder and below it stand again where they are missing.

    Returns those files. What was half written when a process was killed is removed.
    """
    restored = set()
    # Unlike Path.rglob this follows links, which a user may have put in the place of folders.
    for found in map(Path, glob(f"{folder}/**", recursive=True, include_hidden=True)):
        if is_half_written(found):
            found.unlink()
        elif found.parent.name == RECORDS and found.name.endswith(_KEPT):
            path = found.parents[1] / found.name.removesuffix(_KEPT)
            if path.exists():
                found.unlink()
            else:
                found.rename(path)
                restored.add(str(path))
    return restored
