"""Comparisons of studies that were simulated, so that it is known what is there to find."""

import math

import numpy as np
import pandas as pd
import pytest

from batchscope.comparisons import COLUMNS, compare
from batchscope.setting import Setting

from .tables import replicates

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
    comparisons = compare(table, REFERENCE, margins, seed=0)
    assert list(comparisons) == COLUMNS
    return comparisons[comparisons["measure"] == measure].set_index("batch_size")["verdict"].to_dict()


def test_null_studies_rarely_find_anything():
    """Holm's adjustment keeps the share of studies with any false difference at 5 %, of three comparisons each."""
    random = np.random.default_rng(0)
    shifts = dict.fromkeys([*BATCH_SIZES, 500], 0.0)
    found = [
        not {"better", "worse"}.isdisjoint(
            verdicts(simulated(shifts, random), margins=MARGINS | {"test_accuracy": 1e-9}).values()
        )
        for _ in range(STUDIES)
    ]
    assert np.mean(found) <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / STUDIES)


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
        row = compare(table, REFERENCE, MARGINS, seed=0).set_index("measure").loc[measure]
        assert row["superiority"] == 1
        assert row["difference"] == pytest.approx(-size, rel=0.2)


def test_runs_that_never_get_there_count_with_the_length_of_the_training():
    early, late = np.full(REPLICATES, 20.0), np.full(REPLICATES, 90.0)
    late[:10] = math.inf
    row = compare(replicates({4: early, 500: late}, "epochs_to_target"), REFERENCE, MARGINS, seed=0)
    row = row.set_index("measure").loc["epochs_to_target"]
    assert (row["never"], row["reference_never"]) == (0, 10)
    assert row["difference"] == pytest.approx(20 - (10 * 100 + 20 * 90) / 30)
    assert (row["verdict"], row["superiority"]) == ("better", 1)


def test_trainings_of_different_length_are_compared_over_the_shorter():
    long = replicates({4: np.full(REPLICATES, 400.0)}, "epochs_to_target", epochs=1000)
    short = replicates({500: np.full(REPLICATES, math.inf)}, "epochs_to_target", epochs=100)
    row = compare(pd.concat([long, short]), REFERENCE, MARGINS, seed=0).set_index("measure").loc["epochs_to_target"]
    assert (row["never"], row["reference_never"]) == (REPLICATES, REPLICATES)
    assert (row["difference"], row["verdict"]) == (0, "undecided")


def test_a_setting_that_mostly_diverges_is_worse():
    accuracy = np.full(REPLICATES, 0.8)
    diverging = np.where(np.arange(REPLICATES) < 20, math.nan, accuracy)
    comparisons = compare(replicates({4: diverging, 500: accuracy}), REFERENCE, MARGINS, seed=0)
    row = comparisons.set_index("measure").loc["test_accuracy"]
    assert (row["pairs"], row["diverged"], row["reference_diverged"], row["verdict"]) == (10, 20, 0, "worse")


def test_a_study_of_one_setting_has_nothing_to_compare():
    assert compare(replicates({500: np.zeros(3)}), REFERENCE, MARGINS, seed=0).empty


def test_a_setting_that_reaches_the_target_and_diverges_is_not_better():
    early = replicates({4: np.full(REPLICATES, 3.0), 500: np.full(REPLICATES, 70.0)}, "epochs_to_target")
    early["diverged"] = early["batch_size"] == 4
    row = compare(early, REFERENCE, MARGINS, seed=0).set_index("measure").loc["epochs_to_target"]
    assert (row["pairs"], row["verdict"]) == (0, "worse")


def test_few_pairs_decide_nothing():
    for count, verdict in ((5, "undecided"), (6, "equivalent")):
        table = replicates({4: np.full(count, 0.8), 500: np.full(count, 0.8)})
        assert verdicts(table) == {4: verdict}
