"""The statistics on data with known answers."""

import math

import numpy as np
import pytest
from scipy import stats

from batchscope.statistics import (
    estimate_mean,
    median_time,
    more_to_decide,
    not_worse_than,
    paired_p_value,
    superiority,
)

REPLICATES, STUDIES = 30, 400


def test_an_estimate_has_a_wide_and_a_narrow_interval_around_the_mean():
    estimate = estimate_mean(np.array([1.0, 2, 3, 4, math.nan]), seed=0)
    assert estimate.estimate == 2.5
    assert estimate.values == 4
    assert 1 <= estimate.low <= estimate.low_90 < 2.5 < estimate.high_90 <= estimate.high <= 4


def test_equal_values_have_an_interval_of_no_width():
    assert estimate_mean(np.full(5, 0.25), seed=0) == (*[0.25] * 5, 5)
    differences = np.array([0.81, 0.82, 0.85]) - np.array([0.80, 0.81, 0.84])  # equal but for rounding
    assert np.ptp(differences) > 0
    assert estimate_mean(differences, seed=0).low == estimate_mean(differences, seed=0).high


@pytest.mark.parametrize(("values", "mean"), [([], math.nan), ([math.nan], math.nan), ([2.0], 2.0)])
def test_fewer_than_two_values_have_no_interval(values, mean):
    estimate = estimate_mean(np.array(values), seed=0)
    assert np.array_equal(estimate.estimate, mean, equal_nan=True)
    assert math.isnan(estimate.low)
    assert math.isnan(estimate.high_90)


def test_the_same_seed_gives_the_same_interval():
    values = np.random.default_rng(0).normal(size=REPLICATES)
    assert estimate_mean(values, seed=1) == estimate_mean(values, seed=1)
    assert estimate_mean(values, seed=1).low != estimate_mean(values, seed=2).low


@pytest.mark.parametrize("distribution", ["normal", "exponential"])
def test_intervals_cover_the_mean_as_often_as_they_say(distribution):
    """Of 400 intervals of 95 % 91 % to 98 % cover, and of 90 % 85 % to 94 %; of skewed values a little fewer do."""
    random = np.random.default_rng(0)
    mean = 1.0 if distribution == "exponential" else 0.0
    estimates = [estimate_mean(getattr(random, distribution)(size=REPLICATES), seed=0) for _ in range(STUDIES)]
    wide = np.mean([estimate.low <= mean <= estimate.high for estimate in estimates])
    narrow = np.mean([estimate.low_90 <= mean <= estimate.high_90 for estimate in estimates])
    assert 0.91 <= wide <= 0.98
    assert 0.85 <= narrow <= 0.94


def test_equivalence_is_claimed_rarely_where_the_difference_is_the_margin():
    """The negative control. A bootstrap divides by n and knows no t distribution: 5 % are 5.8 % with 30 values."""
    random = np.random.default_rng(0)
    estimates = [estimate_mean(random.normal(size=REPLICATES), seed=0) for _ in range(2000)]
    expected = stats.t.sf(stats.norm.isf(0.05) * math.sqrt(1 - 1 / REPLICATES), REPLICATES - 1)
    assert 0.05 < expected < 0.06
    for claimed in ([each.high_90 < 0 for each in estimates], [each.low_90 > 0 for each in estimates]):
        assert abs(np.mean(claimed) - expected) < 3 * math.sqrt(expected * (1 - expected) / 2000)


def test_p_values_of_differences_around_zero_are_uniform():
    random = np.random.default_rng(0)
    p_values = np.array([paired_p_value(random.normal(size=REPLICATES), seed=0) for _ in range(STUDIES)])
    for level in (0.05, 0.2, 0.5):
        error = math.sqrt(level * (1 - level) / STUDIES)
        assert abs(np.mean(p_values <= level) - level) < 3 * error


def test_p_value_of_few_differences_is_exact():
    assert paired_p_value(np.array([1.0, 2, 3, 4]), seed=0) == 2 / 2**4
    assert paired_p_value(np.zeros(4), seed=0) == 1
    assert math.isnan(paired_p_value(np.array([1.0]), seed=0))


def test_superiority_counts_ties_half():
    assert superiority(np.array([1, 2, 3, 4]), np.array([0, 2, 5, 3])) == (2 + 0.5) / 4


def test_median_of_censored_times():
    """Of ten exponential times, watched until 2, the median does not depend on what happens later."""
    times = np.array([0.1, 0.3, 0.5, 0.6, 0.9, 1.2, 1.8, 2.5, 3.0, 9.0])
    seen = np.where(times > 2, math.inf, times)
    median, low, high = median_time(seen, np.full(10, 2.0))
    assert 0.9 <= median <= 1.2
    assert low < median < high
    assert median_time(seen, np.full(10, 2.0)) == (median, low, high)


def test_most_times_censored_have_no_median():
    median, low, _ = median_time(np.array([1.0, math.inf, math.inf, math.inf]), np.full(4, 5.0))
    assert math.isinf(median)
    assert low >= 1
    assert median_time(np.full(3, math.inf), np.full(3, 5.0)) == (math.inf,) * 3


def test_intervals_of_the_median_cover_it():
    """Exponential times of median ln 2, of which about a quarter are censored."""
    random = np.random.default_rng(0)
    covered = 0
    for _ in range(STUDIES):
        times = random.exponential(size=REPLICATES)
        _, low, high = median_time(np.where(times > 1.4, math.inf, times), np.full(REPLICATES, 1.4))
        covered += low <= math.log(2) <= high
    assert 0.90 <= covered / STUDIES <= 0.99


def stay(values: np.ndarray) -> set[int]:
    """The settings of values (replicates, settings), less being better, that are not shown worse than the best."""
    best = int(np.argmin(np.nanmean(values, axis=0)))
    return {*not_worse_than(best, lambda of, to: values[:, of] - values[:, [to]], values.shape, seed=0).tolist()}


@pytest.mark.parametrize("spreads", [np.ones(8), np.array([0.1, 0.1, 0.1, 0.1, 1, 1, 3, 10])], ids=["equal", "unequal"])
def test_all_that_are_equally_good_stay_in_19_of_20_studies(spreads):
    """Testing each of the others against the best at 5 % / 7 would lose one in about one study of eight."""
    random = np.random.default_rng(0)
    shared = random.normal(size=(STUDIES, REPLICATES, 1))
    studies = shared + spreads * random.normal(size=(STUDIES, REPLICATES, len(spreads)))
    share = np.mean([len(stay(study)) == len(spreads) for study in studies])
    assert share >= 0.95 - 2 * math.sqrt(0.05 * 0.95 / STUDIES)
    assert share < 1


def test_those_tied_for_the_best_stay_and_those_worse_leave():
    random = np.random.default_rng(0)
    studies = np.array([0, 0, 0, 1, 1.5, 3]) + random.normal(size=(STUDIES, REPLICATES, 6))
    kept = [stay(study) for study in studies]
    assert np.mean([{0, 1, 2} <= each for each in kept]) >= 0.95 - 2 * math.sqrt(0.05 * 0.95 / STUDIES)
    assert np.mean([5 in each for each in kept]) == 0
    assert np.mean([3 in each for each in kept]) < 0.5


def test_few_pairs_and_ties_decide_nothing():
    steps = np.arange(3.0)
    assert stay(np.tile(steps, (5, 1))) == {0, 1, 2}
    assert stay(np.tile(steps, (6, 1))) == {0}
    assert stay(np.zeros((30, 3))) == {0, 1, 2}
    missing = np.tile(steps, (30, 1))
    missing[5:, 2] = math.nan
    assert stay(missing) == {0, 2}


def test_as_many_more_replicates_as_are_said_decide_in_4_of_5_studies():
    random = np.random.default_rng(0)
    first = np.concatenate([np.full(15, 0.3 - 1), np.full(15, 0.3 + 1)])  # mean 0.3, standard deviation 1.017
    more = more_to_decide(first, math.nan, 0.05)
    studies = random.normal(0.3, first.std(ddof=1), (2000, REPLICATES + int(more)))
    assert np.mean(stats.ttest_1samp(studies, 0, axis=1).pvalue <= 0.05) == pytest.approx(0.8, abs=0.03)


def test_more_replicates_are_few_near_the_margin_and_never_absurd():
    values = np.concatenate([np.full(15, 0.3 - 1), np.full(15, 0.3 + 1)])
    shown = more_to_decide(values, math.nan, 0.05)
    assert more_to_decide(values, 1.0, 0.05) < shown  # inside the margin is shown sooner
    assert more_to_decide(values, 0.4, 0.05) == shown
    assert more_to_decide(values, math.nan, 0.01) > shown
    assert math.isinf(more_to_decide(values - values.mean() + 0.001, math.nan, 0.05))
    assert math.isinf(more_to_decide(np.zeros(30), math.nan, 0.05))
    assert more_to_decide(np.full(30, 0.5), math.nan, 0.05) == 1
