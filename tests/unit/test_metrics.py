import math

import numpy as np
import pandas as pd
import pytest

from batchscope.metrics import epochs_to_target, mean_interval, summarize, volatility


def setting(accuracies: list[list[float]], batch_size: int = 4) -> pd.DataFrame:
    """A history of one setting from the test accuracies of each replicate; training accuracy is half of it."""
    return pd.DataFrame(
        {
            "batch_size": batch_size,
            "learning_rate": 0.1,
            "replicate": replicate,
            "epoch": epoch,
            "train_loss": accuracy,
            "train_accuracy": accuracy / 2,
            "test_loss": accuracy,
            "test_accuracy": accuracy,
        }
        for replicate, curve in enumerate(accuracies)
        for epoch, accuracy in enumerate(curve, start=1)
    )


def summary_of(history: pd.DataFrame, target_accuracy: float = 0.5) -> pd.Series:
    settings = history[["batch_size", "learning_rate"]].drop_duplicates().assign(seconds=6.0)
    return summarize(history, settings, train_rows=10, target_accuracy=target_accuracy, seed=0).iloc[0]


def test_a_row_of_the_summary():
    row = summary_of(setting([[0.1, 0.5, 0.7, 0.6], [0.2, 0.3, 0.6, 0.8], [0.3, 0.4, 0.5, 0.7]]))
    assert (row["batch_size"], row["learning_rate"], row["replicates"], row["diverged"]) == (4, 0.1, 3, 0)
    assert row["updates_per_epoch"] == 3  # 4 + 4 + 2 rows
    assert row["test_accuracy_mean"] == pytest.approx(0.7)
    assert row["train_accuracy_mean"] == pytest.approx(0.35)
    assert row["test_accuracy_sd"] == pytest.approx(0.1)
    assert 0.6 <= row["test_accuracy_low"] < 0.7 < row["test_accuracy_high"] <= 0.8
    assert (row["epochs_to_target"], row["reached_target"], row["seconds_per_replicate"]) == (3, 1, 2)


def test_a_diverged_replicate_is_counted_and_left_out_of_the_means():
    row = summary_of(setting([[0.6, 0.7], [0.5, math.nan], [0.4, 0.5]]))
    assert (row["replicates"], row["diverged"]) == (3, 1)
    assert row["test_accuracy_mean"] == pytest.approx(0.6)


def test_when_all_diverge_there_is_no_mean():
    row = summary_of(setting([[0.6, math.nan], [math.nan, math.nan]]))
    assert (row["replicates"], row["diverged"]) == (2, 2)
    assert row[["test_accuracy_mean", "test_accuracy_low", "test_accuracy_volatility"]].isna().all()


def test_one_replicate_has_no_interval():
    row = summary_of(setting([[0.6, 0.7]]))
    assert row["test_accuracy_mean"] == 0.7
    assert row[["test_accuracy_sd", "test_accuracy_low", "test_accuracy_high"]].isna().all()


def test_most_never_reach_the_target():
    row = summary_of(setting([[0.1, 0.9], [0.1, 0.1], [0.1, 0.1]]))
    assert math.isnan(row["epochs_to_target"])
    assert row["reached_target"] == pytest.approx(1 / 3, abs=1e-6)


def test_epochs_to_target_is_the_first_epoch_at_it_and_infinite_where_there_is_none():
    reached = epochs_to_target(setting([[0.1, 0.7, 0.1, 0.7], [0.1, 0.2, 0.3, 0.69]]), 0.7)
    assert reached.tolist() == [2, math.inf]


def test_volatility_looks_at_the_last_quarter_of_the_epochs():
    history = setting([[0.0, 9.0] * 3 + [0.1, 0.3], [5.0] * 6 + [0.4, 0.4]])
    assert volatility(history) == pytest.approx((0.1 + 0.0) / 2)


def test_equal_values_have_an_interval_of_no_width():
    assert mean_interval(np.full(5, 0.25), seed=0) == (0.25, 0.25)


def test_the_interval_covers_the_mean_about_as_often_as_it_says():
    random = np.random.default_rng(0)
    samples = random.exponential(size=(200, 30))  # skewed, of mean 1
    covered = [low <= 1 <= high for low, high in (mean_interval(sample, seed=0) for sample in samples)]
    assert 0.90 <= np.mean(covered) <= 0.99
