"""How many of a run's trainings are done and about how long the others take, told whenever some are.

Of those that take long their logs are told from time to time.
"""

import logging
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from batchscope.training.jobs import take_words

_WAITING, _AT_WORK, _DONE, _FAILED = "waiting", "at work", "done", "failed"
_STATES = {"job_info": _AT_WORK, "job_finished": _DONE, "job_error": _FAILED}  # by the events of Snakemake's logger
_SECONDS_OF_SILENCE = 60
_MOST_TOLD = 3  # of many at work


class _Job(NamedTuple):
    trainings: int
    minutes: int  # that it may take; alike of those that have no limit
    output: Iterable[str]
    log: Iterable[str]


class TrainingsDone(logging.Handler):
    """Hears from Snakemake's logger which jobs begin, finish and fail, and tells there what each training job found.

    Args:
        jobs: gives the jobs of the run. Their resource `trainings` says how many each trains, `runtime` in how many
            minutes.
    """

    def __init__(self, logger: logging.Logger, jobs: Callable[[], Iterable]):
        super().__init__()
        self._logger = logger
        self._jobs_of_run = jobs
        self._states: dict[int, str] = {}
        self._began: float | None = None
        self._told = 0.0  # when something was

    def emit(self, record: logging.LogRecord) -> None:
        state = _STATES.get(getattr(record, "event", None))
        number = getattr(record, "job_id" if state == _DONE else "jobid", None)
        if state is None or number not in self._jobs:
            return
        self._told = time.monotonic()
        if self._began is None:
            self._began = self._told
            threading.Thread(target=self._tell_of_long_ones, daemon=True).start()
        before, self._states[number] = self._states.get(number, _WAITING), state
        job = self._jobs[number]
        for sums, amount in ((self._trainings, job.trainings), (self._minutes, job.minutes)):
            sums[before] -= amount
            sums[state] += amount
        if state == _DONE:
            words = next(filter(None, map(take_words, job.output)), "")
            self._logger.info(f"{words} ({self._progress()})".strip())

    def _tell_of_long_ones(self) -> None:
        """Where nothing has been told for a while, tell the last lines of the logs of those at work."""
        since = time.time()
        while True:
            time.sleep(_SECONDS_OF_SILENCE)
            if time.monotonic() - self._told < _SECONDS_OF_SILENCE:
                continue
            at_work = [number for number, state in [*self._states.items()] if state == _AT_WORK]
            logs = {Path(path) for number in at_work for path in self._jobs[number].log}
            written = {path: path.stat().st_mtime for path in logs if path.is_file()}
            new = sorted((path for path in written if written[path] > since), key=written.get, reverse=True)
            since = time.time()
            for path in new[:_MOST_TOLD]:
                self._logger.info(f"{path}: {_last_line(path)}")

    @cached_property
    def _jobs(self) -> dict[int, _Job]:
        return {
            job.jobid: _Job(job.resources["trainings"], job.resources.get("runtime", 1), job.output, job.log)
            for job in self._jobs_of_run()
            if job.resources.get("trainings")
        }

    # Sums by state, kept as jobs pass from one to the other: there may be thousands of them.
    @cached_property
    def _trainings(self) -> Counter[str]:
        return Counter({_WAITING: sum(job.trainings for job in self._jobs.values())})

    @cached_property
    def _minutes(self) -> Counter[str]:
        return Counter({_WAITING: sum(job.minutes for job in self._jobs.values())})

    def _progress(self) -> str:
        progress = f"{self._trainings[_DONE]} of {self._trainings.total()} trainings"
        if self._trainings[_WAITING] + self._trainings[_AT_WORK] == 0:
            return progress
        half = self._minutes[_AT_WORK] / 2  # what is done of those at work, on average
        share = (self._minutes[_WAITING] + half) / (self._minutes[_DONE] + half)
        return f"{progress}, about {_in_words((time.monotonic() - self._began) * share)} of training left"


def _last_line(log: Path) -> str:
    """Without the time of day."""
    lines = log.read_text(errors="replace").splitlines()
    return re.sub(r"^[\d:]{8} ", "", lines[-1]) if lines else ""


def _in_words(seconds: float) -> str:
    if seconds < 120:
        return f"{max(5 * round(seconds / 5), 5)} s"
    return f"{seconds / 60:.0f} min" if seconds < 90 * 60 else f"{seconds / 3600:.1f} h"
