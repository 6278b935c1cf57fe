"""Finished files that another config, other data or another version made: they are made again."""

import shutil

import pytest
import yaml

from batchscope.results.history import read_history

HISTORY = "results/small/history/batch_size_8.parquet"


@pytest.fixture
def copied(finished):
    """Results that were copied without Snakemake's notes."""
    shutil.rmtree(finished.folder / ".snakemake")
    return finished


def train_longer(config: dict) -> None:
    config["studies"]["small"]["epochs"] = 13


def test_copied_results_of_the_same_config_stand(copied):
    assert copied.rules_due() == set()


def test_copied_results_of_another_config_are_made_again(copied):
    copied.change_config(train_longer)
    printed = copied.run()
    assert (
        "batch_size_100.parquet was made from another config or other data, or by another version (and so " in printed
    )
    epochs = {
        path.name: max(read_history(path)["epoch"].to_pylist())
        for path in [*(copied.folder / "results/small/history").iterdir()]
        if path.suffix == ".parquet"
    }
    assert set(epochs.values()) == {13}


def test_a_change_is_seen_whatever_snakemake_is_told_to_look_at(finished):
    assert finished.rules_due("--rerun-triggers", "mtime") == set()
    finished.change_config(train_longer)
    due = finished.rules_due("--rerun-triggers", "mtime")
    assert {"train_batch_size_8", "train_batch_size_100", "aggregate_metrics", "record_provenance"} <= due


def test_another_version_is_seen(copied):
    with open(copied.folder / "workflow/batchscope/report/figures.py", "a") as file:
        file.write("# changed\n")
    due = copied.rules_due()
    assert {"plot_batch_sizes", "plot_learning_curve", "make_report"} <= due
    assert "train_batch_size_8" not in due


def test_results_without_a_record_are_made_again(copied):
    for records in [*(copied.folder / "results").rglob(".written")]:
        shutil.rmtree(records)
    done = copied.snakemake("--dry-run", "--cores", "1")
    assert "has no record of what it was made from (and so " in done.stderr
    assert "train_batch_size_8" in copied.rules_due()


def test_another_result_with_its_own_record_is_made_again(copied, make_checkout):
    other = make_checkout()
    other.change_config(train_longer)
    other.run("--cores", "2", HISTORY)
    shutil.copy2(other.folder / HISTORY, copied.folder / HISTORY)
    record = "results/small/history/.written/batch_size_8.parquet.json"
    shutil.copy2(other.folder / record, copied.folder / record)
    assert "train_batch_size_8" in copied.rules_due()


def test_a_training_that_fails_does_not_cost_the_earlier_result(finished):
    before = (finished.folder / HISTORY).read_bytes()
    config = yaml.safe_load((finished.folder / "config.yaml").read_text())
    finished.change_config(train_longer)
    with finished.another_job_at_work(HISTORY):
        done = finished.snakemake("--cores", "2", HISTORY)
    assert done.returncode == 1
    assert "at work on" in done.stderr
    assert (finished.folder / HISTORY).read_bytes() == before
    assert "train_batch_size_8" in finished.rules_due()
    finished.change_config(lambda changed: changed.update(config))
    assert finished.rules_due() == set()
    assert (finished.folder / HISTORY).read_bytes() == before
