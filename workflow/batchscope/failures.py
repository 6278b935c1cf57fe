"""What failed in a run, from what Snakemake says of it, and the logs of it shown once."""

import logging
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

_NAMED = 3  # of many that failed


class Failures(logging.Filter):
    """Hears from Snakemake's logger which jobs fail and which are done after all.

    A log that was shown is not shown again: Snakemake does so for jobs in a group, and some versions at the end.
    Of a group it calls all jobs failed; those that are done and those that did not begin are left out.
    """

    def __init__(self):
        super().__init__()
        self._failed: dict[int, tuple[str, str]] = {}  # the number of a job -> its rule and log
        self._shown: set[tuple[str, float]] = set()

    def filter(self, record: logging.LogRecord) -> bool:
        event = getattr(record, "event", None)
        if event == "job_error":
            if record.indent and not _failed_in_group(record):
                record.log = []
            elif record.log:
                self._failed[record.jobid] = (record.rule_name, record.log[0])
                record.log = self._not_shown(record.log)
        elif event == "group_error":
            for job in record.job_error_info:  # of which each is told by itself as well
                job["log"] = []
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
        # At one that is missing or empty Snakemake stops, and shows none of those after it.
        of_now = [(log, Path(log).stat().st_mtime) for log in logs if Path(log).exists() and Path(log).stat().st_size]
        left = [log for log, date in of_now if (log, date) not in self._shown]
        self._shown.update(of_now)
        return left


def _failed_in_group(record: logging.LogRecord) -> bool:
    began, done = (all(Path(path).exists() for path in paths) for paths in (record.log, record.output))
    return began and not done
