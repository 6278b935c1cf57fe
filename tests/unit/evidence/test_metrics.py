import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from batchscope.evidence.errors import MEASURES, add_errors, summarize_errors
from batchscope.evidence.guess import guess
from batchscope.evidence.metrics import measure_replicates, seconds_per_epoch, summarize
from batchscope.evidence.populations import add_populations
from batchscope.evidence.trainings import THIS_SPLIT, Trainings
from batchscope.study.setting import Setting
from tests.unit.tables import SETTING, history, timing


def measured(accuracies: list[list[float]], target: float = 0.5) -> pd.DataFrame:
    """The replicates of one setting, all of which trained at once in a single stretch of 6 s each."""
    stretch = len(accuracies), len(accuracies[0]), 6.0 * len(accuracies)
    return measure_replicates(history(accuracies), timing(SETTING, stretch), "accuracy", target)


def summary_of(accuracies: list[list[float]]) -> pd.Series:
    return summarize(measured(accuracies), "accuracy", 0.5, seed=0).iloc[0]


def test_a_row_of_the_summary():
    row = summary_of([[0.1, 0.5, 0.7, 0.6], [0.2, 0.3, 0.6, 0.8], [0.3, 0.4, 0.5, 0.7]])
    assert (row["batch_size"], row["learning_rate"], row["replicates"], row["diverged"]) == (4, 0.1, 3, 0)
    assert row["updates_per_epoch"] == 3
    assert row["test_accuracy_mean"] == pytest.approx(0.7)
    assert row["train_accuracy_mean"] == pytest.approx(0.35)
    assert row["test_accuracy_sd"] == pytest.approx(0.1)
    half = stats.t.ppf(0.975, 2) * 0.1 / math.sqrt(3)
    assert (row["test_accuracy_low"], row["test_accuracy_high"]) == pytest.approx((0.7 - half, 0.7 + half), abs=1e-6)
    assert (row["epochs_to_target"], row["reached_target"], row["seconds_per_replicate"]) == (3, 1, 6)


def test_a_diverged_replicate_is_counted_and_left_out_of_the_means():
    row = summary_of([[0.6, 0.7], [0.5, math.nan], [0.4, 0.5]])
    assert (row["replicates"], row["diverged"]) == (3, 1)
    assert row["test_accuracy_mean"] == pytest.approx(0.6)


def test_when_all_diverge_there_is_no_mean():
    row = summary_of([[0.6, math.nan], [math.nan, math.nan]])
    assert (row["replicates"], row["diverged"]) == (2, 2)
    assert row[["test_accuracy_mean", "test_accuracy_low", "test_accuracy_volatility"]].isna().all()


def test_one_replicate_has_no_interval():
    row = summary_of([[0.6, 0.7]])
    assert row["test_accuracy_mean"] == 0.7
    assert row[["test_accuracy_sd", "test_accuracy_low", "test_accuracy_high"]].isna().all()


def test_most_never_reach_the_target():
    row = summary_of([[0.1, 0.9], [0.1, 0.1], [0.1, 0.1]])
    assert math.isnan(row["epochs_to_target"])
    assert row["reached_target"] == pytest.approx(1 / 3, abs=1e-6)


def test_the_target_is_reached_where_the_mean_of_five_epochs_stays_at_it_and_first_touched_before():
    touch = [0.1, 0.7, 0.1, 0.7, 0.8, 0.8, 0.6, 0.8, 0.8]
    table = measured([touch, [0.1, 0.1, 0.7, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1]], target=0.7)
    assert table["epochs_to_first_touch"].tolist() == [2, 3]
    assert table["epochs_to_target"].tolist() == [4, math.inf]  # 0.7, 0.8, 0.8, 0.6 and 0.8 are 0.74 on average
    assert table["updates_to_target"].tolist() == [12, math.inf]
    assert table["seconds_to_target"].tolist() == [pytest.approx(6 * 4 / 9), math.inf]
    assert measured([[0.6, 0.5, 0.6]], target=0.6)["epochs_to_target"].tolist() == [3]  # as far as there is


@pytest.mark.parametrize("score", ["accuracy", "loss"])
def test_a_training_that_diverges_after_it_touched_the_target_does_not_stay(score):
    there, away = (0.9, 0.1) if score == "accuracy" else (0.1, 0.9)
    curves = history([[away, there, math.nan, math.nan], [away, *[there] * 5, math.nan, math.nan]])
    curves = [curve for _, curve in curves.groupby("replicate")]
    tables = [measure_replicates(curve, timing(SETTING, (1, len(curve), 1.0)), score, 0.5) for curve in curves]
    assert [table["epochs_to_first_touch"].item() for table in tables] == [2, 2]
    assert [table["epochs_to_target"].item() for table in tables] == [math.inf, 2]


@pytest.mark.parametrize(("target", "correct"), [(0.62, [310, 311, 311, 308, 310]), (0.66, [332, 330, 328, 331, 329])])
def test_a_mean_exactly_at_the_target_is_at_it_whatever_the_rounding(target, correct):
    """Of 500 rows, at five epochs: on average 310, which are 62 %, and 330, which are 66 %."""
    table = measured([[count / 500 for count in [5, *correct, *[min(correct) - 7] * 3]]], target)
    assert table["epochs_to_target"].tolist() == [2]


def test_the_late_mean_is_over_the_last_quarter_of_the_epochs():
    table = measured([[0.1] * 6 + [0.6, 0.8]])
    assert table["test_accuracy_late"].tolist() == [pytest.approx(0.7)]
    assert table["test_loss_late"].tolist() == [pytest.approx(0.7)]


def test_the_best_epoch_is_chosen_on_validation_rows_or_not_at_all():
    curves = history([[0.1, 0.9, 0.5, 0.4]]).assign(validation_loss=1.0, validation_accuracy=[0.2, 0.3, 0.6, 0.6])
    table = measure_replicates(curves, timing(SETTING, (1, 4, 1.0)), "accuracy", 0.5)
    assert table[["best_epoch", "test_accuracy_at_best_epoch"]].iloc[0].tolist() == [3, 0.5]
    curves["validation_loss"] = [3, 1, 2, 1]
    table = measure_replicates(curves, timing(SETTING, (1, 4, 1.0)), "loss", 0.5)
    assert table[["best_epoch", "test_loss_at_best_epoch"]].iloc[0].tolist() == [2, 0.9]
    assert measured([[0.1, 0.9]])[["best_epoch", "test_accuracy_at_best_epoch"]].isna().all(axis=None)


def test_a_metric_is_measured_as_accuracy_is_and_may_be_the_score():
    curves = history([[0.1, 0.9, 0.5, 0.4], [0.2, 0.3, 0.4, math.nan]]).assign(train_accuracy=1.0)
    for part in ("test", "validation"):
        curves[f"{part}_roc_auc"] = [0.5, 0.6, 0.9, 0.8, 0.5, 0.5, 0.5, math.nan]
    curves[["validation_accuracy", "validation_loss"]] = 0.5
    table = measure_replicates(curves, timing(SETTING, (2, 4, 1.0)), "roc_auc", 0.75)
    assert table["epochs_to_target"].tolist() == [3, math.inf]
    expected = {"test_roc_auc": 0.8, "test_roc_auc_late": 0.8, "validation_roc_auc": 0.8, "best_epoch": 3,
                "test_roc_auc_at_best_epoch": 0.9, "test_roc_auc_volatility": 0, "test_accuracy": 0.4}  # fmt: skip
    assert table[list(expected)].iloc[0].to_dict() == pytest.approx(expected)
    assert table[list(expected)].iloc[1].isna().all()
    [summary] = summarize(table, "roc_auc", 0.75, seed=0).to_dict("records")
    assert (summary["test_roc_auc_mean"], summary["target_roc_auc"]) == (0.8, 0.75)
    assert math.isnan(summary["target_accuracy"])
    assert not [column for column in measured([[0.1, 0.9]]) if "roc" in column]


def test_the_interquartile_mean_leaves_out_what_is_worst_and_best():
    row = summary_of([[0.5, value] for value in (0.0, 0.6, 0.7, 1.0)])
    assert row["test_accuracy_iqm"] == pytest.approx(0.65)


def test_volatility_looks_at_the_last_quarter_of_the_epochs():
    table = measured([[0.0, 9.0] * 3 + [0.1, 0.3], [5.0] * 6 + [0.4, 0.4]])
    np.testing.assert_allclose(table["test_accuracy_volatility"], [0.1, 0], atol=1e-12)


def test_what_does_not_change_has_no_volatility_at_all():
    assert measured([[0.9] * 4 + [32 / 33] * 30])["test_accuracy_volatility"].tolist() == [0]


def test_a_replicate_converges_where_it_comes_close_to_its_late_level():
    [row] = measured([[0.1, 0.5, 0.795, 0.7, 0.8, 0.8, 0.8, 0.8]]).to_dict("records")
    assert row["epochs_to_converge"] == 3
    assert row["accuracy_gap"] == pytest.approx(0.4)


STRETCHES = (2, 1, 8.0), (2, 1, 2.0), (1, 1, 4.0), (1, 1, 1.0)  # 4, 1, 4 and 1 s for an epoch of one replicate


def test_seconds_go_by_the_median_pace_of_the_stretches_after_the_first():
    table = measure_replicates(history([[0.1, 0.9]] * 3), timing(SETTING, *STRETCHES), "accuracy", 0.5)
    assert table["seconds"].tolist() == table["seconds_to_target"].tolist() == [2, 2, 2]
    assert seconds_per_epoch(timing(SETTING, *STRETCHES))["seconds_per_epoch"].tolist() == [1, 4, 1]
    assert seconds_per_epoch(timing(SETTING, (2, 4, 8.0)))["seconds_per_epoch"].tolist() == [1]  # there is no other


def test_seconds_of_a_schedule_follow_the_stretches_of_every_stack():
    """Two replicates at once, then one."""
    schedule = Setting(15, 0.1, "4x1_100x1")
    stretches = timing(schedule, *STRETCHES)
    table = measure_replicates(history([[0.1, 0.9]] * 3, schedule), stretches, "accuracy", 0.5)
    np.testing.assert_allclose(table["seconds"], 15 / 3)
    table = measure_replicates(history([[0.9, 0.9]] * 3, schedule), stretches, "accuracy", 0.5)
    np.testing.assert_allclose(table["seconds_to_target"], 12 / 3)


def test_seconds_of_a_schedule_within_a_stretch_go_evenly():
    schedule = Setting(15, 0.1, "4x1_100x1")
    curve = history([[0.1, 0.2, 0.9]], schedule).assign(epoch=[0.5, 1.0, 2.0])
    table = measure_replicates(curve, timing(schedule, (1, 1.5, 3.0), (1, 0.5, 5.0)), "accuracy", 0.15)
    np.testing.assert_allclose(table[["seconds_to_target", "seconds"]], [[2, 8]])


def test_updates_per_epoch_of_a_schedule_are_those_counted():
    schedule = Setting(15, 0.1, "4x1_100x1")
    table = history([[0.1, 0.9]], schedule).assign(updates=[25, 26])
    row = summarize(
        measure_replicates(table, timing(schedule, (1, 2, 1.0)), "accuracy", 0.5), "accuracy", 0.5, seed=0
    ).iloc[0]
    assert (row["updates_per_epoch"], row["schedule"]) == (13, "4x1_100x1")


def test_of_losses_less_is_better():
    losses = history([[0.9, 0.5, 0.405, 0.4, 0.4, 0.4, 0.4, 0.4], [0.9] * 7 + [0.8]])
    table = measure_replicates(losses, timing(SETTING, (2, 8, 16.0)), "loss", 0.5)
    assert table["epochs_to_target"].tolist() == [2, math.inf]
    assert table["epochs_to_converge"].tolist() == [3, 8]
    assert table["test_loss"].tolist() == [0.4, 0.8]
    np.testing.assert_allclose(table["test_loss_volatility"], [0, 0.05], atol=1e-12)
    row = summarize(table, "loss", 0.5, seed=0).iloc[0]
    assert (row["target_loss"], row["test_loss_mean"], row["test_loss_volatility"]) == (0.5, 0.6, 0.025)
    assert math.isnan(row["target_accuracy"])


def test_what_is_measured_on_validation_rows_stands_in_columns_of_its_own():
    curves = history([[0.9, 0.9], [0.8, math.nan]]).assign(validation_accuracy=[0.1, 0.6, 0.1, math.nan])
    curves["validation_loss"] = [1, 2, 3, math.nan]
    table = measure_replicates(curves, timing(SETTING, (2, 2, 4.0)), "accuracy", 0.5)
    assert table["epochs_to_target"].tolist() == [1, math.inf]  # the second diverges
    assert table["validation_epochs_to_target"].tolist() == [2, math.inf]
    assert table["validation_seconds_to_target"].tolist() == [2, math.inf]
    assert table["validation_loss"].dropna().tolist() == [2]
    without = measured([[0.9, 0.9], [0.8, math.nan]])
    assert without[[column for column in without if column.startswith("validation")]].isna().all(axis=None)


def test_histories_by_steps_have_times_that_are_no_whole_epochs():
    """Evaluated every 50 updates, from before the first one on, at 40 updates an epoch."""
    curves = history([[0.1, 0.3, 0.6, 0.7, 0.7, 0.7]]).assign(updates=range(0, 300, 50))
    curves["epoch"] = curves["updates"] / 40
    curves["validation_accuracy"] = [0.1, 0.2, 0.3, 0.9, 0.8, 0.7]
    table = measure_replicates(curves, timing(SETTING, (1, 6.25, 12.5)), "accuracy", 0.5)
    expected = {"epochs": 6.25, "updates": 250, "epochs_to_target": 2.5, "updates_to_target": 100, "seconds": 12.5,
                "seconds_to_target": 5, "epochs_to_first_touch": 2.5, "epochs_to_converge": 3.75, "best_epoch": 3.75,
                "validation_epochs_to_target": 3.75, "test_accuracy_at_best_epoch": 0.7}  # fmt: skip
    assert table[list(expected)].iloc[0].to_dict() == pytest.approx(expected)
    assert summarize(table, "accuracy", 0.5, seed=0)["updates_per_epoch"].tolist() == [40]


def test_runs_may_be_of_different_lengths_and_missing():
    curves = history([[0.1, 0.9], [0.1] * 4, [0.9] * 3])
    curves = curves[curves["replicate"] != 1].assign(train_accuracy=math.nan)
    table = measure_replicates(curves, timing(SETTING, (1, 2, 4.0), (1, 3, 3.0)), "accuracy", 0.5)
    assert table["replicate"].tolist() == [0, 2]
    assert table["epochs"].tolist() == [2, 3]
    assert table["seconds"].tolist() == [2, 3]  # by the pace after the first
    assert summarize(table, "accuracy", 0.5, seed=0)["seconds_per_replicate"].tolist() == [2.5]


def test_of_runs_each_has_its_own_clock_and_none_warms_up_the_others():
    curves = history([[0.1, 0.9, 0.9], [0.1] * 4, [0.9] * 2, [0.1, 0.9]])
    curves = curves[curves["replicate"] != 1]
    stretches = timing(SETTING, (1, 3, 9.0), (1, 2, 3.0), (1, 2, 1.0))
    shuffled = stretches.sample(frac=1, random_state=0)
    table = measure_replicates(curves, shuffled, "accuracy", 0.5, by_run=True)
    assert table["replicate"].tolist() == [0, 2, 3]
    assert table["seconds"].tolist() == [9, 3, 1]
    assert table["seconds_to_target"].tolist() == [6, 1.5, 1]
    assert seconds_per_epoch(stretches, by_run=True)["seconds_per_epoch"].tolist() == [3, 1.5, 0.5]


@pytest.mark.parametrize("stretches", [[(2, 2, math.nan)], []])
def test_without_a_clock_there_are_no_seconds(stretches):
    table = measure_replicates(history([[0.1, 0.9], [0.1, 0.2]]), timing(SETTING, *stretches), "accuracy", 0.5)
    seconds = [column for column in table if "seconds" in column]
    assert len(seconds) == 3
    assert table[seconds].isna().all(axis=None)
    assert table["epochs_to_target"].tolist() == [2, math.inf]


@pytest.mark.filterwarnings("error")
def test_what_was_not_measured_is_nan_and_no_sign_of_divergence():
    """A score alone, as some programs have it; the second replicate diverged."""
    curves = history([[0.1, 0.9], [0.5, math.nan]])
    curves[["train_loss", "train_accuracy", "test_loss"]] = math.nan
    table = add_errors(measure_replicates(curves, timing(SETTING, (2, 2, 4.0)), "accuracy", 0.5), None)
    assert table["diverged"].tolist() == [False, True]
    measures = ("accuracy_gap", "loss_gap", "test_loss_volatility", "validation_epochs_to_target", "best_epoch")
    assert table[[*measures, "validation_epochs_to_first_touch", *MEASURES]].isna().all(axis=None)
    summary = summarize(table, "accuracy", 0.5, seed=0)
    summary = add_populations(summary, {THIS_SPLIT: Trainings(table, paired=False)}, seed=0)
    row = pd.concat([summary, summarize_errors(table, seed=0)], axis=1).iloc[0]
    assert (row["test_accuracy_mean"], row["replicates"], row["diverged"]) == (0.9, 2, 1)
    assert row[["train_loss_mean", "test_loss_iqm", "validation_loss_low_on_this_split", "test_rmse_sd"]].isna().all()
    assert math.isnan(guess("accuracy", None, None))


def test_a_validation_score_without_validation_loss_is_measured():
    curves = history([[0.1, 0.9], [0.1, 0.9]]).assign(validation_accuracy=[0.6, 0.7, 0.1, 0.2])
    table = measure_replicates(curves, timing(SETTING, (2, 2, 4.0)), "accuracy", 0.5)
    assert table["validation_epochs_to_target"].tolist() == [1, math.inf]
    assert table["best_epoch"].tolist() == [2, 2]
    only_loss = curves.assign(validation_accuracy=math.nan, validation_loss=0.1)
    table = measure_replicates(only_loss, timing(SETTING, (2, 2, 4.0)), "accuracy", 0.5)
    assert table["validation_loss"].tolist() == [0.1, 0.1]
    assert table["validation_epochs_to_target"].isna().all()
