"""Best and usable learning rates by batch size."""

import math

import numpy as np
import pandas as pd
import pytest

from batchscope.evidence.claims import judge
from batchscope.evidence.rates import COLUMNS, add_usable_octaves, best_of_each_size, edges, map_rates
from batchscope.evidence.trainings import Trainings
from batchscope.study.setting import Setting
from tests.unit.tables import populations, replicates

COUNT = 8
NOISE = np.linspace(-0.02, 0.02, COUNT)


def table(scores: dict[float, dict[int, np.ndarray]], measure: str = "test_accuracy") -> pd.DataFrame:
    """Learning rate -> batch size -> the scores of its replicates; NaN where one diverged."""
    tables = [replicates(values, measure).assign(learning_rate=rate) for rate, values in scores.items()]
    return pd.concat(tables, ignore_index=True)


def octaves(scores: dict[float, dict[int, np.ndarray]], target: float = 0.8) -> pd.DataFrame:
    """Usable octaves, a row per replicate and a column per batch size."""
    added = add_usable_octaves(table(scores), "accuracy", target)
    of_each = added.groupby(["replicate", "batch_size"])["usable_octaves"]
    assert (of_each.nunique() <= 1).all()
    return of_each.first().unstack()


def mapped(scores: dict, score: str = "accuracy", part: str = "test", paired: bool = True, **more) -> pd.DataFrame:
    whole = add_usable_octaves(table(scores, f"test_{score}").assign(**more), score, 0.8)
    found = map_rates(Trainings(whole, paired=paired), score, 0.8, part, seed=0)
    assert list(found) == COLUMNS
    return found.set_index("batch_size")


def test_cells_meet_half_way_on_a_logarithmic_axis():
    np.testing.assert_allclose(edges(np.array([1, 4, 8])), [0.5, 2, math.sqrt(32), math.sqrt(128)])


def test_on_a_grid_of_octaves_usable_rates_are_counted_and_else_each_has_its_width():
    values = {rate: {4: np.array([score, 0.9])} for rate, score in ((0.1, 0.9), (0.2, 0.8), (0.4, 0.7), (0.8, 0.9))}
    np.testing.assert_allclose(octaves(values)[4], [3, 4])
    uneven = {rate: {4: np.array([score, 0.9])} for rate, score in ((1, 0.9), (4, 0.7), (8, 0.9))}
    np.testing.assert_allclose(octaves(uneven)[4], [2 + 1, 2 + 1.5 + 1])


def test_at_a_rate_at_which_a_replicate_diverged_nothing_is_usable():
    values = {rate: {4: np.array([0.9, 0.9])} for rate in (1, 2, 4)} | {8: {4: np.array([math.nan, 0.9])}}
    assert octaves(values)[4].tolist() == [3, 4]


def test_fewer_than_three_rates_schedules_and_replicates_that_lack_a_rate_have_no_width():
    two = {4: np.array([0.9, 0.9]), 8: np.array([0.9, 0.9])}
    one = {4: np.array([0.9]), 16: np.array([0.9])}
    found = octaves({1: two, 2: two, 4: one})
    assert found[4].tolist() == [3, pytest.approx(math.nan, nan_ok=True)]
    assert found[[8, 16]].isna().all(axis=None)
    schedule = table({rate: {4: np.array([0.9])} for rate in (1, 2, 4)}).assign(schedule="4x1_8x1")
    assert add_usable_octaves(schedule, "accuracy", 0.8)["usable_octaves"].isna().all()


def test_of_a_loss_less_is_usable():
    losses = table({rate: {4: np.array([rate])} for rate in (0.2, 0.4, 0.8, 1.6)}, "test_loss")
    assert set(add_usable_octaves(losses, "loss", 0.8)["usable_octaves"]) == {3}


def test_a_claim_about_usable_octaves_holds_though_some_diverged_at_a_single_rate():
    most = np.where(np.arange(COUNT) < 6, math.nan, 0.9)
    scores = {rate: {4: 0.9 + NOISE, 16: 0.9 + NOISE, 64: 0.9 + NOISE} for rate in (0.1, 0.2, 0.4)}
    scores[0.1] = {4: most, 16: 0.9 + NOISE, 64: 0.9 + NOISE}
    scores[0.8] = {4: np.full(COUNT, math.nan), 16: 0.7 + NOISE, 64: np.full(COUNT, 0.9)}
    whole = add_usable_octaves(table(scores), "accuracy", 0.8)
    claim = {"name": "c", "statement": "s", "measure": "usable_octaves"}
    claims = [
        claim | {"of": Setting(4, 0.1), "below": 3},
        claim | {"of": Setting(4, 0.1), "against": Setting(64, 0.1), "below": 0},
        claim | {"along": [Setting(size, 0.1) for size in (4, 16, 64)], "above": 0},
    ]
    judged = judge(claims, populations(whole), [], seed=0)
    assert judged["verdict"].tolist() == ["holds"] * 3
    assert judged["estimate"].tolist() == pytest.approx([2.25, 2.25 - 4, (6 + 2 * math.sqrt(2 / 3)) / 8])
    assert judged[["replicates", "diverged"]].to_numpy().tolist() == [[COUNT, 0]] * 3
    two = add_usable_octaves(table({rate: scores[rate] for rate in (0.1, 0.2)}), "accuracy", 0.8)
    assert judge(claims, populations(two), [], seed=0)["verdict"].tolist() == ["not measured"] * 3


def scores_of(best: dict[int, float]) -> dict[float, dict[int, np.ndarray]]:
    """At five octaves of rates, 0.1 less for each octave away from the best rate of a batch size."""
    return {
        rate: {size: 0.95 - 0.1 * abs(math.log2(rate / peak)) + NOISE for size, peak in best.items()}
        for rate in (1, 2, 4, 8, 16)
    }


def test_the_best_rate_of_each_batch_size_its_interval_and_what_is_usable():
    found = mapped(scores_of({4: 1, 16: 4, 64: 16}))
    assert found["learning_rate"].to_dict() == {4: 1, 16: 4, 64: 16}
    assert found["mean"].to_list() == pytest.approx([0.95] * 3)
    assert found["on_edge"].to_list() == ["lowest", "", "highest"]
    assert (found["learning_rate_low"] == found["learning_rate"]).all()  # every draw says the same
    assert found[["usable_low", "usable_high"]].to_numpy().tolist() == [[1, 2], [2, 8], [8, 16]]
    assert found["edge"].to_list() == ["lowest", "", "highest"]
    assert found["usable_octaves_mean"].to_list() == [2, 3, 2]
    assert (found["usable_octaves_low"] == found["usable_octaves_high"]).all()
    assert found[["rates", "replicates", "diverged_settings"]].to_numpy().tolist() == [[5, COUNT, 0]] * 3


@pytest.mark.parametrize("paired", [True, False])
def test_rates_that_are_as_good_are_all_in_the_interval(paired):
    noise = np.linspace(-0.02, 0.02, 20)
    random = np.random.default_rng(0)
    values = {rate: {4: 0.9 + random.permutation(noise)} for rate in (1, 2, 4)}
    row = mapped(values, paired=paired).loc[4]
    assert (row["learning_rate_low"], row["learning_rate_high"]) == (1, 4)
    few = {rate: {size: scores[:5] for size, scores in of_rate.items()} for rate, of_rate in values.items()}
    assert mapped(few, paired=paired)[["learning_rate_low", "learning_rate_high"]].isna().all(axis=None)


def test_pairs_are_drawn_together():
    """One rate is better by the same in all pairs, which two samples do not show."""
    shared = np.random.default_rng(0).normal(0.8, 0.05, 12)
    values = {rate: {4: shared + bonus} for rate, bonus in ((1, 0.0), (2, 0.001), (4, -0.3))}
    bounds = ["learning_rate_low", "learning_rate_high"]
    assert mapped(values).loc[4, bounds].tolist() == [2, 2]
    assert mapped(values, paired=False).loc[4, bounds].tolist() == [1, 2]


def test_a_rate_at_which_more_than_a_tenth_diverged_is_best_only_where_nothing_else_is_left():
    diverging = np.where(np.arange(COUNT) < 1, math.nan, 0.99)
    values = {1: {4: 0.9 + NOISE}, 2: {4: 0.85 + NOISE}, 4: {4: diverging}}
    row = mapped(values).loc[4]
    assert (row["learning_rate"], row["usable_high"], row["diverged_settings"]) == (1, 2, 1)
    assert row["edge"] == "lowest"
    assert row["usable_octaves_mean"] == pytest.approx(2 + 7 / 8)
    assert mapped({rate: {4: diverging - rate / 100} for rate in (1, 2, 4)}).loc[4, "learning_rate"] == 1
    gone = mapped({rate: {4: np.full(COUNT, math.nan)} for rate in (1, 2, 4)}).loc[4]
    assert gone[["learning_rate", "learning_rate_low", "mean", "usable_low"]].isna().all()
    assert (gone["on_edge"], gone["edge"], gone["usable_octaves_mean"], gone["diverged_settings"]) == ("", "", 0, 3)


def test_rates_are_chosen_on_validation_rows_and_used_on_test_rows():
    validation = np.tile(np.repeat([0.9, 0.5, 0.1], COUNT), 1)
    found = mapped(
        {rate: {4: 0.5 + rate / 10 + NOISE} for rate in (1, 2, 4)}, part="validation", validation_accuracy=validation
    )
    assert (found.loc[4, "learning_rate"], found.loc[4, "mean"], found.loc[4, "usable_low"]) == (
        1,
        pytest.approx(0.9),
        4,
    )


def test_batch_sizes_may_have_rates_of_their_own_and_those_with_two_are_left_out():
    one, other = scores_of({4: 4}), {rate * 2: of_rate for rate, of_rate in scores_of({8: 4}).items()}
    both = {rate: one.get(rate, {}) | other.get(rate, {}) for rate in {*one, *other}}
    both[1][16] = both[2][16] = np.full(COUNT, 0.9)
    assert mapped(both)["learning_rate"].to_dict() == {4: 4, 8: 8}


def test_the_best_setting_of_each_batch_size_in_a_summary():
    rows = [(4, 0.1, "constant", 10, 0, 0.8), (4, 0.2, "constant", 10, 1, 0.9), (4, 0.4, "constant", 10, 2, 0.95)]
    rows += [(4, 0.1, "4x1_8x1", 10, 0, 0.7), (8, 0.2, "constant", 10, 9, 0.3), (8, 0.1, "constant", 10, 9, 0.4)]
    columns = ["batch_size", "learning_rate", "schedule", "replicates", "diverged", "test_accuracy_mean"]
    summary = pd.DataFrame(rows, columns=columns)
    expected = [Setting(4, 0.2), Setting(4, 0.1, "4x1_8x1"), Setting(8, 0.1)]
    assert best_of_each_size(summary, "test_accuracy") == expected


def test_no_more_octaves_are_usable_than_were_tried():
    scores = [0.9] * 7 + [0.7]
    row = mapped({rate: {4: np.array(scores)} for rate in (1, 2, 4)}).loc[4]
    assert row["usable_octaves_mean"] == pytest.approx(3 * 7 / 8)
    assert 0 <= row["usable_octaves_low"] < row["usable_octaves_mean"] < row["usable_octaves_high"] == pytest.approx(3)
