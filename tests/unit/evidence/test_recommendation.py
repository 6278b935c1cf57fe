"""The recommendation of settings of which it is known what there is to find."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from batchscope.evidence.crossed import means_and_parts
from batchscope.evidence.paired import more_to_decide
from batchscope.evidence.recommendation import (
    COLUMNS,
    advised,
    best_replicate,
    beyond,
    margins_of,
    rank,
    ranked_table,
    read_advised,
    recommend,
    settings_of,
)
from batchscope.evidence.trainings import Trainings
from batchscope.study.setting import Setting
from tests.unit.simulated import EASE
from tests.unit.simulated import study as simulated_study
from tests.unit.tables import replicates, row_by_row

MARGINS = {"test_accuracy": 0.01, "test_accuracy_volatility": 0.002, "epochs_to_target": 2}
COUNT = 12
NOISE = np.linspace(-0.003, 0.003, COUNT)


def ranked(values: dict[int, np.ndarray], measure: str = "test_accuracy", margin: float = 0.01) -> pd.DataFrame:
    table = rank(Trainings(replicates(values, measure)), measure, margin, seed=0)
    assert list(table) == COLUMNS
    return table


def verdicts(table: pd.DataFrame) -> dict[int, str]:
    """Batch size -> verdict, in the order of the table."""
    return dict(zip(table["batch_size"], table["verdict"]))


def test_the_best_comes_first_and_those_shown_worse_are_not_among_the_best():
    table = ranked({4: 0.7 - NOISE, 8: 0.82 - NOISE, 16: 0.822 + NOISE})
    assert verdicts(table) == {16: "best", 8: "equivalent", 4: "worse"}
    assert settings_of(table) == [Setting(16, 0.1), Setting(8, 0.1)]
    row = table.set_index("batch_size").loc[4]
    assert row["difference"] == pytest.approx(-0.122)
    assert row["difference_low"] <= -0.122 <= row["difference_high"]
    assert row["low"] < 0.7 < row["high"]


def test_of_losses_volatilities_and_times_less_is_better():
    for measure in ("test_accuracy_volatility", "epochs_to_target"):
        assert verdicts(ranked({4: 7 + NOISE, 8: 9 + NOISE}, measure)) == {4: "best", 8: "worse"}


def test_what_is_neither_worse_nor_inside_the_margin_needs_more_replicates():
    noise = np.where(np.arange(COUNT) % 2, 0.05, -0.05)
    table = ranked({4: 0.8 + noise, 8: np.full(COUNT, 0.79)})
    assert verdicts(table) == {4: "best", 8: "undecided"}
    assert 100 < table["more_replicates"][1] < 1000
    assert verdicts(ranked({4: 0.8 + noise, 8: np.full(COUNT, 0.79)}, margin=0.1))[8] == "equivalent"


def test_equal_settings_tie():
    table = ranked({8: 0.8 + NOISE, 4: 0.8 + NOISE})
    assert verdicts(table) == {4: "best", 8: "equivalent"}
    table = ranked({8: 7 + NOISE, 4: 7 + NOISE}, "epochs_to_target", margin=math.nan)
    assert verdicts(table) == {4: "best", 8: "undecided"}
    assert math.isinf(table["more_replicates"][1])


def test_a_setting_of_which_many_replicates_diverged_takes_no_part_where_others_are_left():
    """Two of twelve are more than a tenth."""
    diverging = np.where(np.arange(COUNT) < 2, math.nan, 0.9)
    table = ranked({4: diverging, 8: 0.8 + NOISE, 16: 0.7 + NOISE})
    assert verdicts(table) == {8: "best", 16: "worse", 4: "diverged"}
    assert table["diverged"].tolist() == [0, 0, 2]
    one = np.where(np.arange(COUNT) < 1, math.nan, 0.9)
    assert verdicts(ranked({4: one, 8: 0.8 + NOISE})) == {4: "best", 8: "worse"}
    most = np.where(np.arange(COUNT) < 7, math.nan, 0.9)
    assert verdicts(ranked({4: diverging, 8: most})) == {4: "best", 8: "diverged"}


def test_a_setting_that_mostly_never_gets_there_takes_no_part_in_the_race():
    never = np.where(np.arange(COUNT) < 7, math.inf, 1.0)
    table = ranked({4: never, 8: 20 + NOISE}, "epochs_to_target", margin=2)
    assert verdicts(table) == {8: "best", 4: "never"}
    assert table["reached"].tolist() == [COUNT, 5]


def test_times_are_restricted_pair_by_pair():
    """That one setting was trained for a short while alone says nothing of two that were trained for long."""
    times = {4: np.where(np.arange(COUNT) < 2, math.inf, 3.0), 8: 50 + NOISE, 16: 70 + NOISE}
    table = replicates(times, "epochs_to_target")
    table.loc[table["batch_size"] == 4, "epochs"] = 10
    assert verdicts(rank(Trainings(table), "epochs_to_target", math.nan, seed=0)) == {
        4: "best",
        8: "worse",
        16: "worse",
    }
    table.loc[table["batch_size"] == 4, "epochs_to_target"] = math.inf
    assert verdicts(rank(Trainings(table), "epochs_to_target", math.nan, seed=0)) == {
        8: "best",
        16: "worse",
        4: "never",
    }


def test_few_replicates_and_single_settings_decide_nothing():
    five = {4: np.full(5, 0.5), 8: np.full(5, 0.8)}
    assert verdicts(ranked(five)) == {8: "best", 4: "undecided"}
    assert ranked(five)["more_replicates"][1] == 1  # were it so large
    assert verdicts(ranked({4: np.array([0.5]), 8: np.array([0.8])})) == {8: "best", 4: "undecided"}
    assert verdicts(ranked({4: 0.8 + NOISE})) == {4: "best"}
    assert verdicts(ranked({4: np.full(COUNT, math.nan)})) == {4: "diverged"}


def advise(*populations: Trainings) -> list[Setting]:
    margins = margins_of(MARGINS, "accuracy", "test")
    return advised([recommend(each, MARGINS, seed=0) for each in populations], margins)


def study(**measures: dict[int, np.ndarray]) -> pd.DataFrame:
    """A table of replicates from the values of several measures at the same batch sizes."""
    table = pd.concat([replicates(values, measure)[measure] for measure, values in measures.items()], axis=1)
    whole = replicates(next(iter(measures.values())), next(iter(measures)))
    return whole.assign(**table)


def test_of_the_best_that_are_the_calmest_of_these_the_first_at_the_target_is_advised():
    sizes = (4, 8, 16, 32)
    table = study(
        test_accuracy={size: 0.8 + NOISE for size in sizes[:3]} | {32: 0.7 + NOISE},
        test_accuracy_volatility={4: 0.03 + NOISE, 8: 0.01 + NOISE, 16: 0.01 + NOISE, 32: 0.01 + NOISE},
        epochs_to_target={4: 1 + NOISE, 8: 3 + NOISE, 16: 2 + NOISE, 32: 1 + NOISE},
    )
    assert advise(Trainings(table)) == [Setting(16, 0.1), Setting(8, 0.1)]
    table.loc[table["batch_size"] < 32, "test_accuracy_volatility"] += 0.1
    assert advise(Trainings(table))[0] == Setting(16, 0.1)  # 32, now the calmest, is worse


def test_where_no_target_is_reached_the_best_by_score_is_advised():
    table = replicates({4: 0.8 + NOISE, 8: 0.801 + NOISE}).assign(epochs_to_target=math.inf)
    assert advise(Trainings(table)) == [Setting(8, 0.1), Setting(4, 0.1)]


def test_on_two_populations_what_is_best_on_both_is_advised_and_else_what_is_on_new_splits():
    own = replicates({4: 0.8 + NOISE, 8: 0.8 + NOISE, 16: 0.7 + NOISE})
    new = replicates({4: 0.7 + NOISE, 8: 0.8 + NOISE, 16: 0.8 + NOISE})
    assert advise(Trainings(own), Trainings(new)) == [Setting(8, 0.1)]
    other = replicates({4: 0.7 + NOISE, 8: 0.7 + NOISE, 16: 0.8 + NOISE})
    assert advise(Trainings(own), Trainings(other)) == [Setting(16, 0.1)]


def test_one_measured_beyond_the_margin_is_not_advised_though_it_may_be_best():
    wide = 10 * NOISE
    table = replicates({4: 0.8 + wide, 8: 0.785 - wide, 16: 0.795 + wide[::-1]})
    table["epochs_to_target"] = table["batch_size"].map({4: 30.0, 8: 10.0, 16: 20.0})
    assert verdicts(recommend(Trainings(table), MARGINS, seed=0)["score"])[8] == "undecided"
    assert advise(Trainings(table)) == [Setting(16, 0.1), Setting(4, 0.1)]


def test_with_few_replicates_the_best_so_far_is_advised_and_none_where_all_diverged():
    few = replicates({4: np.full(5, 0.5), 8: np.full(5, 0.8)})
    assert advise(Trainings(few)) == [Setting(8, 0.1)]
    diverged = replicates({4: np.full(COUNT, math.nan), 8: np.full(COUNT, math.nan)})
    assert advise(Trainings(diverged)) == []


def test_validation_rows_choose_and_losses_are_scores():
    sizes = {4: 0.8 + NOISE, 8: 0.5 + NOISE}
    table = study(validation_loss=sizes, validation_loss_volatility=sizes, validation_epochs_to_target=sizes)
    table[["test_loss", "test_loss_volatility", "epochs_to_target"]] = math.nan
    goals = recommend(Trainings(table), {"test_loss": 0.4}, seed=0, score="loss", part="validation")
    assert {goal: verdicts(each) for goal, each in goals.items()} == {
        "score": {8: "best", 4: "equivalent"},  # by the margin of the test rows
        "time": {8: "best", 4: "worse"},
        "stability": {8: "best", 4: "worse"},
    }


SCHEDULE = Setting(8, 0.1, "4x5_16x5")
TRIED = [Setting(size, rate) for size in (4, 8, 16) for rate in (0.1, 0.3, 1.0)]


@pytest.mark.parametrize(
    ("setting", "sizes", "rates"),
    [
        (Setting(8, 0.3), [], []),
        (Setting(4, 0.3), [2], []),
        (Setting(16, 0.3), [30], []),  # twice as many are more than all training rows
        (Setting(8, 0.1), [], [0.1 / 3]),
        (Setting(8, 1.0), [], [3.0]),
        (Setting(1, 0.5), [2], [0.5 / 3, 1.5]),  # alone, and no batch is smaller
        (Setting(30, 0.6), [15], [0.2, 1.8]),
        (SCHEDULE, [], [0.1 / 3, 0.3]),
    ],
)
def test_what_to_try_beyond_the_edges(setting, sizes, rates):
    further_sizes, further_rates = beyond(setting, [*TRIED, setting], train_rows=30)
    assert further_sizes == sizes
    assert further_rates == pytest.approx(rates)


def test_where_rates_go_with_the_batch_size_an_edge_is_one_at_any_rate():
    tried = [Setting(size, 0.1 * size) for size in (4, 8, 16)]
    assert [beyond(setting, tried, train_rows=30, scaled=True)[0] for setting in tried] == [[2], [], [30]]


def test_with_as_many_more_rows_or_replicates_as_are_said_the_error_is_small_enough():
    pairs = np.subtract(*simulated_study(np.random.default_rng(0), [EASE, EASE - 0.2], 12, rows=400))
    [size], parts = means_and_parts(pairs[None])
    both = parts.interaction[0]
    trainings, rows = (max(part[0] - both, 0) for part in (parts.trainings, parts.rows))
    for more, fewer_errors in zip(
        more_to_decide(pairs, 0, math.nan, critical=2),
        (
            lambda more: (trainings + both) * 12 / (12 + more) + rows,
            lambda more: trainings + (rows + both) * 400 / (400 + more),
        ),
    ):
        reached = [abs(size) / math.sqrt(fewer_errors(number)) for number in (more - 1, more)]
        assert reached[0] < 2 + stats.norm.ppf(0.8) <= reached[1]
    only_rows = np.tile(pairs[0], (12, 1))
    assert math.isinf(more_to_decide(only_rows, 0, math.nan, critical=2)[0])
    assert math.isnan(
        more_to_decide(pairs.mean(axis=1, keepdims=True), 0, math.nan, critical=2)[1]
    )  # no mean over rows


def test_more_replicates_are_few_near_the_margin_and_never_absurd():
    values = np.concatenate([np.full(15, 0.3 - 1), np.full(15, 0.3 + 1)])[:, None]
    shown, _ = more_to_decide(values, 0, math.nan, 2)
    assert more_to_decide(values, 0, 1.0, 2)[0] < shown  # inside the margin is shown sooner
    assert more_to_decide(values, 0, 0.4, 2)[0] == shown
    assert more_to_decide(values, 0, math.nan, 3)[0] > shown
    assert math.isinf(more_to_decide(values - values.mean() + 0.0001, 0, math.nan, 2)[0])
    assert math.isinf(more_to_decide(np.zeros((30, 1)), 0, math.nan, 2)[0])
    assert more_to_decide(np.full((30, 1), 0.5), 0, math.nan, 2)[0] == 1


def test_for_new_rows_more_settings_may_be_best_than_on_these():
    """The trainings agree that 8 gets one row of 100 more right than 4."""
    rows = np.arange(100)
    own = row_by_row({4: np.tile(rows < 80, (8, 1)).astype(float), 8: np.tile(rows < 81, (8, 1)).astype(float)})
    assert verdicts(rank(own, "test_accuracy", 0.001, seed=0)) == {8: "best", 4: "undecided"}
    assert verdicts(rank(own.on_these_rows, "test_accuracy", 0.001, seed=0)) == {8: "best", 4: "worse"}
    table = rank(own, "test_accuracy", 0.001, seed=0)
    assert table["low"][0] < table["low_on_these_rows"][0] == pytest.approx(0.81)


def test_the_advice_is_read_from_the_table_of_the_ranked_settings(tmp_path):
    own = replicates({4: 0.7 + NOISE, 8: 0.82 - NOISE, 16: 0.822 + NOISE})
    own["epochs_to_target"] = np.where(own["batch_size"] == 8, 20.0, 30.0)
    new = own.assign(test_accuracy=np.where(own["batch_size"] == 8, 0.9, own["test_accuracy"]))
    for tables in ([own], [own, new], [own.assign(diverged=True, test_accuracy=math.nan)]):
        goals = {str(on): recommend(Trainings(table), MARGINS, seed=0) for on, table in enumerate(tables)}
        ranked_table(goals).to_csv(tmp_path / "ranked.csv", index=False)
        expected = advised([*goals.values()], margins_of(MARGINS, "accuracy", "test"))
        assert read_advised(tmp_path / "ranked.csv", MARGINS, "accuracy", "test") == expected
    assert expected == []


def test_the_best_replicate_is_that_on_validation_rows_and_none_that_diverged():
    table = replicates({4: np.array([0.5, 0.9, 0.9, 0.1]), 8: np.full(4, 0.95)}, "validation_accuracy")
    table["validation_loss"] = np.where(table["batch_size"] == 4, [math.nan, 3, 1, 2] * 2, 0.1)
    assert best_replicate(table, Setting(4, 0.1), "accuracy") == 1
    assert best_replicate(table, Setting(4, 0.1), "loss") == 2


def test_settings_with_different_numbers_of_trainings_are_ranked_by_their_own():
    many, few = np.linspace(-0.003, 0.003, 30), np.linspace(-0.003, 0.003, 8)
    table = replicates(
        {4: 0.7 + many, 8: 0.82 + few, 16: 0.9 + few[:4], 32: np.where(np.arange(20) < 3, math.nan, 0.95)}
    )
    for paired in (True, False):
        found = rank(Trainings(table, paired=paired), "test_accuracy", 0.01, seed=0).set_index("batch_size")
        assert found["replicates"].to_dict() == {4: 30, 8: 8, 16: 4, 32: 20}
        assert found["diverged"].to_dict() == {4: 0, 8: 0, 16: 0, 32: 3}
        assert found.loc[4, "mean"] == pytest.approx(0.7)
        # Four trainings decide nothing, though they are the best so far.
        assert found["verdict"].to_dict() == {8: "best", 4: "worse", 16: "few", 32: "diverged"}
        without = rank(Trainings(table[table["batch_size"] != 16], paired=paired), "test_accuracy", 0.01, seed=0)
        assert verdicts(without) == {8: "best", 4: "worse", 32: "diverged"}


def test_of_trainings_that_are_not_paired_the_difference_is_that_of_the_means():
    random = np.random.default_rng(0)
    shared = random.normal(0, 0.05, 30)
    table = replicates({4: 0.80 + shared, 8: 0.79 + shared})
    assert verdicts(rank(Trainings(table), "test_accuracy", math.nan, seed=0)) == {4: "best", 8: "worse"}
    found = rank(Trainings(table, paired=False), "test_accuracy", math.nan, seed=0)
    assert verdicts(found) == {4: "best", 8: "undecided"}
    row = found.iloc[1]
    assert row["difference"] == pytest.approx(-0.01)
    welch = stats.ttest_ind(0.79 + shared, 0.80 + shared, equal_var=False).confidence_interval()
    assert row["difference_low"] <= welch.low < welch.high <= row["difference_high"]
    assert row["difference_low_on_these_rows"] == row["difference_low"]
    assert 100 < row["more_replicates"] < 1000
    assert math.isnan(row["more_rows"])
    wide = rank(Trainings(table, paired=False), "test_accuracy", 0.1, seed=0)
    assert verdicts(wide) == {4: "best", 8: "equivalent"}


def test_the_advice_is_there_for_samples_too():
    table = replicates({4: 0.7 + NOISE, 8: 0.816 - NOISE[:8], 16: 0.822 + NOISE})
    table["epochs_to_target"] = table["batch_size"].map({4: 5.0, 8: 20.0, 16: 10.0})
    assert advise(Trainings(table, paired=False)) == [Setting(16, 0.1), Setting(8, 0.1)]
