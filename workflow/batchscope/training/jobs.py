"""How a training job begins: alone at work on its output, with its log and its GPUs, and only then TensorFlow."""

import logging
import shutil
import sys
from pathlib import Path
from typing import TextIO

from batchscope.at_work import Claim, this_process
from batchscope.ending import SECONDS
from batchscope.hardware.devices import claim_gpus
from batchscope.script import log_to

WORK = Path(".snakemake/batchscope/work")


def start_training(output: str, log: str, gpus: int, threads: int) -> tuple[dict[str, str], TextIO]:
    """Be the one job at work on an output, log to a file, take GPUs and CPU threads.

    Returns the `hardware` and the `software` that will train, and the stream to the terminal. Ends the program where
    another job is at work.
    """
    claim = Claim(work_folder(output))
    if not claim.take(seconds=2 * SECONDS):  # one whose run was killed is about to end
        holder = claim.holder or "another job"
        refusal = f"{holder} is at work on {output}; this job stops. Wait until that one has ended and run again."
        with open(log, "a") as file:
            print(refusal, file=file)
        sys.exit(refusal)
    terminal = log_to(log)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    claimed = claim_gpus(gpus)
    from batchscope.hardware.backend import SOFTWARE, use_hardware  # TensorFlow looks for GPUs when it is imported

    where = {"hardware": use_hardware(threads), "software": SOFTWARE}
    gpu_names = ", ".join(claimed) or "none"
    logging.info("%s; GPUs: %s; CPU threads: %d; %s", this_process(), gpu_names, threads, "; ".join(where.values()))
    return where, terminal


def remove_finished(folder: Path) -> None:
    """Remove what jobs kept for outputs that are there now; `folder` is where the workflow runs."""
    for holder in (folder / WORK).rglob("*.holder"):
        kept = holder.with_suffix("")
        if (folder / kept.relative_to(folder / WORK)).exists():
            shutil.rmtree(kept, ignore_errors=True)


def work_folder(output: str) -> Path:
    """Where a job keeps what it needs while it is at work on an output."""
    return WORK / output
