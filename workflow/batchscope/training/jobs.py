"""How a job that trains begins: alone at work on its output, with its log and its GPUs."""

import logging
import shutil
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from batchscope.at_work import Claim, this_process
from batchscope.ending import SECONDS
from batchscope.hardware.devices import claim_gpus
from batchscope.script import log_to

WORK = Path(".snakemake/batchscope/work")


def start_job(output: str, log: str, gpus: int) -> list[str]:
    """Be the one job at work on an output, log to a file, take GPUs.

    Returns the names of the GPUs. Ends the program where another job is at work; the log says so.
    """
    claim = Claim(work_folder(output))
    if not claim.take(seconds=2 * SECONDS):  # one whose run was killed is about to end
        holder = claim.holder or "another job"
        refusal = f"{holder} is at work on {output}; this job stops. Wait until that one has ended and run again."
        with open(log, "a") as file:
            print(refusal, file=file)
        sys.exit(1)
    log_to(log)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    return claim_gpus(gpus)


def say_where(gpus: Sequence[str], threads: int, more: Iterable[str]) -> None:
    """Log on what the job runs."""
    gpu_names = ", ".join(gpus) or "none"
    logging.info("%s", "; ".join([this_process(), f"GPUs: {gpu_names}", f"CPU threads: {threads}", *more]))


def remove_finished(folder: Path) -> None:
    """Remove what jobs kept for outputs that are there now; `folder` is where the workflow runs."""
    for holder in (folder / WORK).rglob("*.holder"):
        kept = holder.with_suffix("")
        if (folder / kept.relative_to(folder / WORK)).exists():
            shutil.rmtree(kept, ignore_errors=True)


def leave_words(output: str, words: str) -> None:
    """Leave what a job found for the run that it belongs to, which may be on another machine."""
    _words_of(output).write_text(words)


def take_words(output: str) -> str:
    """What a job left; empty where it left nothing."""
    path = _words_of(output)
    words = path.read_text() if path.exists() else ""
    path.unlink(missing_ok=True)
    return words


def _words_of(output: str) -> Path:
    return WORK / f"{output}.found"


def work_folder(output: str) -> Path:
    """Where a job keeps what it needs while it is at work on an output."""
    return WORK / output
