"""The statistics on data with known answers."""

import math

import numpy as np
import pytest
from scipy import stats

from batchscope.statistics import estimate_mean, median_time, paired_p_value, superiority

REPLICATES, STUDIES = 30, 400


def test_an_estimate_has_a_wide_and_a_narrow_interval_around_the_mean():
    estimate = estimate_mean(np.array([1.0, 2, 3, 4, math.nan]), seed=0)
    assert estimate.estimate == 2.5
    assert estimate.values == 4
    assert 1 <= estimate.low <= estimate.low_90 < 2.5 < estimate.high_90 <= estimate.high <= 4


def test_equal_values_have_an_interval_of_no_width():
    assert estimate_mean(np.full(5, 0.25), seed=0) == (*[0.25] * 5, 5)


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
