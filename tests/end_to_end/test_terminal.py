"""What a run says, in one stream as a user sees it: how far it is, what failed, and last what to do next."""

import re
import subprocess
import sys

import pytest

from tests.checkout import Checkout

TENSORFLOW = ("XLA", "cuInit", "absl", "oneDNN", "cuda")
WITHOUT_WARM_PROCESS = {"BATCHSCOPE_WARM_PROCESS": "/nowhere"}


def said(checkout: Checkout, *arguments: str, **environment: str) -> tuple[int, list[str]]:
    """The exit status of a run that prints to a file, and its lines."""
    status = checkout.start("--cores", "2", *arguments, **environment).wait()
    return status, checkout.read("printed.log").splitlines()


@pytest.fixture(scope="module")
def one_failed(make_checkout) -> list[str]:
    """What a run says of two studies, one of which fails."""
    checkout = make_checkout()

    def add_another(config: dict) -> None:
        without = {"claims": {}, "questions": {}, "learning_curves": {}}
        new_splits = {"new_splits": {"replicates": 3}}
        config["studies"]["other"] = config["studies"]["small"] | without | {"batch_sizes": [8, 100]} | new_splits
        config["figures"]["formats"] = ["svg"]  # nothing looks at the others

    checkout.change_config(add_another)
    with checkout.another_job_at_work("results/other/history/batch_size_8.parquet"):
        status, lines = said(checkout, "--keep-going")
    assert status == 1
    return lines


def test_every_training_job_says_what_it_found_and_how_far_the_run_is(one_failed):
    words = r"(\w+), batch size (\d+): (\d+) trainings in .* s, test accuracy 0\.\d+ .*\((\d+) of (\d+) trainings"
    found = [re.match(words, line).groups() for line in one_failed if "trainings in" in line]
    jobs = {(study, int(batch_size), int(count)) for study, batch_size, count, *_ in found}
    assert jobs == {("small", 8, 10), ("small", 100, 10), ("small", 150, 5), ("other", 100, 10)}
    done = [int(done) for *_, done, _ in found]
    assert done == sorted(done)
    assert done[-1] == 25 + 16
    assert {total for *_, total in found} == {str(25 + 32)}
    assert any(line.endswith("s of training left)") for line in one_failed)


def test_a_failed_log_is_shown_once(one_failed):
    assert sum("another job is at work on results/other/history" in line for line in one_failed) == 1


def test_what_is_finished_and_what_failed_are_told_last(one_failed):
    assert one_failed[-5:] == [
        "",
        "small: what to take in results/small/metrics/recommendation.md, figures in results/small/figures",
        "What was found: open results/small/index.html in a browser",
        "other: not finished; train_batch_size_8 failed, its log is results/other/logs/train_batch_size_8.log",
        "Mend what failed and run again: what is finished stays, and trainings go on where they were",
    ]


def test_a_file_gets_plain_lines_and_none_that_say_nothing(one_failed):
    assert all(line.isprintable() for line in one_failed)
    assert not [line for line in one_failed if line.startswith(("Select jobs", "Execute "))]


def test_what_to_open_is_said_last(finished):
    (finished.folder / "results/small/figures/dataset.svg").unlink()
    status, lines = said(finished)
    assert status == 0
    *before, empty, take, where_to_look = lines
    assert empty == ""
    assert take.startswith("small: what to take in results/small/metrics/recommendation.md")
    assert where_to_look.endswith("in a browser")
    assert any("Complete log" in line for line in before)


@pytest.mark.parametrize("environment", [{}, WITHOUT_WARM_PROCESS], ids=["forked", "by itself"])
def test_a_failed_training_shows_its_error_and_nothing_of_tensorflow(finished, environment):
    with open(finished.folder / "workflow/scripts/train.py", "a") as file:
        file.write('raise RuntimeError("on purpose")\n')
    status, lines = said(finished, "results/small/history/batch_size_100.parquet", **environment)
    assert status == 1
    assert lines.count("RuntimeError: on purpose") == 1
    assert not [line for line in lines if any(word in line for word in TENSORFLOW)]
    log = "results/small/logs/train_batch_size_100.log"
    assert f"small: not finished; train_batch_size_100 failed, its log is {log}" in lines
    assert finished.read(log).splitlines()[-1] == "RuntimeError: on purpose"


def test_a_terminal_gets_the_same_lines(finished):
    command = f"{sys.executable} -m snakemake --cores 2 --forcerun train_batch_size_8 --until train_batch_size_8"
    done = subprocess.run(
        ["script", "-qec", command, "/dev/null"], cwd=finished.folder, capture_output=True, text=True, check=True
    )
    assert "(10 of 10 trainings)" in done.stdout
