"""What is finished already: whether it is what a run would make, and that a failure does not cost it.

Snakemake looks at dates, and at its own notes of earlier runs. Here counts what stands in a file and what its writer
recorded: results of another config are told from those of this one, whoever copied them and whatever their dates.
"""

import os
import sys
from collections.abc import Callable, Iterable
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
            for path, job in sorted((Path(path), job) for job in level if job not in due for path in job.output)
            if path.is_file() and (problem := _problem(path, job))
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


def _problem(path: Path, job) -> str | None:
    record = Record.of(path)
    if record is None:
        return "has no record of what it was made from" if job.rule.is_script else None
    if record.sha256 != sha256(path):
        return _DAMAGED
    if not job.rule.is_script or not all(map(os.path.exists, job.input)):
        return None
    if record.made_from != made_from(job.params.items(), job.input):
        return "was made from another config or other data, or by another version"
    return None


def keep(paths: Iterable[str | Path]) -> None:
    """Keep what stands in files that are about to be made again, until they are; as links, which take no room."""
    for path in map(Path, paths):
        if path.is_file() and Record.of(path):
            kept = path.parent / RECORDS / f"{path.name}{_KEPT}"
            kept.unlink(missing_ok=True)
            with suppress(OSError):  # a file system without links
                os.link(path, kept)


def restore(folder: Path) -> set[str]:
    """After a run: let what was kept of files in a folder and below it stand again where they are missing.

    Returns those files. What was half written when a process was killed is removed.
    """
    for path in map(Path, glob(f"{folder}/**/.*", recursive=True, include_hidden=True)):
        if is_half_written(path):
            path.unlink()
    restored = set()
    # Unlike Path.rglob this follows links, which a user may have put in the place of folders.
    for kept in map(Path, glob(f"{folder}/**/{RECORDS}/*{_KEPT}", recursive=True, include_hidden=True)):
        path = kept.parents[1] / kept.name.removesuffix(_KEPT)
        if path.exists():
            kept.unlink()
        else:
            kept.rename(path)
            restored.add(str(path))
    return restored
