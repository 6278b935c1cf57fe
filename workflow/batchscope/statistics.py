"""Estimates with intervals, and tests, for values of replicates. The libraries do the statistics."""

import math
from typing import NamedTuple

import numpy as np
from scipy import stats
from statsmodels.duration.survfunc import SurvfuncRight

# The fewest values that decide anything: with fewer a permutation test of signs cannot reach a p value of 0.05, and
# intervals are too narrow.
FEWEST = 6


class Estimate(NamedTuple):
    """A mean, its 95 % interval, its 90 % interval (for equivalence), and how many values are behind it."""

    estimate: float
    low: float
    high: float
    low_90: float
    high_90: float
    values: int


def estimate_mean(values: np.ndarray, seed: int) -> Estimate:
    """The mean of values (n,) and its bootstrap intervals (BCa; Efron 1987). NaN are left out.

    There is no interval of fewer than two values, and none of width above 0 where all are equal.
    """
    values = np.asarray(values, float)
    values = values[~np.isnan(values)]
    count = len(values)
    if count == 0:
        return Estimate(*[math.nan] * 5, 0)
    mean = values.mean()
    if count == 1:
        return Estimate(mean, *[math.nan] * 4, 1)
    if np.ptp(values) == 0:
        return Estimate(*[mean] * 5, count)
    generator = np.random.default_rng(seed)
    wide = stats.bootstrap((values,), np.mean, method="BCa", confidence_level=0.95, rng=generator)
    narrow = stats.bootstrap(
        (values,), np.mean, method="BCa", confidence_level=0.9, n_resamples=0, bootstrap_result=wide
    )
    return Estimate(mean, *wide.confidence_interval, *narrow.confidence_interval, count)


def paired_p_value(differences: np.ndarray, seed: int) -> float:
    """The two-sided p value of a permutation test of paired differences (n,): is their mean 0?

    Under the null hypothesis each difference has either sign with the same probability. All signs are tried where there
    are fewer than 10,000 ways, else as many at random.
    """
    if len(differences) < 2:
        return math.nan
    if not np.any(differences):
        return 1.0  # whatever the signs
    test = stats.permutation_test(
        (differences,),
        lambda values, axis: np.mean(values, axis=axis),
        permutation_type="samples",
        vectorized=True,
        rng=np.random.default_rng(seed),
    )
    return float(test.pvalue)


def superiority(values: np.ndarray, reference: np.ndarray) -> float:
    """The share of pairs in which the value is above the reference; a tie counts half."""
    if len(values) == 0:
        return math.nan
    return float(np.mean(values > reference) + np.mean(values == reference) / 2)


def median_time(times: np.ndarray, horizon: np.ndarray) -> tuple[float, float, float]:
    """The median of right-censored times with its 95 % interval (Kaplan and Meier 1958, log-log interval).

    Args:
        times: (n,), infinite where the end was not seen.
        horizon: (n,), how long each was watched.

    Infinite where most were not seen to end.
    """
    seen = np.isfinite(times)
    if not seen.any():
        return math.inf, math.inf, math.inf
    curve = SurvfuncRight(np.where(seen, times, horizon), seen)
    median = curve.quantile(0.5)
    low, high = curve.quantile_ci(0.5) if len(np.unique(times)) > 1 else (median, median)
    return tuple(math.inf if math.isnan(value) else float(value) for value in (median, low, high))
