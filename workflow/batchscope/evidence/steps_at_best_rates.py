"""How many updates batch sizes take to a result at their best learning rates, as measured and in samples of replicates.

The rate is chosen anew in every sample, so that what choosing is worth shows in how the samples differ.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd

from batchscope.evidence.studentised import DRAWS, FEWEST


class Best(NamedTuple):
    """A batch size at its best learning rate; medians are over replicates, and infinite where most never get there."""

    batch_size: int
    learning_rate: float
    rates: np.ndarray  # those tried, (rates,)
    replicates: int
    reached: dict[str, float]  # part of the rows -> the share of the replicates that got there
    medians: dict[str, float]  # part of the rows -> updates
    samples: dict[str, np.ndarray]  # part of the rows -> updates, (samples,)
    sampled_rates: np.ndarray  # (samples,)


class _Medians(NamedTuple):
    """Medians, and the shares that got there, each (rates, samples)."""

    updates: np.ndarray
    reached: np.ndarray


def steps_at_best_rates(
    updates: dict[str, pd.DataFrame], chosen_on: str, paired: bool, seed: int, anew: bool = True
) -> Iterator[Best]:
    """Each batch size at its best learning rate, from the smallest.

    Args:
        updates: part of the rows -> the updates to the result: a row per setting, indexed by batch size and learning
            rate, and a column per replicate, as from `batchscope.evidence.steps_to_result.updates_to_result`.
        chosen_on: the part that rates are chosen on.
        paired: equal replicates are a pair, and drawn together, where no setting lacks any.
        seed: where the draws start from.
        anew: whether the rate is chosen anew in every sample; else that of all replicates is kept.

    The best rate has the lowest median, then the largest share that got there, then is the largest. A rate with fewer
    than 6 replicates takes no part where another one has more.
    """
    random = np.random.default_rng(seed)
    [*tables] = updates.values()
    together = None
    if paired and tables[0].notna().all(axis=None):
        together = _draw(random, tables[0].shape[1])
    for batch_size, of_rates in tables[0].groupby(level="batch_size"):
        counts = of_rates.notna().sum(axis=1)
        taken = counts.index[(counts >= FEWEST) | (counts.max() < FEWEST)]
        rates, counts = taken.get_level_values("learning_rate").to_numpy(), counts[taken].to_numpy()
        drawn = [_draw(random, count) if together is None else together for count in counts]
        measured, sampled = {}, {}
        for part, table in updates.items():
            times = [row[~np.isnan(row)] for row in table.loc[taken].to_numpy()]
            measured[part] = _medians([of_rate[None] for of_rate in times])
            sampled[part] = _medians([of_rate[places] for of_rate, places in zip(times, drawn)])
        [best] = _best(measured[chosen_on], rates)
        chosen = _best(sampled[chosen_on], rates) if anew else np.full(DRAWS, best)
        yield Best(
            int(batch_size),
            float(rates[best]),
            rates,
            int(counts[best]),
            {part: float(each.reached[best, 0]) for part, each in measured.items()},
            {part: float(each.updates[best, 0]) for part, each in measured.items()},
            {part: each.updates[chosen, np.arange(DRAWS)] for part, each in sampled.items()},
            rates[chosen],
        )


def _draw(random: np.random.Generator, count: int) -> np.ndarray:
    """The places of so many replicates drawn with replacement, (samples, replicates)."""
    return random.integers(count, size=(DRAWS, count))


def _medians(times: list[np.ndarray]) -> _Medians:
    """Of times (samples, replicates) of each rate."""
    ordered = [np.sort(each, axis=1) for each in times]  # on rows this short faster than np.median
    middles = [each[:, [(each.shape[1] - 1) // 2, each.shape[1] // 2]].mean(axis=1) for each in ordered]
    return _Medians(np.array(middles), np.array([np.isfinite(each).mean(axis=1) for each in times]))


def _best(medians: _Medians, rates: np.ndarray) -> np.ndarray:
    """The place of the best rate, (samples,)."""
    larger_first = np.broadcast_to(-rates[:, None], medians.updates.shape)
    return np.lexsort((larger_first, -medians.reached, medians.updates), axis=0)[0]
