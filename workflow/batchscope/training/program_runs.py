"""The runs of a user's program for one batch size: one after the other or some at once, each a process.

Imports nothing that is compiled for one version of Python, as it may run in an environment of the program's.
"""

import logging
import math
import os
import shutil
import subprocess
import threading
import time
from collections import deque
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from signal import SIGKILL, SIGTERM, Signals
from typing import NamedTuple

from batchscope.ending import SECONDS
from batchscope.study.command import fill, search_path
from batchscope.training.kept_runs import KeptRuns

_SECONDS_BETWEEN = 0.05  # one look at the processes and the next
_LONGEST_WORDS = 300  # characters of what a program said last
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_log = logging.getLogger(__name__)


class RunsFailedError(Exception):
    """Why some runs are not done, a line for each."""


class Run(NamedTuple):
    """One run of a program."""

    name: str  # for people
    values: Mapping[str, object]  # what is filled into the command, but for the history
    output: Path


class Program(NamedTuple):
    """A program of the user's."""

    words: list[str]  # of its command, see `batchscope.study.command`
    suffix: str  # of the history that it writes; of one that is packed, a folder is written
    at_once: int  # so many runs are at work
    threads: int  # for each


def run_all(program: Program, runs: list[Run], kept: KeptRuns, minutes: float = math.inf) -> dict[str, float]:
    """Do all runs that are not kept from before, and write their outputs.

    Args:
        minutes: that they may take together.

    Returns:
        The seconds of each run by the name of its output.

    Raises:
        RunsFailedError: some are not done; the others are, and are kept.
    """
    deadline = time.monotonic() + 60 * minutes
    waiting = deque(run for run in runs if not kept.has(run.output.name))
    done = len(runs) - len(waiting)
    if done:
        _log.info("%d of %d runs are kept from before", done, len(runs))
    at_work: list[_Process] = []
    failed = []
    try:
        while (waiting or at_work) and time.monotonic() < deadline:
            while waiting and len(at_work) < program.at_once:
                run = waiting.popleft()
                at_work.append(_Process(program, run, kept.fresh_folder(run.output.stem)))
            for process in [process for process in at_work if process.is_over()]:
                at_work.remove(process)
                try:
                    kept.keep(process.run.output.name, process.history(), process.seconds)
                    shutil.rmtree(process.folder)
                except RunsFailedError as why:
                    _log.error("%s", why)
                    failed.append(str(why))
                else:
                    done += 1
                    _log.info("%s: done in %.1f s, %d of %d", process.run.name, process.seconds, done, len(runs))
            time.sleep(_SECONDS_BETWEEN)
    finally:
        _end(at_work)
    failed += [f"{process.run.name}: still at work after {minutes:g} minutes, the `runtime`" for process in at_work]
    if failed:
        failed += [f"{len(waiting)} more had no time left"] * bool(waiting)
        raise RunsFailedError(
            "\n".join([*failed, f"{done} of {len(runs)} runs are done and kept; run again for the others"])
        )
    return {run.output.name: kept.give(run.output) for run in runs}


class _Process:
    """A run that is at work, or over. What it says goes to the log."""

    def __init__(self, program: Program, run: Run, folder: Path):
        self.run, self.folder = run, folder
        self._packed = program.suffix == ".zip"
        self._history = folder / ("history" if self._packed else f"history{program.suffix}")
        if self._packed:
            self._history.mkdir()
        command = fill(program.words, run.values | {"history": self._history})
        try:
            self._process = subprocess.Popen(
                command,
                env=os.environ
                | dict.fromkeys(_THREADS, str(program.threads))
                | {"PATH": search_path(), "PYTHONUNBUFFERED": "1"},  # the log has at once what it says
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                start_new_session=True,  # so that what it starts ends with it
            )
        except OSError as error:
            raise RunsFailedError(f"the program cannot be started: {command[0]}: {error.strerror}") from None
        self._began = time.monotonic()
        self._last_words = ""
        self._listener = threading.Thread(target=self._listen, args=(program.at_once > 1,), daemon=True)
        self._listener.start()

    def _listen(self, named: bool) -> None:
        for line in self._process.stdout:
            print(f"[{self.run.name}] {line}" if named else line, end="")
            self._last_words = line.strip() or self._last_words

    def is_over(self) -> bool:
        if self._process.poll() is None:
            return False
        self.seconds = time.monotonic() - self._began
        self.signal(SIGKILL)  # what it has left behind
        self._listener.join(1)
        return True

    def signal(self, number: int) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)

    def wait(self, seconds: float) -> None:
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(max(seconds, 0))

    def history(self) -> Path:
        """The file that the run has written.

        Raises:
            RunsFailedError: it ended otherwise than well, or wrote nothing.
        """
        status = self._process.returncode
        said = f": {self._last_words[:_LONGEST_WORDS]}" if self._last_words else ""
        if status < 0:
            memory = ", as it is where memory runs out" if -status == SIGKILL else said
            raise RunsFailedError(f"{self.run.name}: the program was ended by {Signals(-status).name}{memory}")
        if status > 0:
            raise RunsFailedError(f"{self.run.name}: the program ended with status {status}{said}")
        written = self._history
        if self._packed and any(written.rglob("*")):
            written = Path(shutil.make_archive(str(written), "zip", written))
        if written.is_dir() and not self._packed:
            raise RunsFailedError(f"{self.run.name}: the program wrote a folder to {{history}}, where a file is due")
        if not written.is_file() or written.stat().st_size == 0:
            raise RunsFailedError(f"{self.run.name}: the program ended well and wrote nothing to {{history}}")
        return written


def _end(processes: Iterable[_Process]) -> None:
    """End runs, first asking them to."""
    deadline = time.monotonic() + SECONDS / 2
    for process in processes:
        process.signal(SIGTERM)
    for process in processes:
        process.wait(deadline - time.monotonic())
        process.signal(SIGKILL)
