"""What failed in a run, from what Snakemake says of it, and the logs of it shown once."""

import logging
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

_NAMED = 3  # of many that failed


class Failures(logging.Filter):
    """Hears from Snakemake's logger which jobs fail and which are done after all.

    A log that was shown is not shown again, as Snakemake does for jobs in a group, and some versions at the end.
    """

    def __init__(self):
        super().__init__()
        self._failed: dict[int, tuple[str, str]] = {}  # the number of a job -> its rule and log
        self._shown: set[tuple[str, float]] = set()

    def filter(self, record: logging.LogRecord) -> bool:
        event = getattr(record, "event", None)
        if event == "job_error":
            if record.log and Path(record.log[0]).exists():  # others of its group did not begin
                self._failed[record.jobid] = (record.rule_name, record.log[0])
            record.log = self._not_shown(record.log)
        elif event == "group_error":
            for job in record.job_error_info:
                job["log"] = self._not_shown(job["log"])
        elif event == "job_finished":
            self._failed.pop(record.job_id, None)
        return True

    def lines(self, unfinished: Iterable[str], seen: Callable[[str], str]) -> Iterator[str]:
        """A line for each study that is not finished, and for the report, with what failed and where its log is.

        Args:
            seen: gives a path as the user sees it.
        """
        failed = dict.fromkeys(unfinished, ())
        for rule, log in self._failed.values():
            _, study, *_ = Path(log).parts  # results/<study>/logs/..., of no one study results/logs/...
            name = "the report" if study == "logs" else study
            failed[name] = (*failed.get(name, ()), f"; {rule} failed, its log is {seen(log)}")
        for name, words in failed.items():
            more = len(words) - _NAMED
            yield "".join([f"{name}: not finished", *words[:_NAMED], *[f"; and {more} more"] * (more > 0)])

    def _not_shown(self, logs: Iterable[str]) -> list[str]:
        of_now = [(log, Path(log).stat().st_mtime if Path(log).exists() else 0) for log in logs]
        left = [log for log, date in of_now if (log, date) not in self._shown]
        self._shown.update(of_now)
        return left
