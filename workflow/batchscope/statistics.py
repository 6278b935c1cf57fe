"""Estimates with intervals, and tests, for values of replicates. The libraries do the statistics."""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy import stats
from statsmodels.duration.survfunc import SurvfuncRight
from statsmodels.stats.power import TTestPower

LEVEL = 0.05
# The fewest values that decide anything: with fewer a permutation test of signs cannot reach a p value of 0.05, and
# intervals are too narrow.
FEWEST = 6
MOST_MORE = 10_000  # replicates that anyone would add
_FLIPS = 1999
_ROUNDING = 1e-9


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

    There is no interval of fewer than two values, and none of width above 0 where all are equal but for rounding.
    """
    values = np.asarray(values, float)
    values = values[~np.isnan(values)]
    count = len(values)
    if count == 0:
        return Estimate(*[math.nan] * 5, 0)
    mean = values.mean()
    if count == 1:
        return Estimate(mean, *[math.nan] * 4, 1)
    if np.ptp(values) <= _ROUNDING * np.abs(values).max():
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


def not_worse_than(
    best: int, differences: Callable[[np.ndarray, int], np.ndarray], shape: tuple[int, int], seed: int
) -> np.ndarray:
    """Of settings 0, 1, ..., those that are not shown worse than the one that came out best, itself among them.

    Args:
        best: the setting whose mean came out smallest.
        differences: of several settings from one, (replicates, several); NaN where a pair is missing.
        shape: how many replicates and settings there are.
        seed: where the signs start from.

    The best was chosen on the replicates that it is tested on, so any pair of settings might have become the tested one
    (the winner's curse). Therefore a setting leaves only where it is further from the best than the largest distance
    within any pair is by luck, at a level of 5 %: the signs of whole replicates are flipped at random, which keeps what
    settings share, and each time the largest distance is taken (Westfall and Young 1993). Then the same with those that
    are left, until none leaves. All that are truly best, ties included, stay together in at least 95 % of studies, as
    in a model confidence set (Hansen, Lunde and Nason 2011). A distance is the sum of the differences over the root of
    the sum of their squares, which orders as Student's t does.
    """
    signs = np.random.default_rng(seed).choice([-1.0, 1.0], (_FLIPS, shape[0]))
    kept = np.arange(shape[1])
    while len(kept) > 1:
        largest = np.zeros(_FLIPS)
        for place, one in enumerate(kept[:-1], start=1):
            distances = np.abs(signs @ _scaled(differences(kept[place:], one)))
            np.maximum(largest, distances.max(axis=1), out=largest)
        from_best = _scaled(differences(kept, best)).sum(axis=0) - _ROUNDING
        # The sorted luck says how many flips reach each distance; the data themselves count as one more.
        reached = _FLIPS - np.searchsorted(np.sort(largest), from_best)
        stay = (1 + reached) / (1 + _FLIPS) > LEVEL
        if stay.all():
            break
        kept = kept[stay]
    return kept


def _scaled(differences: np.ndarray) -> np.ndarray:
    """Each column over the root of the sum of its squares; what is missing counts nothing."""
    present = np.nan_to_num(differences)
    lengths = np.linalg.norm(present, axis=0)
    return present / np.where(lengths > 0, lengths, 1)


def more_to_decide(differences: np.ndarray, margin: float, level: float) -> float:
    """How many more paired differences than these (n,) would decide with a power of 80 %; infinite above 10,000.

    They decide by showing a difference as large as the measured one (t test at `level`), or that it is inside the
    margin on the nearer side (one-sided t test at 5 %), whichever takes fewer. Without a margin (NaN) only the first.
    """
    count, size, sd = len(differences), abs(np.mean(differences)), np.std(differences, ddof=1)
    ways = [(size, level, "two-sided")]
    if size < margin:
        ways.append((margin - size, LEVEL, "larger"))
    # Beyond an effect of 2 all need about as few, and the solver fails; of next to none it needs more than anyone has.
    effects = [(distance / sd if distance <= 2 * sd else 2, *test) for distance, *test in ways if distance > 0]
    needed = [
        TTestPower().solve_power(effect, power=0.8, alpha=alpha, alternative=alternative)
        for effect, alpha, alternative in effects
        if effect > 1 / MOST_MORE
    ]
    more = np.ceil(min(needed, default=math.inf)) - count
    return max(more, 1) if more <= MOST_MORE else math.inf
