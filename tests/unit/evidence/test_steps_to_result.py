import math

import numpy as np
import pandas as pd
import pytest

from batchscope.evidence.scaling import DIMINISHING, NO_MORE, PERFECT
from batchscope.evidence.steps_to_result import HALFWAY, find_steps_to_result, tables, updates_to_result
from batchscope.study.setting import Setting
from tests.unit import simulated_steps
from tests.unit.simulated_steps import B_CRIT, BATCH_SIZES, S_MIN
from tests.unit.tables import history


def found(updates: pd.DataFrame, **options) -> tuple[pd.DataFrame, pd.DataFrame]:
    table, scaling = tables({"test": updates, HALFWAY: updates - 1}, **{"paired": True, "seed": 0} | options)
    return table.set_index("batch_size"), scaling.set_index("quantity")


@pytest.fixture
def study() -> pd.DataFrame:
    return simulated_steps.study(np.random.default_rng(0), replicates=20, octaves=0.5)[0]["test"]


def test_steps_are_the_updates_of_the_first_measurement_at_the_result():
    at_four = history([[0.1, 0.8, 0.3, 0.9], [0.1, 0.2, 0.3, 0.4], [0.9, math.nan, math.nan, math.nan]])
    at_eight = history([[0.5, 0.8]], Setting(8, 0.2), updates_per_epoch=2)
    schedule = history([[0.9]], Setting(5, 0.2, "4x1_8x1"))
    both = pd.concat([at_four, at_eight, schedule], ignore_index=True)
    accuracy = updates_to_result(both, "test", "accuracy", 0.8)
    np.testing.assert_array_equal(accuracy, [[6, math.inf, 3], [4, math.nan, math.nan]])
    halfway = updates_to_result(both, "test", "accuracy", 0.8, halfway=True)
    np.testing.assert_array_equal(halfway, [[4.5, math.inf, 1.5], [3, math.nan, math.nan]])
    assert [*accuracy.index] == [(4, 0.1), (8, 0.2)]
    loss = updates_to_result(both, "test", "loss", 0.3)
    np.testing.assert_array_equal(loss, [[3, 3, math.inf], [math.inf, math.nan, math.nan]])


def test_without_validation_rows_test_rows_choose():
    curves = history([[0.1, 0.8]] * 6)
    [row], _ = (table.to_dict("records") for table in find_steps_to_result(curves, "accuracy", 0.8, True, 0))
    assert (row["chosen_on"], row["updates"], row["reached"]) == ("test", 6, 1)
    assert math.isnan(row["validation_updates"])
    curves["validation_accuracy"] = curves["epoch"] / 2
    [row], _ = (table.to_dict("records") for table in find_steps_to_result(curves, "accuracy", 0.5, True, 0))
    assert (row["chosen_on"], row["updates"], row["validation_updates"]) == ("validation", 6, 3)


def test_a_score_that_histories_do_not_have_is_told_with_what_to_do():
    with pytest.raises(ValueError, match="the histories have no test_loss; take a score that they have"):
        find_steps_to_result(history([[0.1, 0.8]]).assign(test_loss=math.nan), "loss", 0.8, True, 0)


def test_where_every_training_diverged_none_gets_there():
    gone = history([[math.nan, math.nan]] * 6)
    [row] = find_steps_to_result(gone, "loss", 0.8, True, 0)[0].to_dict("records")
    assert (row["updates"], row["reached"], row["why_not"]) == (math.inf, 0, "most replicates never get there")


def test_the_law_is_found_with_its_regimes(study):
    table, scaling = found(study)
    assert scaling["refused"].tolist() == ["", ""]
    assert scaling.loc["fewest_updates", "estimate"] == pytest.approx(S_MIN, rel=0.15)
    assert scaling.loc["critical_batch_size", "estimate"] == pytest.approx(B_CRIT, rel=0.15)
    assert (scaling["low"] < scaling["low_90"]).all()
    assert (scaling["high"] > scaling["high_90"]).all()
    assert (scaling[["points", "replicates"]] == [len(BATCH_SIZES), 20]).all(axis=None)
    assert (scaling["fit_error"] < 0.1).all()
    assert table["regime"].tolist() == [PERFECT, *[DIMINISHING] * 4, NO_MORE]
    assert ((table["fitted_low"] < table["fitted"]) & (table["fitted"] < table["fitted_high"])).all()
    assert ((table["learning_rate_low"] <= table["learning_rate"]) & table["in_fit"]).all()


def test_how_often_one_measures_moves_no_law():
    coarse = simulated_steps.study(np.random.default_rng(0), 200, 0.5, every=20)[0]
    fine = simulated_steps.study(np.random.default_rng(0), 200, 0.5, every=1)[0]
    (_, of_coarse), (_, of_fine) = (tables(updates, True, 0) for updates in (coarse, fine))
    np.testing.assert_allclose(of_coarse["estimate"], of_fine["estimate"], rtol=0.02)


def test_what_is_an_upper_bound_or_never_gets_there_is_left_out_of_the_fit(study):
    study.loc[2] = math.inf
    lowest = study.loc[8].index[0]
    study.loc[(8, lowest)] = 10.0
    study.loc[(2048, study.loc[2048].index[-1])] = 11.0
    table, scaling = found(study)
    assert table["in_fit"].tolist() == [False, False, True, True, True, False]
    assert table.loc[2, ["updates", "reached", "why_not"]].tolist() == [math.inf, 0, "most replicates never get there"]
    assert table.loc[2, ["learning_rate", "learning_rate_low", "learning_rate_high"]].isna().all()
    assert table["on_edge"].tolist() == ["", "lowest", "", "", "", "highest"]
    assert "is the lowest, so this is an upper bound" in table.loc[8, "why_not"]
    assert (scaling["points"] == 3).all()


def test_a_result_at_the_first_measurement_is_an_upper_bound():
    slow, fast = [0.1, 0.2, 0.3, 0.4, 0.9], [0.9] * 5
    curves = [
        history([fast if size == 32 and rate == 0.2 else slow if rate == 0.2 else [0.1] * 5] * 6, Setting(size, rate))
        for size in (4, 8, 16, 32)
        for rate in (0.1, 0.2, 0.4)
    ]
    table, scaling = find_steps_to_result(pd.concat(curves), "accuracy", 0.8, True, 0)
    why_not = "most get there at the first measurement, so this is an upper bound"
    assert table["why_not"].tolist() == ["", "", "", why_not]
    assert scaling["points"].tolist() == [3, 3]
    _, scaling = find_steps_to_result(pd.concat(curves[3:]), "accuracy", 0.8, True, 0)
    assert set(scaling["refused"]) == {"2 batch sizes can be fitted, where 3 are needed: measure more often"}


def test_fewer_than_three_points_are_no_law_and_the_table_says_what_may_help(study):
    one_rate = study.groupby(level="batch_size").head(1)
    table, scaling = found(one_rate)
    assert set(table["on_edge"]) == {"only"}
    assert scaling["estimate"].isna().all()
    [said] = set(scaling["refused"])
    assert said == "0 batch sizes can be fitted, where 3 are needed: try a wider grid of learning rates"
    assert table["regime"].tolist() == [""] * len(table)
    [said] = set(found(study.loc[[32, 128]])[1]["refused"])
    assert said.endswith("try more batch sizes")
    [said] = set(found(study.iloc[:, :5])[1]["refused"])
    assert said.endswith("train more replicates")


def test_numbers_outside_the_batch_sizes_are_refused_on_the_side_where_they_lie(study):
    _, small = found(study.loc[[2, 8, 32]])
    assert small["estimate"].isna().all()
    assert "may lie above 32" in small.loc["critical_batch_size", "refused"]
    assert "try larger ones" in small.loc["fewest_updates", "refused"]
    _, large = found(study.loc[[128, 512, 2048]])
    assert "may lie below 128" in large.loc["critical_batch_size", "refused"]
    assert large.loc["fewest_updates", "refused"] == ""
    assert large.loc["fewest_updates", "estimate"] == pytest.approx(S_MIN, rel=0.15)


@pytest.mark.slow
def test_intervals_cover_what_is_true_in_95_percent_of_studies():
    """But for what 150 studies show by luck, three standard deviations."""
    random, covered = np.random.default_rng(0), []
    for _ in range(150):
        _, scaling = found(simulated_steps.study(random, replicates=20, octaves=0.5)[0]["test"])
        covered.append((scaling["low"] <= [S_MIN, B_CRIT]) & (scaling["high"] >= [S_MIN, B_CRIT]))
    of_fewest, of_critical = np.mean(covered, axis=0)
    assert 0.89 < of_fewest < 1
    assert 0.89 < of_critical < 1
