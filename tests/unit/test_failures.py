"""What failed is told with its log, and a log is shown once."""

import logging
import os

import pytest

from batchscope.failures import Failures


@pytest.fixture
def log(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def write(path: str) -> str:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("why\n")
        return path

    return write


def failed(number: int, rule: str, log: str, output: str = "", indent: bool = False) -> logging.LogRecord:
    job = {"jobid": number, "rule_name": rule, "log": [log], "output": [output], "indent": indent}
    return logging.makeLogRecord({"event": "job_error"} | job)


def lines(failures: Failures, *unfinished: str) -> list[str]:
    return [*failures.lines(unfinished, "../{}".format)]


def test_what_failed_is_named_with_the_study_that_it_belongs_to(log):
    failures = Failures()
    failures.filter(failed(1, "recommend", log("results/b/logs/recommend.log")))
    failures.filter(failed(2, "make_report", log("results/logs/make_report.log")))
    assert lines(failures, "a", "b") == [
        "a: not finished",
        "b: not finished; recommend failed, its log is ../results/b/logs/recommend.log",
        "the report: not finished; make_report failed, its log is ../results/logs/make_report.log",
    ]


def test_of_many_the_first_are_named(log):
    failures = Failures()
    for number in range(10):
        failures.filter(failed(number, f"train_{number}", log(f"results/a/logs/train_{number}.log")))
    [line] = lines(failures, "a")
    assert line.count("failed") == 3
    assert line.endswith("; and 7 more")


def test_what_is_done_at_a_later_attempt_has_not_failed(log):
    failures = Failures()
    failures.filter(failed(1, "train", log("results/a/logs/train.log")))
    failures.filter(logging.makeLogRecord({"event": "job_finished", "job_id": 1}))
    assert lines(failures) == []


def test_a_log_is_shown_once_until_another_attempt_writes_it(log):
    failures, path = Failures(), log("results/a/logs/train.log")
    shown = []
    for date in (1, 1, 2):
        os.utime(path, (date, date))
        record = failed(1, "train", path)
        assert failures.filter(record)
        shown.append(record.log)
    assert shown == [[path], [], [path]]


def test_of_a_group_the_one_that_failed_is_named_and_its_log_is_shown_by_itself(log):
    failures = Failures()
    logs = {name: f"results/a/logs/{name}.log" for name in ("done", "broken", "not_begun")}
    log(logs["done"])
    log(logs["broken"])
    log("done.csv")
    members = [{"log": [path]} for path in logs.values()]
    group = logging.makeLogRecord({"event": "group_error", "job_error_info": members})
    jobs = [failed(number, name, path, f"{name}.csv", indent=True) for number, (name, path) in enumerate(logs.items())]
    for record in (group, *jobs):
        assert failures.filter(record)
    assert [member["log"] for member in members] == [[], [], []]
    assert [job.log for job in jobs] == [[], [logs["broken"]], []]
    assert lines(failures, "a") == ["a: not finished; broken failed, its log is ../results/a/logs/broken.log"]


def test_an_empty_log_does_not_keep_the_one_of_the_cluster_from_being_shown(log):
    empty, other = log("results/a/logs/train.log"), log(".snakemake/slurm_logs/5.log")
    open(empty, "w").close()
    record = failed(1, "train", empty)
    record.log = ["results/a/logs/missing.log", empty, other]
    Failures().filter(record)
    assert record.log == [other]
