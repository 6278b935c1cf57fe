"""Who is at work on something: a lock that a process holds for as long as it lives, and words that say who it is."""

import os
import socket
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import filelock

_held: list["Claim"] = []  # until the process ends


class Claim:
    """The right to be at work on something, for one process at a time; beside `path` stand its lock and its holder."""

    def __init__(self, path: Path):
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = filelock.FileLock(path.with_name(f"{path.name}.lock"))
        self._holder = path.with_name(f"{path.name}.holder")

    @property
    def holder(self) -> str:
        """The process that has it or, where none has, that had it when it was killed; empty where that is not known."""
        with suppress(FileNotFoundError):
            return self._holder.read_text()
        return ""

    def take(self, seconds: float, words: str = "") -> bool:
        """Have it until this process ends or gives it back, waiting so long where another one has it.

        `words` say more of the holder.
        """
        try:
            self._lock.acquire(timeout=seconds)
        except filelock.Timeout:
            return False
        _held.append(self)
        self._holder.write_text(f"{this_process()}, since {datetime.now():%Y-%m-%d %H:%M},{words}")
        return True

    def is_free(self) -> bool:
        """Whether no process has it."""
        try:
            with self._lock.acquire(timeout=1):
                return True
        except filelock.Timeout:
            return False

    def give_back(self) -> None:
        """Let another process have it."""
        self._holder.unlink(missing_ok=True)
        self._lock.release()
        _held.remove(self)


def this_process() -> str:
    """Names this process so that its user finds it."""
    job = f"SLURM job {os.environ['SLURM_JOB_ID']}, " if "SLURM_JOB_ID" in os.environ else ""
    return f"{job}process {os.getpid()} on {host()}"


def host() -> str:
    return os.environ.get("SLURMD_NODENAME", socket.gethostname())
