"""Comparisons of studies that were simulated, so that it is known what is there to find."""

import math

import numpy as np
import pandas as pd
import pytest

from batchscope.evidence.comparisons import COLUMNS, compare
from batchscope.evidence.trainings import Trainings
from batchscope.study.scores import METRICS
from batchscope.study.setting import Setting
from tests.unit.simulated import EASE, study
from tests.unit.tables import populations, replicates, row_by_row

REFERENCE = Setting(500, 0.1)
MARGINS = {"test_accuracy": 0.01, "test_accuracy_volatility": 0.002, "epochs_to_target": 2}
REPLICATES, STUDIES = 30, 80
BATCH_SIZES = (4, 8, 16)
SD = 0.03  # of a difference


def simulated(shifts: dict[int, float], random: np.random.Generator) -> pd.DataFrame:
    """Accuracies that share what a replicate's weights do, and differ from the reference by `shifts`."""
    shared = random.normal(0.8, SD, REPLICATES)
    noise = {batch: random.normal(shift, SD / math.sqrt(2), REPLICATES) for batch, shift in shifts.items()}
    return replicates({batch: shared + noise[batch] for batch in shifts})


def verdicts(table: pd.DataFrame, measure: str = "test_accuracy", margins: dict = MARGINS) -> dict[int, str]:
    comparisons = compare(populations(table), REFERENCE, margins, seed=0)
    assert list(comparisons) == COLUMNS
    return comparisons[comparisons["measure"] == measure].set_index("batch_size")["verdict"].to_dict()


@pytest.mark.parametrize("metric", METRICS)
def test_of_a_metric_more_is_better_and_its_interval_is_for_new_rows(metric):
    random = np.random.default_rng(0)
    measure, rows = f"test_{metric}", random.normal(0, 0.5, 60)
    trainings = row_by_row({8: 0.9 + rows + random.normal(0, 0.1, (9, 60)), 32: 0.6 + rows * np.ones((9, 1))}, measure)
    [row] = compare(populations(trainings), Setting(32, 0.1), {measure: 0.01}, seed=0).to_dict("records")
    assert (row["over"], row["verdict_on_this_split"]) == ("rows and trainings", "better")
    assert row["low_on_this_split"] < row["low"]


@pytest.mark.slow
def test_null_studies_rarely_find_anything():
    """The share of studies with any false difference is 5 % at most, of three comparisons each."""
    random = np.random.default_rng(0)
    shifts = dict.fromkeys([*BATCH_SIZES, 500], 0.0)
    found = [
        not {"better", "worse"}.isdisjoint(
            verdicts(simulated(shifts, random), margins=MARGINS | {"test_accuracy": 1e-9}).values()
        )
        for _ in range(STUDIES)
    ]
    assert np.mean(found) <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / STUDIES)


@pytest.mark.slow
def test_a_planted_difference_is_found_in_its_direction_and_equivalence_beside_it():
    random = np.random.default_rng(0)
    margins = MARGINS | {"test_accuracy": 0.02}
    planted = [verdicts(simulated({4: -SD, 16: 0.0, 500: 0.0}, random), margins=margins) for _ in range(STUDIES)]
    assert np.mean([study[4] == "worse" for study in planted]) > 0.95
    assert np.mean([study[16] == "equivalent" for study in planted]) > 0.9


def test_less_volatility_and_fewer_epochs_are_better():
    random = np.random.default_rng(0)
    for measure, size in (("test_accuracy_volatility", 0.01), ("epochs_to_target", 10)):
        noise = random.normal(0, size / 5, REPLICATES)
        table = replicates({4: 20 - size + noise, 500: np.full(REPLICATES, 20.0)}, measure)
        assert verdicts(table, measure) == {4: "better"}
        row = compare(populations(table), REFERENCE, MARGINS, seed=0).set_index("measure").loc[measure]
        assert row["superiority"] == 1
        assert row["difference"] == pytest.approx(-size, rel=0.2)


def test_runs_that_never_get_there_count_with_the_length_of_the_training():
    early, late = np.full(REPLICATES, 20.0), np.full(REPLICATES, 90.0)
    late[:10] = math.inf
    row = compare(populations(replicates({4: early, 500: late}, "epochs_to_target")), REFERENCE, MARGINS, seed=0)
    row = row.set_index("measure").loc["epochs_to_target"]
    assert (row["never"], row["reference_never"]) == (0, 10)
    assert row["difference"] == pytest.approx(20 - (10 * 100 + 20 * 90) / 30)
    assert (row["verdict"], row["superiority"]) == ("better", 1)


def test_trainings_of_different_length_are_compared_over_the_shorter():
    long = replicates({4: np.full(REPLICATES, 400.0)}, "epochs_to_target", epochs=1000)
    short = replicates({500: np.full(REPLICATES, math.inf)}, "epochs_to_target", epochs=100)
    row = (
        compare(populations(pd.concat([long, short])), REFERENCE, MARGINS, seed=0)
        .set_index("measure")
        .loc["epochs_to_target"]
    )
    assert (row["never"], row["reference_never"]) == (REPLICATES, REPLICATES)
    assert (row["difference"], row["verdict"]) == (0, "undecided")


def test_a_setting_that_mostly_diverges_is_worse():
    accuracy = np.full(REPLICATES, 0.8)
    diverging = np.where(np.arange(REPLICATES) < 20, math.nan, accuracy)
    comparisons = compare(populations(replicates({4: diverging, 500: accuracy})), REFERENCE, MARGINS, seed=0)
    row = comparisons.set_index("measure").loc["test_accuracy"]
    assert (row["pairs"], row["diverged"], row["reference_diverged"], row["verdict"]) == (10, 20, 0, "worse")


def test_a_study_of_one_setting_has_nothing_to_compare():
    assert compare(populations(replicates({500: np.zeros(3)})), REFERENCE, MARGINS, seed=0).empty


def test_a_setting_that_reaches_the_target_and_diverges_is_not_better():
    early = replicates({4: np.full(REPLICATES, 3.0), 500: np.full(REPLICATES, 70.0)}, "epochs_to_target")
    early["diverged"] = early["batch_size"] == 4
    row = compare(populations(early), REFERENCE, MARGINS, seed=0).set_index("measure").loc["epochs_to_target"]
    assert (row["pairs"], row["verdict"]) == (0, "worse")


def test_few_pairs_decide_nothing():
    for count, verdict in ((5, "undecided"), (6, "equivalent")):
        table = replicates({4: np.full(count, 0.8), 500: np.full(count, 0.8)})
        assert verdicts(table) == {4: verdict}


def test_new_rows_and_new_splits_have_verdicts_of_their_own():
    """The trainings agree on these rows that 4 is worse; 60 rows do not tell, and on new splits it is better."""
    rows = np.arange(60)
    own = row_by_row({4: np.tile(rows < 45, (8, 1)).astype(float), 500: np.tile(rows % 10 < 8, (8, 1)).astype(float)})
    noise = np.linspace(-0.001, 0.001, 8)
    new = replicates({4: 0.9 + noise, 500: 0.8 + noise})
    row = compare(populations(own, new), REFERENCE, MARGINS, seed=0).set_index("measure").loc["test_accuracy"]
    assert row["difference"] == pytest.approx(-0.05)
    assert (row["verdict"], row["verdict_on_this_split"], row["verdict_on_new_splits"]) == (
        "worse",
        "undecided",
        "better",
    )
    assert row["low_on_this_split"] < -0.1
    assert (row["over"], row["pairs_on_new_splits"]) == ("rows and trainings", 8)


def test_a_small_difference_that_is_shown_is_called_both():
    noise = np.linspace(-0.0001, 0.0001, REPLICATES)
    table = replicates({4: 0.799 + noise, 500: 0.8 - noise})
    row = compare(populations(table), REFERENCE, MARGINS, seed=0).set_index("measure").loc["test_accuracy"]
    assert (row["verdict"], row["verdict_on_this_split"]) == ("equivalent", "equivalent but worse")
    assert row["correlation"] == pytest.approx(-1)


def test_superiority_has_an_interval_and_a_verdict():
    one, other = np.full(REPLICATES, 0.81), np.full(REPLICATES, 0.8)
    one[:3] = 0.79
    row = compare(populations(replicates({4: one, 500: other})), REFERENCE, MARGINS, seed=0).iloc[0]
    assert row["superiority"] == pytest.approx(0.9)
    assert 0.75 < row["superiority_low"] < 0.9 < row["superiority_high"] <= 1
    assert row["superiority_verdict"] == "mostly better"


def test_six_replicates_of_many_settings_can_decide():
    noise = np.linspace(-0.001, 0.001, 6)
    random = np.random.default_rng(0)
    table = replicates({4: 0.7 + noise} | {size: 0.8 + random.permutation(noise) for size in (8, 16, 32, 500)})
    assert verdicts(table)[4] == "worse"


@pytest.mark.slow
def test_null_studies_of_new_rows_rarely_find_anything():
    random = np.random.default_rng(0)
    found = []
    for _ in range(STUDIES):
        own = row_by_row(dict(zip((4, 8, 500), study(random, [EASE] * 3, 10, rows=200))))
        compared = compare(populations(own), REFERENCE, {"test_accuracy": 1e-9}, seed=0)
        found.append(compared["verdict_on_this_split"].isin(["better", "worse"]).any())
    assert np.mean(found) <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / STUDIES)


def as_samples(table: pd.DataFrame, measure: str = "test_accuracy", margins: dict = MARGINS) -> pd.Series:
    """The row of batch size 4 where replicates share nothing."""
    compared = compare(populations(Trainings(table, paired=False)), REFERENCE, margins, seed=0)
    assert list(compared) == COLUMNS
    return compared.set_index(["measure", "batch_size"]).loc[(measure, 4)]


def test_pairs_that_are_not_whole_are_left_out():
    """Replicates 0 to 9 of one and 4 to 13 of the other: they share six."""
    random = np.random.default_rng(0)
    shared = random.normal(0.8, 0.03, 14)
    table = replicates({4: shared - random.normal(0.01, 0.001, 14), 500: shared})
    table = table[np.where(table["batch_size"] == 4, table["replicate"] < 10, table["replicate"] > 3)]
    whole = table[table["replicate"].between(4, 9)]
    row, by_hand = (compare(populations(each), REFERENCE, MARGINS, seed=0).iloc[0] for each in (table, whole))
    assert (row["pairs"], row["trainings"], row["reference_trainings"], row["paired"]) == (6, 10, 10, True)
    of_pairs = [
        "difference",
        "low",
        "high",
        "p_value",
        "mean",
        "reference_mean",
        "correlation",
        "superiority",
        "verdict",
    ]
    assert row[of_pairs].tolist() == by_hand[of_pairs].tolist()
    assert row["verdict"] == "worse"


def test_trainings_without_partners_are_samples():
    """The same noise in reverse order: as pairs it would be twice as wide, as samples its order does not matter."""
    random = np.random.default_rng(0)
    one, other = random.normal(0.7, 0.03, 9), random.normal(0.8, 0.03, 20)
    row = as_samples(replicates({4: one, 500: other}))
    assert (row["pairs"], row["trainings"], row["reference_trainings"], row["paired"]) == (9, 9, 20, False)
    assert (row["mean"], row["reference_mean"]) == pytest.approx((one.mean(), other.mean()))
    assert row["difference"] == pytest.approx(one.mean() - other.mean())
    assert row["superiority"] == pytest.approx(np.mean(one[:, None] > other))
    assert (row["verdict"], row["superiority_verdict"], row["over"]) == ("worse", "mostly worse", "trainings")
    assert math.isnan(row["correlation"])
    assert (
        row[["low", "high", "verdict"]].tolist()
        == row[[f"{c}_on_this_split" for c in ("low", "high", "verdict")]].tolist()
    )
    shuffled = as_samples(replicates({4: one[::-1], 500: random.permutation(other)}))
    assert shuffled[["difference", "superiority"]].tolist() == pytest.approx(
        row[["difference", "superiority"]].tolist()
    )


def test_without_scores_of_rows_everything_is_over_trainings():
    compared = compare(populations(replicates({4: np.zeros(6), 500: np.zeros(6)})), REFERENCE, MARGINS, seed=0)
    assert set(compared["over"]) == {"trainings"}


def test_samples_of_which_most_diverged_or_saw_nothing():
    accuracy = np.full(20, 0.8)
    row = as_samples(replicates({4: np.where(np.arange(8) < 5, math.nan, 0.8), 500: accuracy}))
    assert (row["pairs"], row["diverged"], row["reference_diverged"], row["verdict"]) == (3, 5, 0, "worse")
    row = as_samples(replicates({4: np.where(np.arange(8) < 2, math.nan, 0.8), 500: accuracy}))
    assert (row["pairs"], row["verdict"]) == (6, "equivalent")
    never = replicates({4: np.full(8, math.inf), 500: np.full(20, math.inf)}, "epochs_to_target")
    row = as_samples(never, "epochs_to_target")
    assert (row["never"], row["reference_never"], row["verdict"]) == (8, 20, "undecided")
    early = replicates({4: np.full(8, 3.0), 500: np.full(20, math.inf)}, "epochs_to_target")
    row = as_samples(early, "epochs_to_target")
    assert (row["never"], row["reference_never"], row["difference"], row["verdict"]) == (0, 20, -97, "better")


def test_few_trainings_in_either_sample_decide_nothing():
    noise = np.linspace(-0.001, 0.001, 20)
    for count, verdict in ((5, "undecided"), (6, "worse")):
        assert as_samples(replicates({4: 0.7 + noise[:count], 500: 0.8 + noise}))["verdict"] == verdict


def test_a_run_that_diverged_early_does_not_shorten_the_times_of_others():
    table = replicates({4: np.array([20.0] * 7 + [math.inf]), 500: np.full(8, 20.0)}, "epochs_to_target")
    table.loc[0, ["diverged", "epochs"]] = [True, 2]
    row = as_samples(table, "epochs_to_target")
    assert row["mean"] == pytest.approx((6 * 20 + 100) / 7)


@pytest.mark.slow
def test_null_studies_of_samples_rarely_find_anything():
    random = np.random.default_rng(0)
    found = []
    for _ in range(STUDIES):
        table = replicates({size: random.normal(0.8, SD, count) for size, count in ((4, 8), (8, 12), (500, 30))})
        trainings = populations(Trainings(table, paired=False))
        compared = compare(trainings, REFERENCE, {"test_accuracy": 1e-9}, seed=0)
        found.append(compared["verdict"].isin(["better", "worse"]).any())
    assert np.mean(found) <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / STUDIES)
