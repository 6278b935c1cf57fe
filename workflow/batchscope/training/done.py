"""How many of a run's trainings are done and about how long the others take, told whenever some are."""

import logging
import time
from collections.abc import Callable, Iterable
from functools import cached_property

from batchscope.training.jobs import take_words


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
        self._began: float | None = None
        self._at_work, self._finished, self._failed = set(), set(), set()

    def emit(self, record: logging.LogRecord) -> None:
        event = getattr(record, "event", None)
        if event == "job_info" and record.jobid in self._jobs:
            self._began = self._began or time.monotonic()
            self._at_work.add(record.jobid)
            self._failed.discard(record.jobid)  # it is tried once more
        elif event == "job_error" and record.jobid in self._jobs:
            self._at_work.discard(record.jobid)
            self._failed.add(record.jobid)
        elif event == "job_finished" and record.job_id in self._jobs:
            self._at_work.discard(record.job_id)
            self._finished.add(record.job_id)
            words = next(filter(None, map(take_words, self._jobs[record.job_id].output)), "")
            self._logger.info(f"{words} ({self._progress()})".strip())

    @cached_property
    def _jobs(self) -> dict:
        return {job.jobid: job for job in self._jobs_of_run() if job.resources.get("trainings")}

    def _progress(self) -> str:
        done = self._sum("trainings", self._finished)
        progress = f"{done} of {self._sum('trainings', self._jobs)} trainings"
        left = self._jobs.keys() - self._finished - self._failed
        if not left:
            return progress
        # Of those at work one has, on average, half.
        minutes_done = self._sum("runtime", self._finished) + self._sum("runtime", self._at_work) / 2
        minutes_left = self._sum("runtime", left) - self._sum("runtime", self._at_work) / 2
        seconds = (time.monotonic() - self._began) * minutes_left / minutes_done
        return f"{progress}, about {_in_words(seconds)} of training left"

    def _sum(self, resource: str, jobs: Iterable[int]) -> int:
        return sum(self._jobs[number].resources[resource] for number in jobs)


def _in_words(seconds: float) -> str:
    if seconds < 90:
        return f"{max(5 * round(seconds / 5), 5)} s"
    return f"{seconds / 60:.0f} min" if seconds < 90 * 60 else f"{seconds / 3600:.1f} h"
