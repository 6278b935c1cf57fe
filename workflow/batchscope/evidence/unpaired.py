"""Statistics of settings whose trainings share nothing: any training of one may stand beside any of another.

The functions are those of `batchscope.evidence.paired`. Values are (settings, trainings, 1), as nothing is known of
single rows; NaN where a setting has no such replicate, or one that diverged. Settings may have different numbers of
trainings, and spread differently.

Trainings are resampled within each setting, and what a statistic moves by is measured in the standard error of every
resample, as in `batchscope.evidence.studentised`. A variance is the sum of what the settings contribute, so it has the
degrees of freedom of Welch (1947) and Satterthwaite (1946).
"""

import math
from bisect import bisect_left
from collections.abc import Callable, Iterable
from functools import lru_cache, partial

import numpy as np

from batchscope.evidence.power import MOST_MORE, variance_that_decides
from batchscope.evidence.studentised import (
    DRAWS,
    FEWEST,
    ROUNDING,
    Estimate,
    adjust,
    confidence_set,
    estimate_by_luck,
    in_errors,
    without_interval,
)

# Of each setting how much every training weighs in each draw, (draws, trainings); they add up to 1.
_Weights = list[np.ndarray]
# Of samples and weights a statistic (draws,), and what each setting contributes to its variance (settings, draws).
_Statistic = Callable[[list[np.ndarray], _Weights], tuple[np.ndarray, np.ndarray]]


def difference(one: np.ndarray, other: np.ndarray, seed: int, null: float = 0.0) -> Estimate:
    """The difference of the means of values (trainings, 1), with the p value of its being `null`.

    Its interval is never narrower than that of Welch (1947), which stands alone where a setting has fewer than 6
    trainings. `values` are those of the smaller sample.
    """
    return _estimate(sound(np.stack([one, other])[..., 0]), _difference, seed, null)


def difference_both(one: np.ndarray, other: np.ndarray, seed: int) -> tuple[Estimate, Estimate]:
    """The same twice, as there are no rows that could be new."""
    estimate = difference(one, other, seed)
    return estimate, estimate


def differences(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """The differences of all combinations, (combinations, 1)."""
    return np.subtract.outer(*sound(np.stack([one, other])[..., 0])).reshape(-1, 1)


def differences_from(values: np.ndarray, references: np.ndarray, seed: int) -> tuple[list[Estimate], np.ndarray]:
    """The differences of settings from their reference, and the p values of these being 0, adjusted for their number;
    NaN where there are fewer than two trainings of either.

    Args:
        values, references: (settings, trainings, 1); the reference is the same setting, but times may be restricted
            comparison by comparison.

    In every resample all settings are compared with the same trainings of the reference.
    """
    estimates = [difference(*pair, seed) for pair in zip(values, references)]
    tested, p_values = np.array([each.values >= 2 for each in estimates]), np.full(len(values), math.nan)
    if tested.any():
        p_values[tested] = _adjusted_p_values(values[tested], references[tested], seed)
    return estimates, p_values


def _adjusted_p_values(values: np.ndarray, references: np.ndarray, seed: int) -> np.ndarray:
    compared = [sound(pair) for pair in np.stack([values, references], axis=1)[..., 0]]
    measured, parts = _together(_difference(samples, _once(samples)) for samples in compared)
    places = [(place + 1, 0) for place in range(len(compared))]  # the reference has the same draws in all of them
    moved, parts_moved = _together(
        _difference(samples, _resampled(samples, seed, of)) for samples, of in zip(compared, places)
    )
    sizes = [[*map(len, samples)] for samples in compared]
    freedom = np.array([_freedom(part[:, 0], size) for part, size in zip(parts, sizes)])
    errors = np.sqrt(parts.sum(axis=1))
    luck = _luck(moved - measured, np.sqrt(parts_moved.sum(axis=1)), errors, np.nanmax(np.abs(values)))
    return adjust(in_errors(measured, errors)[:, 0], luck, freedom)


def not_worse_than(best: int, costs: np.ndarray, seed: int) -> tuple[np.ndarray, float]:
    """Of settings 0, 1, ..., those that are not shown worse than the one that came out best, itself among them.

    Args:
        best: the setting whose mean came out smallest.
        costs: (settings, trainings, 1), less being better.

    Returns:
        The settings, and from how many standard errors on one of them would be worse; see
        `batchscope.evidence.studentised.confidence_set`. A setting with a single training is never shown worse.
    """
    samples = sound(costs[..., 0])
    sizes, largest = np.array([*map(len, samples)]), np.nanmax(np.abs(costs))
    (means, parts), (moved, parts_moved) = (
        _together(_mean(*each) for each in zip(samples, weights))
        for weights in (_once(samples), _resampled(samples, seed, range(len(samples))))
    )
    moved = moved - means

    def distances(kept: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        errors = np.where(kept == best, 0.0, np.sqrt(parts[kept] + parts[best])[:, 0])
        freedom = [_freedom(parts[[each, best], 0], sizes[[each, best]]) for each in kept]
        furthest = np.full(DRAWS, math.nan)
        for place, one in enumerate(kept[:-1]):
            others = kept[place + 1 :]
            error, error_moved = (np.sqrt(of[others] + of[one]) for of in (parts, parts_moved))
            luck = np.abs(_luck(moved[others] - moved[one], error_moved, error, largest))
            furthest = np.fmax(furthest, np.fmax.reduce(luck, axis=0))
        return in_errors((means[kept] - means[best])[:, 0], errors), np.array(freedom), furthest

    return confidence_set(len(costs), distances)


def superiority(values: np.ndarray, reference: np.ndarray, seed: int) -> tuple[float, float, float]:
    """How often a training is above one of the reference, over all combinations, a tie counting half (Mann and Whitney
    1947); with the 95 % interval of the bootstrap, by percentiles. None with fewer than 6 trainings of either.
    """
    samples = sound(np.stack([values, reference])[..., 0])
    fewest = min(map(len, samples))
    if fewest == 0:
        return math.nan, math.nan, math.nan
    above = (_above(*samples) + 1) / 2
    if fewest < FEWEST:
        return float(above.mean()), math.nan, math.nan
    one, other = _resampled(samples, seed)
    return float(above.mean()), *np.quantile(np.sum((one @ above) * other, axis=1), [0.025, 0.975])


def rank_correlation(values: np.ndarray, sizes: list[int], seed: int, null: float = 0.0) -> Estimate:
    """The rank correlation with the batch size that is expected of one training drawn from each setting.

    It is the mean, over pairs of settings, of how often the training at the larger batch size has the larger value,
    less how often it has the smaller one: Kendall's tau-a of independent draws. The variance is that of what each
    training moves it by, its influence, as DeLong, DeLong and Clarke-Pearson (1988) have it of two settings.
    """
    return _estimate(sound(values[..., 0]), partial(_tau, sizes), seed, null)


def rank_correlations(values: np.ndarray, sizes: list[int]) -> np.ndarray:
    """None, as no training of one setting belongs to one of another."""
    return np.empty(0)


def correlation(one: np.ndarray, other: np.ndarray) -> float:
    """None, for the same reason."""
    return math.nan


def sound(values: np.ndarray) -> list[np.ndarray]:
    """Of values (settings, trainings) those that are there, (trainings,) for each setting."""
    return [of_setting[~np.isnan(of_setting)] for of_setting in values]


def share(events: np.ndarray) -> float:
    """The share of combinations of trainings of which all are so.

    Args:
        events: (trainings, settings), 1 or 0, NaN where a setting has no such replicate.
    """
    return float(np.prod([of_setting.mean() if len(of_setting) else math.nan for of_setting in sound(events.T)]))


def lost(diverged: np.ndarray) -> int:
    """The trainings that diverged (trainings, settings), of all settings."""
    return int(np.nansum(diverged))


def more_to_decide(one: np.ndarray, other: np.ndarray, margin: float, critical: float) -> tuple[float, float]:
    """How many more trainings of either setting would decide with a power of 80 %; infinite where none would.

    Args:
        one, other: (trainings, 1).
        margin, critical: see `batchscope.evidence.power.variance_that_decides`.

    More rows are no answer (NaN).
    """
    samples = sound(np.stack([one, other])[..., 0])
    enough = variance_that_decides(samples[0].mean() - samples[1].mean(), margin, critical)

    def decides(more: int) -> bool:
        return sum(sample.var(ddof=1) / (len(sample) + more) for sample in samples) <= enough

    needed = 1 + bisect_left(range(1, MOST_MORE + 1), True, key=decides)
    return needed if needed <= MOST_MORE else math.inf, math.nan


def _estimate(samples: list[np.ndarray], statistic: _Statistic, seed: int, null: float) -> Estimate:
    sizes = [*map(len, samples)]
    if min(sizes) == 0:
        return without_interval(math.nan, 0)
    [measured], parts = statistic(samples, _once(samples))
    if min(sizes) == 1:
        return without_interval(float(measured), 1)
    error, freedom = math.sqrt(parts.sum()), _freedom(parts[:, 0], sizes)
    largest = max(np.abs(sample).max() for sample in samples)
    if error <= ROUNDING * largest:
        return Estimate(*[float(measured)] * 5, float(abs(measured - null) <= ROUNDING), min(sizes))
    luck = np.empty(0)
    if min(sizes) >= FEWEST:
        moved, parts = statistic(samples, _resampled(samples, seed))
        luck = _luck(moved - measured, np.sqrt(parts.sum(axis=0)), error, largest)
    return estimate_by_luck(float(measured), error, freedom, luck, null, min(sizes))


def _difference(samples: list[np.ndarray], weights: _Weights) -> tuple[np.ndarray, np.ndarray]:
    (one, other), parts = _together(map(_mean, samples, weights))
    return one - other, parts


def _tau(sizes: list[int], samples: list[np.ndarray], weights: _Weights) -> tuple[np.ndarray, np.ndarray]:
    signs = np.sign(np.subtract.outer(sizes, sizes))
    pairs = np.abs(signs).sum() / 2
    of_settings = []
    for one, of_one in enumerate(samples):
        influences = sum(
            signs[one, other] * weights[other] @ _above(of_one, samples[other]).T
            for other in np.flatnonzero(signs[one])
        )
        of_settings.append(_mean(influences / pairs, weights[one]))
    halves, parts = _together(of_settings)  # every pair of settings is in the influences of both
    return halves.sum(axis=0) / 2, parts


def _above(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """1 where a value of one is above one of the other, -1 where it is below, 0 where they tie, (one, other)."""
    return np.sign(np.subtract.outer(one, other))


def _mean(values: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The mean of values (trainings,) or (draws, trainings) and its variance, (draws,); NaN of a single training."""
    count = weights.shape[1]
    means = (weights * values).sum(axis=1)
    variances = (weights * (values - means[:, None]) ** 2).sum(axis=1)
    return means, variances / (count - 1) if count > 1 else np.full(len(means), math.nan)


def _together(each: Iterable[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    """The first and the second of each, stacked."""
    first, second = zip(*each)
    return np.stack(first), np.stack(second)


def _freedom(parts: np.ndarray, sizes: list[int]) -> float:
    """The degrees of freedom of the sum of parts (settings,); infinite where there is none."""
    spread = np.sum(parts**2 / np.maximum(np.subtract(sizes, 1), 1))
    return parts.sum() ** 2 / spread if spread > 0 else math.inf


def _luck(moved: np.ndarray, errors: np.ndarray, measured: np.ndarray, largest: float) -> np.ndarray:
    """What resamples moved by in their own standard errors; NaN where these are rounding, given those measured."""
    least = np.maximum(1e-6 * measured, ROUNDING * largest)
    with np.errstate(invalid="ignore"):
        return moved / np.where(errors > least, errors, math.nan)


def _once(samples: list[np.ndarray]) -> _Weights:
    return [np.full((1, len(sample)), 1 / len(sample)) for sample in samples]


def _resampled(samples: list[np.ndarray], seed: int, places: Iterable[int] | None = None) -> _Weights:
    """Trainings drawn with replacement, those of each setting by themselves."""
    return [_drawn(seed, place, len(sample)) for place, sample in zip(places or range(len(samples)), samples)]


@lru_cache(maxsize=64)
def _drawn(seed: int, place: int, size: int) -> np.ndarray:
    return np.random.default_rng([seed, place]).multinomial(size, np.full(size, 1 / size), DRAWS) / size
