"""How far the trainings of a run are, said with what each job found. Jobs and time are pretended."""

import logging
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from batchscope.training import done
from batchscope.training.done import TrainingsDone
from batchscope.training.jobs import leave_words


@pytest.fixture
def clock(monkeypatch) -> SimpleNamespace:
    clock = SimpleNamespace(now=1000.0)
    monkeypatch.setattr(done.time, "monotonic", lambda: clock.now)
    return clock


@pytest.fixture
def said(caplog, clock, tmp_path, monkeypatch):
    """Sends events of four jobs of 10 trainings, and one that trains nothing, to a logger; returns what it said."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".snakemake/batchscope/work").mkdir(parents=True)
    logger = logging.getLogger("as of Snakemake")
    jobs = [SimpleNamespace(jobid=0, resources={}, output=["figure"], log=["log"])]
    for number in range(1, 5):
        resources = {"trainings": 10, "runtime": 2}
        output, log = ["other", f"history_{number}"], [f"log_{number}"]
        jobs.append(SimpleNamespace(jobid=number, resources=resources, output=output, log=log))
    handler = TrainingsDone(logger, lambda: jobs)
    logger.addHandler(handler)
    caplog.set_level(logging.INFO)

    def send(event: str, number: int, seconds: float = 0) -> list[str]:
        caplog.clear()
        clock.now += seconds
        logger.info("of Snakemake", extra={"event": event, "job_id" if event == "job_finished" else "jobid": number})
        return [record.msg for record in caplog.records if record.msg != "of Snakemake"]

    yield send
    logger.removeHandler(handler)


def test_the_words_of_a_job_are_told_once_with_how_far_the_run_is(said):
    said("job_info", 1)
    leave_words("history_1", "batch size 8: 10 trainings")
    told = "batch size 8: 10 trainings (10 of 40 trainings, about 30 s of training left)"
    assert said("job_finished", 1, seconds=10) == [told]
    assert said("job_finished", 1)[0].startswith("(10 of 40 trainings")


def test_half_of_what_is_at_work_counts_as_done(said):
    said("job_info", 1)
    said("job_info", 2)
    assert said("job_finished", 1, seconds=15) == ["(10 of 40 trainings, about 25 s of training left)"]
    said("job_info", 3)
    assert said("job_finished", 2, seconds=5) == ["(20 of 40 trainings, about 10 s of training left)"]


def test_of_those_that_take_long_what_their_logs_say_is_told(said, clock, caplog, monkeypatch):
    monkeypatch.setattr(done, "_SECONDS_OF_SILENCE", 0.05)
    said("job_info", 1)
    said("job_info", 2)
    said("job_finished", 2)
    caplog.clear()
    clock.now += 1
    for number in (1, 2, 3):
        Path(f"log_{number}").write_text("18:05:59 compiling\n18:06:00 batch size 1: epoch 24 of 120, 27 s left\n")
    deadline = time.time() + 10
    while not caplog.records and time.time() < deadline:
        time.sleep(0.05)
    assert {record.msg for record in caplog.records} == {"log_1: batch size 1: epoch 24 of 120, 27 s left"}


def test_what_failed_is_not_waited_for_unless_it_is_tried_again(said):
    for number in range(1, 5):
        said("job_info", number)
    said("job_error", 4)
    for number in (1, 2):
        said("job_finished", number, seconds=10)
    assert said("job_finished", 3) == ["(30 of 40 trainings)"]
    said("job_info", 4)
    assert said("job_finished", 4) == ["(40 of 40 trainings)"]


def test_a_job_that_trains_nothing_is_left_to_snakemake(said):
    assert said("job_info", 0) == said("job_finished", 0) == said("job_error", 0) == []


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.1, "5 s"), (101, "100 s"), (140, "2 min"), (3000, "50 min"), (9000, "2.5 h")]
)
def test_time_left_is_told_in_a_unit_that_one_reads(said, seconds, words):
    said("job_info", 1)
    [line] = said("job_finished", 1, seconds=seconds / 3)
    assert line == f"(10 of 40 trainings, about {words} of training left)"
