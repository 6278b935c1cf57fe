"""Means over trainings and rows, which are crossed: every training is tested on the same rows, or on some of them.

Another study would draw other trainings and other rows, so both count as drawn at random. The variance of a mean is
what trainings and rows contribute, less what both count, which is their interaction (Cameron, Gelbach and Miller 2011;
of a complete table these are mean squares of the two-way analysis of variance). How far a mean lies from the truth by
luck, in such standard errors, is found by resampling trainings and rows (the pigeonhole bootstrap; Owen 2007). Its own
variance counts the interaction three times; measured in the standard error of every resample, as here, that cancels
(the studentised bootstrap; Hall 1992).

Values are (trainings, rows), or (trainings,) of what is no mean over rows. NaN stands where a training was not tested,
which is on all rows where it diverged.
"""

import math
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from batchscope.evidence.studentised import (
    DRAWS,
    FEWEST,
    LEVEL,
    ROUNDING,
    Estimate,
    adjust,
    confidence_set,
    estimate_by_luck,
    in_errors,
    without_interval,
)

_NUMBERS_AT_ONCE = 2**18  # of one array in a block of draws, as many as a processor's cache has room for
_DRAWS_AT_ONCE = 8  # or a multiple: BLAS rounds what is left over at the end of a block in another way


class Parts(NamedTuple):
    """Of the variance of means: what trainings and rows contribute, each with the interaction, and the interaction."""

    trainings: np.ndarray
    rows: np.ndarray
    interaction: np.ndarray

    @property
    def variance(self) -> np.ndarray:
        """Never less than what trainings alone or rows alone contribute."""
        both = self.trainings + self.rows - self.interaction
        return np.maximum(np.maximum(self.trainings, self.rows), both)

    def freedom(self, trainings: int | np.ndarray, rows: int) -> np.ndarray:
        """The degrees of freedom of the variance, of so many trainings behind each mean (Satterthwaite 1946)."""
        spread = self.trainings**2 / np.maximum(trainings - 1, 1) + self.rows**2 / max(rows - 1, 1)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(spread > 0, self.variance**2 / spread, np.inf)


def estimate_mean(values: np.ndarray, seed: int, null: float = 0.0, luck: np.ndarray | None = None) -> Estimate:
    """The mean of values with intervals of the studentised bootstrap, and the p value of its being `null`.

    Each side has its own critical value, as skewed values need (that of a difference near the margin is one), and none
    is less than Student's t, which stands alone where fewer than 6 trainings leave little to resample. There is no
    interval of fewer than two trainings, and none of width above 0 where all values are equal but for rounding. Only of
    rows that all are right, or at which no two settings differ, others may differ: as many as let none be seen.
    `luck` is that of all the values, as `_luck_of` has it, where it is known.
    """
    table = as_table(values)
    table = table[~np.isnan(table).all(axis=1)]
    count, rows = table.shape
    if count == 0:
        return without_interval(math.nan, 0)
    [mean], parts = means_and_parts(table[None])
    if count == 1:
        return without_interval(mean, 1)
    [error], [freedom] = np.sqrt(parts.variance), parts.freedom(count, rows)
    if error <= ROUNDING * np.nanmax(np.abs(table)):
        wide, narrow = (_unseen(table, level) for level in (LEVEL / 2, LEVEL))
        bounds = (mean - wide, mean + wide, mean - narrow, mean + narrow)
        bounds = np.clip(bounds, 0, 1) if wide and mean else bounds  # of an accuracy; a difference is 0
        return Estimate(mean, *bounds, float(abs(mean - null) <= wide + ROUNDING), count)
    if count < FEWEST:
        luck = np.empty(0)
    elif luck is None or count < len(values):
        luck = _luck_of(table, seed)
    return estimate_by_luck(mean, error, freedom, luck, null, count)


def estimate_both(values: np.ndarray, seed: int) -> tuple[Estimate, Estimate]:
    """For new rows, with the wider of both intervals, and over trainings alone; alike of what is no mean over rows."""
    of_rows = estimate_mean(values, seed)
    if values.shape[1] == 1:
        return of_rows, of_rows
    alone = estimate_mean(means_of_trainings(values), seed)
    return of_rows.wider(alone), alone


def means_and_parts(values: np.ndarray) -> tuple[np.ndarray, Parts]:
    """Of values (means, trainings, rows) the means, and the parts of their variances; none with a single training."""
    _, trainings, rows = values.shape
    resample = next(_resamples(values, np.ones((1, trainings)), np.ones((1, rows))))
    means, (of_trainings, of_rows) = resample.means[:, 0], (part[:, 0] for part in resample.variances())
    return means, Parts(of_trainings, of_rows, np.array([_interaction(table) for table in values]))


def estimate_means(values: np.ndarray, seed: int) -> tuple[list[Estimate], np.ndarray]:
    """Several means (means, trainings, rows), and the p value of each being 0, adjusted for their number.

    See `batchscope.evidence.studentised.adjust`. The p value is NaN where fewer than two trainings are behind a mean.
    """
    tested, p_values = _behind(values) >= 2, np.full(len(values), math.nan)
    luck = {place: _luck_of(values[place], seed) for place in np.flatnonzero(tested)}
    if luck:
        means, parts = means_and_parts(values[tested])
        freedom = parts.freedom(_behind(values[tested]), values.shape[2])
        p_values[tested] = adjust(in_errors(means, np.sqrt(parts.variance)), np.stack([*luck.values()]), freedom)
    return [estimate_mean(each, seed, luck=luck.get(place)) for place, each in enumerate(values)], p_values


def not_worse_than(best: int, costs: np.ndarray, seed: int) -> tuple[np.ndarray, float]:
    """Of settings 0, 1, ..., those that are not shown worse than the one that came out best, itself among them.

    Args:
        best: the setting whose mean came out smallest.
        costs: (settings, trainings, rows), less being better.

    Returns:
        The settings, and from how many standard errors on one of them would be worse; see
        `batchscope.evidence.studentised.confidence_set`.

    Where some settings lack some trainings, their means are over all that there are, and what two settings share
    cancels in the standard error of their difference.
    """

    def distances(kept: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        measured, interaction = _measured(costs[kept])
        differences = costs[kept] - costs[best]
        pairs, (_, parts) = _behind(differences), means_and_parts(differences)
        errors = _errors_of_differences(measured, interaction)[0]
        from_best = measured.means[:, 0] - measured.means[kept == best, 0]
        reached = in_errors(from_best, np.where(pairs > 1, errors[:, kept == best][:, 0], math.nan))
        luck = np.concatenate(list(_luck_of_pairs(costs[kept], seed)))
        return reached, parts.freedom(pairs, costs.shape[2]), luck

    return confidence_set(len(costs), distances)


def superiority(values: np.ndarray, reference: np.ndarray, seed: int) -> tuple[float, float, float]:
    """The share of trainings that are above their partner in the reference, a tie counting half; its 95 % interval.

    Values and reference are (trainings, rows), compared by their means over rows. The interval is the pigeonhole
    bootstrap's, by percentiles (Bouthillier et al. 2021 resample trainings alone); none with fewer than 6 pairs.
    """
    pair = np.stack([values, reference])
    pair = pair[:, ~np.isnan(pair).all(axis=2).any(axis=0)]
    count = pair.shape[1]
    if count == 0:
        return math.nan, math.nan, math.nan

    def shares(resample: _Resample) -> np.ndarray:
        one, other = resample.sums / resample.counts
        return np.einsum("br,rb->b", resample.trainings, (one > other) + (one == other) / 2) / count

    [share] = shares(next(_resamples(pair, np.ones((1, count)), np.ones((1, pair.shape[2])))))
    if count < FEWEST:
        return share, math.nan, math.nan
    return share, *np.quantile(np.concatenate([shares(each) for each in _random_resamples(pair, seed)]), [0.025, 0.975])


def means_of_trainings(values: np.ndarray) -> np.ndarray:
    """Of values (trainings, rows) the mean of each training over the rows that it was tested on, (trainings,)."""
    present = ~np.isnan(values)
    with np.errstate(invalid="ignore"):
        return np.where(present, values, 0).sum(axis=1) / present.sum(axis=1)


def as_table(values: np.ndarray) -> np.ndarray:
    """Values (trainings, rows), with one column of what is no mean over rows."""
    values = np.asarray(values, float)
    return values[:, None] if values.ndim == 1 else values


class _Resample(NamedTuple):
    """A block of draws: how often each counts every training (draws, trainings) and every row (draws, rows)."""

    trainings: np.ndarray
    rows: np.ndarray
    sums: np.ndarray  # of the values of each training over its rows, (means, trainings, draws)
    counts: np.ndarray  # of these rows, or what broadcasts to them
    sums_of_rows: np.ndarray  # of the values of each row over its trainings, (draws, means, rows)
    counts_of_rows: np.ndarray  # of these trainings, or what broadcasts to them
    behind: np.ndarray  # trainings with values behind each mean, (means,)

    @property
    def totals(self) -> np.ndarray:
        """How many values count, (means, draws)."""
        return np.einsum("br,krb->kb", self.trainings, np.broadcast_to(self.counts, self.sums.shape))

    @property
    def means(self) -> np.ndarray:
        """(means, draws); NaN where no value counts."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.einsum("br,krb->kb", self.trainings, self.sums) / self.totals

    def deviations(self) -> tuple[np.ndarray, np.ndarray]:
        """What each training (means, trainings, draws) and row (draws, means, rows) adds to the means."""
        means, totals = self.means, self.totals
        of_trainings = (self.sums - means[:, None] * self.counts) / totals[:, None]
        of_rows = (self.sums_of_rows - means.T[..., None] * self.counts_of_rows) / totals.T[..., None]
        return of_trainings, of_rows

    def variances(self) -> tuple[np.ndarray, np.ndarray]:
        """What trainings and rows contribute to the variances of the means, each (means, draws)."""
        of_trainings, of_rows = self.deviations()
        return (
            _unbiased(self.behind)[:, None] * np.einsum("br,krb->kb", self.trainings, of_trainings**2),
            _unbiased(self.rows.shape[1]) * np.einsum("bp,bkp->kb", self.rows, of_rows**2),
        )


def _unbiased(count: int | np.ndarray) -> np.ndarray:
    """n / (n - 1), and 0 of a single one, which shows no variance."""
    return np.where(np.greater(count, 1), count / np.maximum(np.subtract(count, 1), 1), 0.0)


def _behind(values: np.ndarray) -> np.ndarray:
    """How many trainings of values (means, trainings, rows) are behind each mean, (means,)."""
    return (~np.isnan(values)).any(axis=2).sum(axis=1)


def _resamples(values: np.ndarray, trainings: np.ndarray, rows: np.ndarray) -> Iterator[_Resample]:
    """The draws of given counts on values (means, trainings, rows), in blocks that fit into memory."""
    means, count, width = values.shape
    present = ~np.isnan(values)
    behind, filled, present = _behind(values), np.where(present, values, 0.0), present.astype(float)
    # Where nothing is missing, every training has all rows and every row all trainings.
    complete = present.all()
    block = max(1, _NUMBERS_AT_ONCE // (means * max(count, width) * _DRAWS_AT_ONCE)) * _DRAWS_AT_ONCE
    for start in range(0, len(trainings), block):
        of_trainings, of_rows = trainings[start : start + block], rows[start : start + block]
        yield _Resample(
            of_trainings,
            of_rows,
            sums=np.tensordot(filled, of_rows, axes=(2, 1)),
            counts=np.float64(width) if complete else np.tensordot(present, of_rows, axes=(2, 1)),
            sums_of_rows=np.tensordot(of_trainings, filled, axes=(1, 1)),
            counts_of_rows=np.float64(count) if complete else np.tensordot(of_trainings, present, axes=(1, 1)),
            behind=behind,
        )


def _random_resamples(values: np.ndarray, seed: int) -> Iterator[_Resample]:
    """Trainings and rows drawn with replacement; a single row is none that another could be drawn for."""
    return _resamples(values, *_random_counts(seed, *values.shape[1:]))


@lru_cache(maxsize=4)  # drawing takes longer than what is done with it
def _random_counts(seed: int, *sizes: int) -> list[np.ndarray]:
    """How often each of so many is drawn, (draws, size) for each size."""
    generator = np.random.default_rng(seed)
    return [generator.multinomial(size, np.full(size, 1 / size), DRAWS).astype(float) for size in sizes]


def _interaction(values: np.ndarray) -> float:
    """What trainings and rows together contribute to the variance of the mean of values (trainings, rows)."""
    residuals, freedom = _residuals(values)
    return float(np.sum(residuals**2) / freedom / np.sum(~np.isnan(values))) if freedom > 0 else 0.0


def _residuals(values: np.ndarray) -> tuple[np.ndarray, int]:
    """Values (trainings, rows) without the means of trainings and rows, 0 where missing; their degrees of freedom."""
    present = ~np.isnan(values)
    filled, counts = np.where(present, values, 0.0), (present.sum(axis=1), present.sum(axis=0))
    of_trainings, of_rows = (filled.sum(axis=1 - axis) / np.maximum(counts[axis], 1) for axis in (0, 1))
    total = present.sum()
    residuals = np.where(present, filled - of_trainings[:, None] - of_rows + filled.sum() / max(total, 1), 0.0)
    return residuals, total - np.sum(counts[0] > 0) - np.sum(counts[1] > 0) + 1 if total else 0


def _unseen(values: np.ndarray, level: float) -> float:
    """The share of other rows that may differ where none of these (trainings, rows) does; of right and wrong alone.

    With a larger share, one of these would have differed with a probability above 1 - level (Clopper and Pearson 1934).
    """
    present = values[~np.isnan(values)]
    if values.shape[1] == 1 or np.abs(present - np.rint(present)).max() > ROUNDING:
        return 0.0
    return 1 - level ** (1 / values.shape[1])


def _luck_of(values: np.ndarray, seed: int) -> np.ndarray:
    """How far the means of resamples lie above that of values (trainings, rows), in standard errors, (draws,).

    NaN where a resample has no spread, and so no standard error.
    """
    [mean], parts = means_and_parts(values[None])
    [least] = _least_error(values, np.sqrt(parts.variance))
    luck = []
    for resample in _random_resamples(values[None], seed):
        [errors] = np.sqrt(Parts(*resample.variances(), parts.interaction[:, None]).variance)
        luck.append((resample.means[0] - mean) / np.where(errors > least, errors, np.nan))
    return np.concatenate(luck)


def _luck_of_pairs(values: np.ndarray, seed: int) -> Iterator[np.ndarray]:
    """The same without sign of all differences between two means, of which the furthest counts, (draws,)."""
    one, other = np.triu_indices(len(values), k=1)
    measured, interaction = _measured(values)
    least = _least_error(values, _errors_of_differences(measured, interaction)[0])
    for resample in _random_resamples(values, seed):
        errors = _errors_of_differences(resample, interaction)
        moved = (resample.means - measured.means).T
        distances = np.abs(moved[:, :, None] - moved[:, None]) / np.where(errors > least, errors, np.nan)
        yield np.fmax.reduce(distances[:, one, other], axis=1)


def _measured(values: np.ndarray) -> tuple[_Resample, np.ndarray]:
    """What was measured, as the draw in which all count once, and the interactions of all differences of two means."""
    [*residuals], [freedom, *_] = zip(*map(_residuals, values))
    interaction = _of_differences(np.reshape(residuals, (1, len(values), -1)))[0]
    interaction = interaction / max(freedom, 1) / np.sum(~np.isnan(values[0]))
    return next(_resamples(values, *(np.ones((1, count)) for count in values.shape[1:]))), interaction


def _errors_of_differences(resample: _Resample, interaction: np.ndarray) -> np.ndarray:
    """The standard errors of all differences between two means, (draws, means, means)."""
    of_trainings, of_rows = resample.deviations()
    fewer = np.minimum(resample.behind[:, None], resample.behind)
    return np.sqrt(
        Parts(
            _unbiased(fewer) * _of_differences(of_trainings.transpose(2, 0, 1), resample.trainings),
            _unbiased(resample.rows.shape[1]) * _of_differences(of_rows, resample.rows),
            interaction,
        ).variance
    )


def _of_differences(deviations: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """Sums of squared differences between all deviations (draws, means, n), (draws, means, means)."""
    weighted = deviations if weights is None else deviations * weights[:, None]
    products = weighted @ deviations.transpose(0, 2, 1)
    squares = np.diagonal(products, axis1=1, axis2=2)
    return np.maximum(squares[:, :, None] + squares[:, None] - 2 * products, 0)


def _least_error(values: np.ndarray, errors: np.ndarray) -> np.ndarray:
    """What is a standard error rather than rounding, given those that were measured."""
    return np.maximum(1e-6 * errors, ROUNDING * np.nanmax(np.abs(values)))
