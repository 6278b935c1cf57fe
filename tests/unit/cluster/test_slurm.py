"""Questions to SLURM without an answer, and answers that are not what they seem; tests/cluster has the real ones."""

import asyncio
import logging
import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from batchscope.cluster import slurm


def ask(*answers) -> list:
    """What somebody patient makes of these answers, one after the other."""
    left = list(answers)

    async def answer(command, logger):
        assert command == "squeue"
        return left.pop(0)

    patient = slurm.patient(answer)
    return [asyncio.run(patient("squeue", logging.getLogger("test"))) for _ in answers]


def test_no_answer_leaves_all_jobs_running(caplog):
    assert ask((None, None), ({"7": "RUNNING"}, 0.1)) == [({}, 0.0), ({"7": "RUNNING"}, 0.1)]
    assert caplog.text.count("SLURM does not answer. Its jobs go on") == 1


def test_a_job_that_was_preempted_for_good_counts_as_cancelled_and_is_told_once(caplog):
    answer = ({"7": "PREEMPTED", "8": "PENDING", "9": "COMPLETED"}, 0.1)
    for states, _ in ask(answer, answer):
        assert states == {"7": "CANCELLED", "8": "PENDING", "9": "COMPLETED"}
    assert caplog.text.count("SLURM job 7 was preempted and cancelled") == 1


def test_a_submission_that_fails_is_reported_with_the_failure_behind_the_failed_report():
    class Executor:
        reported = None

        def run_job(self, job):
            try:
                raise ValueError("no partition")
            except ValueError:
                job.rule  # noqa: B018 - as the executor does

        def _report_job_error_threadsafe(self, info, message):
            self.reported = (info, message)

    executor = Executor()
    slurm.reporting(Executor.run_job, tuple)(executor, "job")
    assert executor.reported == (tuple("job"), "Job submission failed: no partition")


@pytest.mark.parametrize(("is_group", "told"), [(True, 1), (False, 0)])  # Snakemake itself says why of a single job
def test_why_a_group_failed_is_told(caplog, is_group, told):
    class Executor:
        logger = logging.getLogger("test")
        reported = None

        def print_job_error(self, info, reason=None, **more):
            self.reported = (info, reason, more)

    executor = Executor()
    info = SimpleNamespace(job=SimpleNamespace(is_group=lambda: is_group))
    slurm.explaining(Executor.print_job_error)(executor, info, "status is 'TIMEOUT'", aux_logs=["7.log"])
    assert executor.reported == (info, "status is 'TIMEOUT'", {"aux_logs": ["7.log"]})
    assert caplog.text.count("status is 'TIMEOUT'") == told


def test_only_trainings_are_submitted():
    texts = [path.read_text() for path in (Path(__file__).parents[3] / "workflow/rules").glob("*.smk")]
    rules = [re.split(r"^rule ", text, flags=re.MULTILINE)[1:] for text in texts]
    submitted = {rule.partition(":")[0] for of_file in rules for rule in of_file if "localrule: True" not in rule}
    assert submitted == {"train_ensembles", "train_noise_scale", "train_variance", "measure_pace", "keep_model"}
