"""What Snakemake and its executor for SLURM get wrong, mended: waiting for ever, and failures without a reason.

Version 2.8.0 of the executor forgets all jobs when the controller does not answer, never gives up a job that was
preempted and cancelled, and fails to report a group of jobs whose submission fails. Snakemake shows no reason with a
group.
"""

import logging
from collections.abc import Awaitable, Callable

_Answer = tuple[dict[str, str] | None, float | None]  # the states of jobs, and the seconds that asking took
_Question = Callable[[str, logging.Logger], Awaitable[_Answer]]


def patient(ask: _Question) -> _Question:
    """The same question for the states of jobs, with no states where there is no answer, and an end for jobs cancelled.

    A job without a state counts as running, and is asked for again. A preempted job that SLURM runs again is PENDING,
    under the same number; PREEMPTED is final.
    """
    told = set()

    async def ask_patiently(command: str, logger: logging.Logger) -> _Answer:
        states, seconds = await ask(command, logger)
        if states is None:
            logger.warning("SLURM does not answer. Its jobs go on, and it is asked again.")
            return {}, 0.0
        preempted = {job for job, state in states.items() if state == "PREEMPTED"}
        for job in preempted - told:
            logger.warning(f"SLURM job {job} was preempted and cancelled. If retries are left it is submitted again.")
        told.update(preempted)
        return states | dict.fromkeys(preempted, "CANCELLED"), seconds

    return ask_patiently


def reporting(submit: Callable, make_info: Callable) -> Callable:
    """The same method of the executor for submitting a job, whose failure is always reported.

    The executor's own report of it fails for a group, as that has no rule. `make_info` is its `SubmittedJobInfo`.
    """

    def submit_or_report(executor, job) -> None:
        try:
            submit(executor, job)
        except Exception as error:
            reason = f"Job submission failed: {error.__context__ or error}"  # the failure, behind that of its report
            executor._report_job_error_threadsafe(make_info(job), reason)

    return submit_or_report


def explaining(tell: Callable) -> Callable:
    """The same method of the executor for telling that a job failed, which says why also of a group."""

    def tell_why(executor, info, reason=None, **more) -> None:
        if reason and info.job.is_group():
            executor.logger.error(reason)
        tell(executor, info, reason, **more)

    return tell_why
