import math

import numpy as np
import pandas as pd
import pytest

from batchscope.evidence.steps_at_best_rates import Best, steps_at_best_rates


def updates(of_rates: dict[float, list[float]], batch_size: int = 8) -> pd.DataFrame:
    index = pd.MultiIndex.from_product([[batch_size], of_rates], names=["batch_size", "learning_rate"])
    return pd.DataFrame([*of_rates.values()], index)


def best(table: pd.DataFrame, **options) -> Best:
    [found] = steps_at_best_rates({"test": table}, "test", **{"paired": True, "seed": 0} | options)
    return found


def test_the_best_rate_has_the_lowest_median_then_gets_there_most_often_then_is_the_largest():
    assert best(updates({0.1: [10, 20, 30], 0.2: [10, 15, 90]})).learning_rate == 0.2
    assert best(updates({0.1: [10, 20, 30], 0.2: [10, 20, math.inf]})).learning_rate == 0.1
    assert best(updates({0.1: [10, 20, 30], 0.2: [15, 20, 30]})).learning_rate == 0.2


def test_a_rate_is_chosen_on_one_part_of_the_rows_and_reported_on_the_other():
    parts = {"test": updates({0.1: [5.0] * 6, 0.2: [7.0] * 6}), "validation": updates({0.1: [9.0] * 6, 0.2: [8.0] * 6})}
    [found] = steps_at_best_rates(parts, "validation", paired=True, seed=0)
    assert (found.learning_rate, found.medians) == (0.2, {"test": 7, "validation": 8})
    assert set(found.samples["test"]) == {7}


def test_the_rate_is_chosen_anew_in_every_sample_or_once():
    random = np.random.default_rng(0)
    table = updates({rate: [*random.normal(100, 10, 12)] for rate in (0.1, 0.2, 0.4)})
    anew, once = best(table), best(table, anew=False)
    assert set(anew.sampled_rates) == {0.1, 0.2, 0.4}
    assert set(once.sampled_rates) == {once.learning_rate}
    assert (anew.samples["test"] <= once.samples["test"]).all()
    assert (anew.samples["test"] < once.samples["test"]).any()


def test_pairs_are_drawn_together_and_what_lacks_some_or_is_unpaired_by_itself():
    times = np.random.default_rng(0).normal(100, 10, 12)
    table = pd.concat([updates({0.1: [*times]}, size) for size in (4, 8)])

    def are_equal(table, paired):
        one, other = steps_at_best_rates({"test": table}, "test", paired=paired, seed=0)
        return np.array_equal(one.samples["test"], other.samples["test"])

    assert are_equal(table, paired=True)
    assert not are_equal(table, paired=False)
    lacking = table.copy()
    lacking.iloc[0, 0] = math.nan
    assert not are_equal(lacking, paired=True)


def test_a_rate_with_too_few_replicates_takes_no_part_where_others_have_more():
    few = [1.0, 1.0, *[math.nan] * 4]
    found = best(updates({0.1: [9.0] * 6, 0.2: few}))
    assert (found.learning_rate, found.rates.tolist(), found.replicates) == (0.1, [0.1], 6)
    assert best(updates({0.1: [9.0] * 2, 0.2: few[:2]})).learning_rate == 0.2


def test_where_most_never_get_there_the_median_is_infinite():
    found = best(updates({0.1: [10, 20, *[math.inf] * 4]}))
    assert (found.medians["test"], found.reached["test"]) == (math.inf, pytest.approx(1 / 3))
