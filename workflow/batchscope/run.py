"""A run of Snakemake: one at a time in a folder, and over within seconds when it is told to end, its jobs as well."""

import atexit
import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

import psutil

from batchscope.at_work import Claim, host
from batchscope.ending import RUN, SECONDS, end_with_run, handle_signals
from batchscope.warm import end_warm_process, warm_process

_CLAIM = Path(".snakemake/batchscope/run")
_LOCKS = Path(".snakemake/locks")
_ON_A_CLUSTER = " with jobs on a cluster,"
_SECONDS_OF_ONE = 2  # signals that come together count once; Snakemake may miss one while it prints
_STOPPED = "stopped; run again, which goes on from here"
_told: float | None = None  # when
_jobs_are_here = False


def stop_when_told() -> None:
    """Let Ctrl-C, SIGTERM or a closed terminal end this process and its jobs, with one line that says how to go on.

    Snakemake's scheduler takes SIGTERM for itself, to wait for its jobs; call this again when it has begun.
    """
    if threading.current_thread() is threading.main_thread():
        handle_signals(_stop)


def say_last(lines: Iterable[str]) -> None:
    """Print lines when this process ends, below all that Snakemake says; none where it was told to end."""
    if _told is None:
        atexit.register(print, "", *lines, sep="\n")


def says_something(record: logging.LogRecord) -> bool:
    """False of what Snakemake says around every job: that it selects jobs, and how many it executes."""
    return record.msg != "Select jobs to execute..." and getattr(record, "event", None) != "job_started"


def alone(execute: Callable, begin: Callable) -> Callable:
    """Snakemake's `Workflow.execute` where no other run is at work in this folder; else it says which one, and exits.

    Locks of a run that was killed are removed, unless it or its jobs may be at work where this machine cannot see them.
    `begin` is called with what is known of the executor, before Snakemake looks at any file; not for a dry run beside
    another run.
    """

    def execute_alone(executor_plugin, **settings) -> None:
        global _jobs_are_here
        if _told is not None:
            sys.exit(_STOPPED)
        executor, claim = executor_plugin.common_settings, Claim(_CLAIM)
        left_by, locked = claim.holder, any(_LOCKS.glob("*"))
        may_be_alive = locked and left_by and (f" on {host()}," not in left_by or left_by.endswith(_ON_A_CLUSTER))
        if executor.dryrun_exec:
            if not may_be_alive and claim.is_free():
                _remove_locks()
                begin(executor)
            return execute(executor_plugin=executor_plugin, **settings)
        if may_be_alive and claim.is_free():
            sys.exit(f"{left_by} left locks; when neither it nor a job of it is at work: snakemake --unlock, run again")
        if not claim.take(seconds=1, words="" if executor.local_exec else _ON_A_CLUSTER):
            holder = claim.holder or "another run"
            sys.exit(f"{holder} is at work in this folder; wait until it has ended and run again")
        try:
            _remove_locks()
            if executor.local_exec:
                _jobs_are_here = True
                os.environ[RUN] = str(os.getpid())
            begin(executor)
            execute(executor_plugin=executor_plugin, **settings)
        finally:
            handle_signals(lambda *_: None)  # what is being done about one goes on
            end_warm_process()
            claim.give_back()
            if _told is not None:
                print(_STOPPED, file=sys.stderr, flush=True)  # here, as Snakemake may yet stumble over what was left
                sys.exit(1)

    end_with_run()  # where this is a job of another run
    return execute_alone


def _remove_locks() -> None:
    for lock in _LOCKS.glob("*"):
        lock.unlink(missing_ok=True)


def _stop(*_) -> None:
    global _told
    now = time.monotonic()
    if _told is not None and now - _told < _SECONDS_OF_ONE:
        return
    if _jobs_are_here and _told is None:  # those on a cluster are cancelled by Snakemake
        threading.Thread(target=_end_jobs, daemon=True).start()
    _told = now
    logging.disable()  # Snakemake would tell of each job that it has failed
    sys.exit(_STOPPED)


def _end_jobs() -> None:
    """Tell all processes that this one started to end, and end them where they do not."""
    deadline = time.monotonic() + SECONDS + 1
    while True:
        with suppress(psutil.NoSuchProcess):  # one has ended just now
            started = psutil.Process().children(recursive=True)
            at_work = {process.pid for process in started} - {process.ppid() for process in started}
            for process in started:
                # A shell ends as its command has, and the warm process when it is asked to.
                if process.pid in at_work - {warm_process()}:
                    process.terminate() if time.monotonic() < deadline else process.kill()
        time.sleep(0.3)
