"""Statistics of settings whose trainings are pairs: replicate r of all of them has the same seed.

`batchscope.evidence.unpaired` has the same functions for settings that share none. Values are (settings, trainings,
rows), NaN where a setting has no such replicate, or one that diverged. Only pairs that are whole count.
"""

import math

import numpy as np
from scipy import stats

from batchscope.evidence.crossed import (
    estimate_both,
    estimate_mean,
    estimate_means,
    means_and_parts,
    not_worse_than,
    superiority,
)
from batchscope.evidence.power import MOST_MORE, variance_that_decides
from batchscope.evidence.studentised import Estimate

__all__ = ["not_worse_than", "superiority"]  # as they are

_MOST_MORE_ROWS = 10_000_000


def difference(one: np.ndarray, other: np.ndarray, seed: int, null: float = 0.0) -> Estimate:
    """The mean difference between values (trainings, rows), with the p value of its being `null`."""
    return estimate_mean(one - other, seed, null)


def difference_both(one: np.ndarray, other: np.ndarray, seed: int) -> tuple[Estimate, Estimate]:
    """For new rows, with the wider of both intervals, and over trainings alone."""
    return estimate_both(one - other, seed)


def differences(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """The differences of the pairs, (trainings, rows)."""
    return one - other


def differences_from(values: np.ndarray, references: np.ndarray, seed: int) -> tuple[list[Estimate], np.ndarray]:
    """The mean differences of settings from their reference, and the p values of these being 0, adjusted for their
    number; NaN where there are fewer than two pairs.

    Args:
        values, references: (settings, trainings, rows); the reference is the same setting, but times may be restricted
            pair by pair.
    """
    return estimate_means(values - references, seed)


def rank_correlation(values: np.ndarray, sizes: list[int], seed: int, null: float = 0.0) -> Estimate:
    """The mean over replicates of the rank correlation of the values with the batch sizes of their settings."""
    return estimate_mean(rank_correlations(values, sizes), seed, null)


def rank_correlations(values: np.ndarray, sizes: list[int]) -> np.ndarray:
    """Kendall's tau-b of each replicate (trainings,), and 0 where all its values are the same."""
    return np.array([_rank_correlation(sizes, each) for each in values[..., 0].T])


def _rank_correlation(sizes: list[int], values: np.ndarray) -> float:
    if np.isnan(values).any():
        return math.nan
    return 0.0 if np.ptp(values) == 0 else stats.kendalltau(sizes, values).statistic


def correlation(one: np.ndarray, other: np.ndarray) -> float:
    """That of pairs (pairs,), which pairing takes off the variance; NaN of fewer than three, and without spread."""
    if len(one) < 3 or np.ptp(one) == 0 or np.ptp(other) == 0:
        return math.nan
    return float(np.corrcoef(one, other)[0, 1])


def sound(values: np.ndarray) -> np.ndarray:
    """Of values (settings, trainings) those of pairs that are whole, (settings, pairs)."""
    return values[:, ~np.isnan(values).any(axis=0)]


def share(events: np.ndarray) -> float:
    """The share of pairs of which all are so.

    Args:
        events: (trainings, settings), 1 or 0, NaN where a setting has no such replicate.
    """
    pairs = sound(events.T)
    return float(pairs.all(axis=0).mean()) if pairs.size else math.nan


def lost(diverged: np.ndarray) -> int:
    """The pairs of which any diverged (trainings, settings)."""
    return int(sound(diverged.T).any(axis=0).sum())


def more_to_decide(one: np.ndarray, other: np.ndarray, margin: float, critical: float) -> tuple[float, float]:
    """How many more trainings, or how many more rows, would decide with a power of 80 %; infinite where none would.

    Args:
        one, other: (trainings, rows).
        margin, critical: see `batchscope.evidence.power.variance_that_decides`.

    The standard error that this takes follows from the parts of the variance: those of trainings fall with trainings,
    those of rows with rows, their interaction with both.
    """
    pairs = one - other
    [size], parts = means_and_parts(pairs[None])
    count, rows = np.sum(~np.isnan(pairs).all(axis=1)), pairs.shape[1]
    enough = variance_that_decides(size, margin, critical)
    interaction = parts.interaction[0]
    of_trainings, of_rows = (max(part[0] - interaction, 0) for part in (parts.trainings, parts.rows))
    more = []
    for number, falls, stays, most in (
        (count, of_trainings + interaction, of_rows, MOST_MORE),
        (rows, of_rows + interaction, of_trainings, _MOST_MORE_ROWS),
    ):
        room = enough - stays
        needed = math.ceil(number * falls / room) - number if room > 0 else math.inf
        more.append(max(needed, 1) if needed <= most else math.inf)
    return more[0], more[1] if rows > 1 else math.nan
