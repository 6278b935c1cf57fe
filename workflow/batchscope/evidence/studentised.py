"""What follows from how far a statistic lies from the truth by luck, in its own standard errors (Hall 1992).

Luck is what resamples show: a statistic of each, less what was measured, in the standard error of that resample. NaN
stands where a resample has no spread. Nothing is ever surer than Student's t has it.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy import special

LEVEL = 0.05
# The fewest trainings that decide anything; how often the intervals of as few cover stands in `docs/methods.md`.
FEWEST = 6
DRAWS = 999
ROUNDING = 1e-9
_BEYOND_DOUBT = 0.001


class Estimate(NamedTuple):
    """A statistic, its 95 % interval, its 90 % interval (for equivalence), the p value of its being 0 or another
    number, and the trainings behind it.
    """

    estimate: float
    low: float
    high: float
    low_90: float
    high_90: float
    p_value: float
    values: int

    def wider(self, other: "Estimate") -> "Estimate":
        """With the further of both bounds, and the larger p value; NaN where one is missing."""
        low, low_90 = (min(getattr(self, name), getattr(other, name)) for name in ("low", "low_90"))
        high, high_90 = (max(getattr(self, name), getattr(other, name)) for name in ("high", "high_90"))
        return self._replace(
            low=low, high=high, low_90=low_90, high_90=high_90, p_value=max(self.p_value, other.p_value)
        )


def without_interval(measured: float, count: int) -> Estimate:
    """What so few trainings say that they show no spread."""
    return Estimate(measured, *[math.nan] * 5, count)


def estimate_by_luck(
    measured: float, error: float, freedom: float, luck: np.ndarray, null: float, count: int
) -> Estimate:
    """What was measured with intervals of the studentised bootstrap, and the p value of its being `null`.

    Args:
        error, freedom: its standard error, and the degrees of freedom of that.
        luck: (draws,); none leaves Student's t alone.
        count: the trainings behind it.

    Each side has its own critical value, as skewed values need.
    """
    # What lies too high by luck says how far below the measured the truth may be.
    low, low_90 = (measured - error * critical(luck, level, freedom) for level in (LEVEL / 2, LEVEL))
    high, high_90 = (measured + error * critical(-luck, level, freedom) for level in (LEVEL / 2, LEVEL))
    distance = (measured - null) / error
    p = min(1.0, 2 * p_value(abs(distance), np.sign(distance) * luck, freedom))
    return Estimate(measured, low, high, low_90, high_90, p, count)


def adjust(reached: np.ndarray, luck: np.ndarray, freedom: np.ndarray) -> np.ndarray:
    """The p values of several statistics (n,), adjusted for their number.

    In every resample the one of luck (n, draws) that is furthest from what was measured, in standard errors, counts for
    all, so that what they share is kept; then the same without the one that is furthest from 0, and so on (Westfall and
    Young 1993; Romano and Wolf 2005).
    """
    luck = np.abs(luck)
    adjusted, at_least, order = np.empty(len(reached)), 0.0, np.argsort(-reached, kind="stable")
    for place, index in enumerate(order):
        largest = np.fmax.reduce(luck[order[place:]], axis=0)
        adjusted[index] = at_least = max(at_least, p_value(reached[index], largest, freedom[index], sides=2))
    return adjusted


def confidence_set(
    settings: int, distances: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray, np.ndarray]]
) -> tuple[np.ndarray, float]:
    """Of settings 0, 1, ..., those that are not shown worse than the one that came out best.

    Args:
        distances: of settings that are left, how far each is from the best in standard errors, NaN where that is not
            known; the degrees of freedom of these; and how far the furthest pair of them is by luck (draws,).

    Returns:
        The settings, and from how many standard errors on one of them would be worse.

    The best was chosen on the trainings that it is tested on, so any pair of settings might have become the tested one
    (the winner's curse). Therefore a setting leaves only where it is further from the best than the furthest pair is by
    luck, at a level of 5 %. Then the same with those that are left, until none leaves. All that are truly best, ties
    included, stay together in at least 95 % of studies, as in a model confidence set (Hansen, Lunde and Nason 2011).

    Of hundreds of settings some train well at times and else not at all, and luck reaches so far with them that it
    would hide all others. So a setting also leaves that Student's t has as worse at a level of 0.1 % for all pairs
    together (Bonferroni).
    """
    kept, worse_from = np.arange(settings), math.nan
    while len(kept) > 1:
        reached, freedom, luck = distances(kept)
        worse_from = critical(luck, LEVEL, np.nanmax(freedom), sides=2)
        worse = np.array([p_value(each, luck, of_each, sides=2) <= LEVEL for each, of_each in zip(reached, freedom)])
        worse |= 2 * _beyond(reached, freedom) * math.comb(len(kept), 2) <= _BEYOND_DOUBT
        if not worse.any():
            break
        kept = kept[~worse]
    return kept, worse_from


def in_errors(means: np.ndarray, errors: np.ndarray) -> np.ndarray:
    """Means in standard errors from 0; infinite where there is no error, 0 where the mean is none but for rounding."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(np.abs(means) <= ROUNDING, 0.0, np.abs(means) / errors)


def p_value(reached: float, luck: np.ndarray, freedom: float, sides: int = 1) -> float:
    """How often luck reaches as far, what was measured among it; at least the p value of Student's t."""
    known = luck[~np.isnan(luck)]
    by_luck = (1 + np.sum(known >= reached)) / (1 + len(known)) if len(known) else 0.0
    return float(np.maximum(by_luck, sides * _beyond(reached, freedom)))


def critical(luck: np.ndarray, level: float, freedom: float, sides: int = 1) -> float:
    """How far luck reaches at a level; at least as far as Student's t."""
    known = luck[~np.isnan(luck)]
    by_luck = np.quantile(known, 1 - level, method="higher") if len(known) else 0.0
    return float(max(by_luck, -special.stdtrit(freedom, level / sides)))


def _beyond(reached: float | np.ndarray, freedom: float | np.ndarray) -> float | np.ndarray:
    """How often Student's t is larger; as `scipy.stats.t` has it, which takes thirty times as long to begin."""
    return special.stdtr(freedom, -reached)
