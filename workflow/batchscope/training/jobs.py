"""How a training job begins: alone at work on its output, with its log and its GPUs, and only then TensorFlow."""

import logging
import os
import shutil
import socket
import sys
from datetime import datetime
from pathlib import Path

import filelock

from batchscope.hardware.devices import claim_gpus
from batchscope.script import log_to

WORK = Path(".snakemake/batchscope/work")
_locks: list[filelock.BaseFileLock] = []  # held until the process ends


def start_training(output: str, log: str, gpus: int, threads: int) -> dict[str, str]:
    """Be the one job at work on an output, log to a file, take GPUs and CPU threads.

    Returns the `hardware` and the `software` that will train. Ends the program where another job is at work.
    """
    if holder := _claim(output):
        refusal = f"{holder} is at work on {output}; this job stops. Wait until that one has ended and run again."
        with open(log, "a") as file:
            print(refusal, file=file)
        sys.exit(refusal)
    log_to(log)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    claimed = claim_gpus(gpus)
    from batchscope.hardware.backend import SOFTWARE, use_hardware  # TensorFlow looks for GPUs when it is imported

    where = {"hardware": use_hardware(threads), "software": SOFTWARE}
    gpu_names = ", ".join(claimed) or "none"
    logging.info("%s; GPUs: %s; CPU threads: %d; %s", _this_job(), gpu_names, threads, "; ".join(where.values()))
    return where


def remove_finished(folder: Path) -> None:
    """Remove what jobs kept for outputs that are there now; `folder` is where the workflow runs."""
    for holder in (folder / WORK).rglob("*.holder"):
        kept = holder.with_suffix("")
        if (folder / kept.relative_to(folder / WORK)).exists():
            shutil.rmtree(kept, ignore_errors=True)


def work_folder(output: str) -> Path:
    """Where a job keeps what it needs while it is at work on an output."""
    return WORK / output


def _claim(output: str) -> str | None:
    """Lock an output for as long as this process lives; where another has the lock, says which one."""
    folder = work_folder(output)
    folder.mkdir(parents=True, exist_ok=True)
    holder = folder.with_name(f"{folder.name}.holder")
    lock = filelock.FileLock(folder.with_name(f"{folder.name}.lock"))
    try:
        lock.acquire(blocking=False)
    except filelock.Timeout:
        return holder.read_text() if holder.exists() else "another job"
    _locks.append(lock)
    holder.write_text(f"{_this_job()}, since {datetime.now():%Y-%m-%d %H:%M},")
    return None


def _this_job() -> str:
    """Names this job so that its user finds it."""
    job = f"SLURM job {os.environ['SLURM_JOB_ID']}, " if "SLURM_JOB_ID" in os.environ else ""
    return f"{job}process {os.getpid()} on {os.environ.get('SLURMD_NODENAME', socket.gethostname())}"
