"""Medians of times with known answers."""

import math
from statistics import median

import numpy as np
import pytest
from scipy import stats

from batchscope.evidence.statistics import median_time

STUDIES = 400


@pytest.mark.parametrize("count", range(2, 41))
def test_the_median_is_exact_for_few_and_many_with_ties_and_where_some_were_not_reached(count):
    random = np.random.default_rng(count)
    times = random.integers(10, 30, count).astype(float)
    assert median_time(times)[0] == median(times)
    unseen = np.where(np.arange(count) < count // 3, math.inf, times)
    expected = median(sorted(unseen)) if count - count // 3 > count // 2 else math.inf
    assert median_time(unseen)[0] == expected


def test_medians_that_rounding_once_moved():
    assert median_time(np.array([35.0, 36, 36, 37]))[0] == 36
    assert median_time(np.array([12.0, 13] * 15))[0] == 12.5
    assert median_time(np.array([69.0, 70] * 15))[0] == 69.5


def test_most_times_unseen_have_no_median():
    assert median_time(np.array([1.0, 2, math.inf, math.inf]))[0] == math.inf
    assert median_time(np.full(8, math.inf)) == (math.inf,) * 3


def test_the_interval_is_that_of_the_binomial_distribution():
    """Of 30 the places 10 and 21: outside lies what 9 or fewer heads of 30 tosses have, on both sides."""
    _, low, high = median_time(np.arange(1.0, 31))
    assert (low, high) == (10, 21)
    assert 2 * stats.binom.cdf(9, 30, 0.5) <= 0.05 < 2 * stats.binom.cdf(10, 30, 0.5)
    assert math.isnan(median_time(np.arange(1.0, 6))[1])  # of five none is


@pytest.mark.parametrize("count", [6, 10, 30])
def test_intervals_of_the_median_cover_it(count):
    """Exponential times of median ln 2, of which about a quarter are not seen."""
    random = np.random.default_rng(0)
    covered = 0
    for _ in range(STUDIES):
        times = random.exponential(size=count)
        _, low, high = median_time(np.where(times > 1.4, math.inf, times))
        covered += low <= math.log(2) <= high
    assert covered / STUDIES >= 0.95 - 2 * math.sqrt(0.05 * 0.95 / STUDIES)
