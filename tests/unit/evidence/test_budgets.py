"""Batch sizes at equal epochs, updates, training loss and seconds."""

import math

import numpy as np
import pandas as pd
import pytest

from batchscope.evidence.budgets import COLUMNS, amounts, compare_budgets, measure_at_budgets
from batchscope.evidence.claims import judge
from batchscope.evidence.trainings import NEW_SPLITS, THIS_SPLIT, Trainings
from batchscope.study.scores import BUDGETS
from batchscope.study.setting import SETTING, Setting
from tests.unit.tables import history, replicates, timing

SMALL, LARGE = Setting(4, 0.1), Setting(64, 0.1)


def two(small: list[list[float]], large: list[list[float]], **columns) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Histories of batch sizes 4, with 10 updates and 2 s an epoch, and 64, with 1 update and 0.5 s."""
    curves = pd.concat([history(small, SMALL, 10), history(large, LARGE, 1)])
    seconds = [
        timing(SMALL, (1, len(small[0]), 2.0 * len(small[0]))),
        timing(LARGE, (1, len(large[0]), len(large[0]) / 2)),
    ]
    curves["train_loss"] = 1 - curves["test_accuracy"]
    return curves.assign(**columns), pd.concat(seconds)


def at(measure: str, tables: tuple[pd.DataFrame, pd.DataFrame], **given) -> dict[int, list[float]]:
    """Batch size -> a measure of each replicate."""
    budgets = amounts(*tables, "accuracy", given)
    return measure_at_budgets(*tables, "accuracy", budgets).groupby("batch_size")[measure].apply(list).to_dict()


CURVES = two([[0.5, 0.7, 0.8]], [[0.1, 0.2, 0.3, 0.4, 0.5, 0.55]])


def test_a_budget_is_what_all_have_and_the_training_loss_what_all_reach():
    assert amounts(*CURVES, "accuracy", {}) == {
        "epochs": 3,
        "updates": 6,
        "seconds": 3,
        "train_loss": pytest.approx(0.45),
    }
    assert amounts(*CURVES, "accuracy", {"epochs": 2})["epochs"] == 2


def test_at_equal_epochs_updates_and_seconds_what_was_last_measured_counts():
    assert at("test_accuracy_at_equal_epochs", CURVES) == {4: [0.8], 64: [0.3]}
    assert at("test_accuracy_at_equal_epochs", CURVES, epochs=2.9) == {4: [0.7], 64: [0.2]}
    assert at("test_accuracy_at_equal_seconds", CURVES) == {4: [0.5], 64: [0.55]}
    assert at("test_accuracy_at_equal_updates", CURVES, updates=10)[4] == [0.5]


def test_what_was_not_measured_yet_and_what_ends_before_has_no_value():
    assert at("test_accuracy_at_equal_updates", CURVES) == {4: [pytest.approx(math.nan, nan_ok=True)], 64: [0.55]}
    [short] = at("test_accuracy_at_equal_epochs", CURVES, epochs=4)[4]
    assert math.isnan(short)


def test_at_a_training_loss_what_was_first_measured_at_it_counts():
    curves = two([[0.5, 0.7, 0.3, 0.8], [0.1, 0.2, 0.3, 0.35]], [[0.1, 0.6, 0.9, 0.9]] * 2)
    found = at("test_accuracy_at_equal_train_loss", curves, train_loss=0.4)
    assert found[64] == [0.6, 0.6]
    assert found[4] == [0.7, pytest.approx(math.nan, nan_ok=True)]


def test_the_training_loss_is_that_of_the_rate_that_gets_furthest_by_most_replicates():
    curves = pd.concat(
        [
            history([[0.9], [0.8], [0.1]], Setting(4, 0.1)),
            history([[0.9], [0.9], [0.9]], Setting(4, 0.2)),
            history([[0.6], [0.7], [0.2]], Setting(64, 0.1)),
            history([[0.4], [0.5], [0.99]], Setting(64, 0.2)),
        ]
    )
    curves["train_loss"] = 1 - curves["test_accuracy"]
    timings = pd.concat(timing(Setting(*each), (3, 1, 1.0)) for each in curves.groupby(SETTING).groups)
    assert amounts(curves, timings, "accuracy", {})["train_loss"] == pytest.approx(0.6)


def test_a_training_that_diverged_sets_no_budget():
    """It also ended early, as some programs do."""
    curves, timings = two([[0.5, 0.7, 0.8]] * 2, [[0.1, 0.2, 0.9]] * 2)
    lost = (curves["batch_size"] == 4) & (curves["replicate"] == 1)
    curves.loc[lost, "test_accuracy"] = math.nan
    curves = curves[~(lost & (curves["epoch"] > 1))]
    found = amounts(curves, timings, "accuracy", {})
    assert (found["epochs"], found["updates"]) == (3, 3)
    table = measure_at_budgets(curves, timings, "accuracy", found)
    assert table["diverged"].tolist() == [False, True, False, False]
    gone = curves.assign(test_accuracy=math.nan)
    assert all(map(math.isnan, amounts(gone, timings, "accuracy", {}).values()))
    assert (
        len(compare_budgets(Trainings(table), dict.fromkeys(BUDGETS, math.nan), "accuracy", "test", 64, 0.01, 0)) == 0
    )


def test_a_batch_size_at_which_a_tenth_diverged_gets_to_the_training_loss_too():
    """Two of 20 diverged, so all of the others are needed, the slowest among them."""
    ends = [0.9] * 17 + [0.6] + [math.nan] * 2
    curves, timings = two([[0.1, end] for end in ends], [[0.1, 0.9]] * 20)
    found = amounts(curves, timings, "accuracy", {})
    assert found["train_loss"] == pytest.approx(0.4)
    compared = compare_budgets(
        Trainings(measure_at_budgets(curves, timings, "accuracy", found)), found, "accuracy", "test", 64, 0.01, seed=0
    )
    of_small = compared[(compared["budget"] == "train_loss") & (compared["batch_size"] == 4)]
    assert of_small["replicates"].tolist() == [18]


def test_a_batch_size_at_which_more_diverged_sets_no_training_loss():
    curves, timings = two([[0.1, 0.3]] * 17 + [[0.1, math.nan]] * 3, [[0.1, 0.9]] * 20)
    assert amounts(curves, timings, "accuracy", {})["train_loss"] == pytest.approx(0.1)


def test_without_clock_or_training_loss_there_are_no_such_budgets():
    curves, timings = two([[0.5]], [[0.1]], train_loss=math.nan)
    found = amounts(curves, timings.assign(seconds=math.nan), "accuracy", {})
    assert [name for name, amount in found.items() if math.isnan(amount)] == ["seconds", "train_loss"]


COUNT = 12
NOISE = np.linspace(-0.02, 0.02, COUNT)


def trainings(scores: dict[tuple[int, float], np.ndarray], paired: bool = True, **more: dict) -> Trainings:
    """(Batch size, rate) -> scores at equal epochs."""
    tables = [
        replicates({size: np.nan_to_num(of_each)}).assign(learning_rate=rate)
        for (size, rate), of_each in scores.items()
    ]
    table = pd.concat(tables, ignore_index=True)
    for part in ("test", "validation"):
        for budget in BUDGETS:
            table[f"{part}_accuracy_at_equal_{budget}"] = math.nan
    table["test_accuracy_at_equal_epochs"] = np.concatenate([*scores.values()])
    return Trainings(table.assign(**more), paired=paired)


def compared(of: Trainings, part: str = "test", reference: int = 64) -> pd.DataFrame:
    budgets = dict.fromkeys(BUDGETS, math.nan) | {"epochs": 3.0}
    found = compare_budgets(of, budgets, "accuracy", part, reference, 0.05, seed=0)
    assert list(found) == COLUMNS
    assert found[["budget", "amount"]].drop_duplicates().to_numpy().tolist() == [["epochs", 3.0]]
    return found.set_index("batch_size")


SCORES = {
    (4, 0.1): 0.5 + NOISE,
    (4, 0.2): 0.9 - NOISE,
    (16, 0.1): 0.79 + NOISE[::-1],
    (32, 0.1): 0.6 + NOISE,
    (64, 0.1): 0.8 + NOISE,
    (64, 0.2): 0.7 + NOISE,
}


@pytest.mark.parametrize("paired", [True, False])
def test_each_batch_size_is_compared_at_its_best_rate(paired):
    found = compared(trainings(SCORES, paired))
    assert found["learning_rate"].to_dict() == {4: 0.2, 16: 0.1, 32: 0.1, 64: 0.1}
    assert found["verdict"].to_dict() == {4: "better", 16: "equivalent", 32: "worse", 64: "reference"}
    assert found["mean"].tolist() == pytest.approx([0.9, 0.79, 0.6, 0.8])
    assert found["difference"].tolist() == pytest.approx([0.1, -0.01, -0.2, math.nan], nan_ok=True)
    assert (found["low"] < found["mean"]).all() & (found["mean"] < found["high"]).all()
    assert found.loc[4, "difference_low"] < 0.1 < found.loc[4, "difference_high"]
    assert found.loc[4, "p_value"] <= 0.05


def test_rates_are_chosen_on_validation_rows():
    validation = {"validation_accuracy_at_equal_epochs": np.repeat([0.9, 0.5, 0.9, 0.9, 0.5, 0.9], COUNT)}
    assert compared(trainings(SCORES, **validation), "validation")["learning_rate"].tolist() == [0.1, 0.1, 0.1, 0.2]


def test_a_rate_at_which_most_do_not_get_there_takes_no_part_and_a_batch_size_without_any_is_not_measured():
    few = np.where(np.arange(COUNT) < 5, 0.99, math.nan)
    found = compared(trainings(SCORES | {(4, 0.4): few, (32, 0.1): few}))
    assert found.loc[4, "learning_rate"] == 0.2
    assert found["verdict"].tolist() == ["better", "equivalent", "not measured", "reference"]
    assert found.loc[32, "replicates"] == 0
    assert found.loc[32, ["learning_rate", "mean", "difference"]].isna().all()
    found = compared(trainings(SCORES | {(32, 0.1): few}), reference=32)
    assert found["verdict"].tolist() == ["not judged", "not judged", "not measured", "not judged"]
    assert found["mean"].notna().tolist() == [True, True, False, True]


def test_what_diverged_in_the_end_does_not_count():
    diverged = np.arange(6 * COUNT) < 0
    diverged[COUNT : 2 * COUNT] = np.arange(COUNT) < 3
    found = compared(trainings(SCORES, diverged=diverged))
    assert (found.loc[4, "learning_rate"], found.loc[4, "replicates"]) == (0.1, COUNT)


def test_schedules_are_not_compared():
    table = trainings(SCORES).replicates
    growing = table[table["batch_size"] == 4].assign(batch_size=9, schedule="4x1_16x1")
    assert 9 not in compared(Trainings(pd.concat([table, growing]))).index


def test_a_claim_may_be_about_a_score_at_a_budget():
    claim = {"name": "c", "statement": "s", "measure": "test_accuracy_at_equal_epochs"}
    claims = [
        claim | {"of": Setting(4, 0.2), "against": Setting(64, 0.1), "above": 0.05},
        claim | {"along": [Setting(4, 0.1), Setting(32, 0.1), Setting(64, 0.1)], "above": 0.5},
        claim | {"of": Setting(4, 0.2), "measure": "test_accuracy_at_equal_seconds", "above": 0},
    ]
    own = replicates({4: 0.8 + NOISE, 64: 0.8 + NOISE})
    populations = {THIS_SPLIT: Trainings(own), NEW_SPLITS: Trainings(own)}
    judged = judge(claims, populations, [trainings(SCORES)], seed=0)
    assert judged["verdict"].tolist() == ["holds", "holds", "not measured"]
    assert judged["verdict_on_new_splits"].tolist() == ["not judged"] * 3
