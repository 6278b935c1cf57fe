"""How the updates to a result fall with the batch size: S = S_min (1 + B_crit / B).

S_min is the fewest updates, which no batch size goes below, and B_crit the critical batch size, which takes twice as
many (McCandlish et al. 2018; Shallue et al. 2019). In a noisy quadratic model an update at learning rate a with batch
size B makes a progress of a g - a^2 / 2 (h + s / B), so at the best a it takes S as above, with B_crit = s / h. At
B_crit / 10 and below it takes at most 10 % more than S_min B_crit / B, so twice the batch size takes half the updates
but for 10 %: perfect scaling. At 10 B_crit and above it takes at most 10 % more than S_min: no more to gain. What is
between has diminishing returns.
"""

import math
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

PERFECT, DIMINISHING, NO_MORE = "perfect scaling", "diminishing returns", "no more to gain"
REGIMES = (PERFECT, DIMINISHING, NO_MORE)
_FACTOR = 10
_BEYOND, _STEPS = 100, 600  # how far beyond the batch sizes B_crit is looked for, and in how many steps
# Of what choosing the best moves the samples by, the part that an interval moves by, and from which share of samples
# that never get there its end is not known.
_SHIFT, _NEVER = 0.5, 0.025


class Bounds(NamedTuple):
    """The ends of a 95 % and of a 90 % interval."""

    low: float
    high: float
    low_90: float
    high_90: float


def fit(log_updates: np.ndarray, batch_sizes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """log S_min and log B_crit by least squares on log S, each (fits,).

    Args:
        log_updates: (fits, batch sizes), finite.
        batch_sizes: (batch sizes,), three or more.

    Given B_crit the best log S_min is a mean, so one number is searched for: on a grid up to 100 times beyond the batch
    sizes, then by the parabola through the lowest point and its neighbours.
    """
    log_sizes = np.log(batch_sizes)
    grid, step = np.linspace(
        log_sizes.min() - math.log(_BEYOND), log_sizes.max() + math.log(_BEYOND), _STEPS, retstep=True
    )
    shapes = np.logaddexp(0, grid[:, None] - log_sizes)
    shapes -= shapes.mean(axis=1, keepdims=True)
    centred = log_updates - log_updates.mean(axis=1, keepdims=True)
    squares = (shapes**2).sum(axis=1) - 2 * centred @ shapes.T  # but for what all of a fit share
    lowest = np.clip(squares.argmin(axis=1), 1, _STEPS - 2)
    left, middle, right = (squares[np.arange(len(squares)), lowest + side] for side in (-1, 0, 1))
    bend = left - 2 * middle + right
    aside = np.divide(left - right, 2 * bend, out=np.zeros_like(bend), where=bend > 0)
    critical = grid[lowest] + step * np.clip(aside, -1, 1)
    return (log_updates - log_law(0.0, critical, batch_sizes)).mean(axis=1), critical


def log_law(fewest: np.ndarray | float, critical: np.ndarray, batch_sizes: np.ndarray) -> np.ndarray:
    """log S at batch sizes, (fits, batch sizes), of log S_min and log B_crit."""
    return np.expand_dims(fewest, -1) + np.logaddexp(0, critical[..., None] - np.log(batch_sizes))


def bounds(measured: float, samples: np.ndarray, replicates: int) -> Bounds:
    """The intervals of a number, which is a logarithm, by what it is in samples of so many replicates, (samples,).

    Student's t times the standard deviation of the samples, expanded by n / (n - 1) as a bootstrap of few is too narrow
    (Hesterberg 2015). Choosing the best of noisy medians flatters twice in a sample what it flatters once in the study;
    the interval moves the other way by half of that, which covers best in simulations (`docs/methods.md`). Where more
    than 2.5 % of the samples never get there it has no upper end, and its lower end is that of the samples.
    """
    known = samples[np.isfinite(samples)]
    if len(known) < (1 - _NEVER) * len(samples):
        low, low_90 = np.quantile(samples, [0.025, 0.05], method="lower")
        return Bounds(low, math.inf, low_90, math.inf)
    centre = measured - _SHIFT * (known.mean() - measured)
    error = known.std(ddof=1) * math.sqrt(replicates / (replicates - 1))
    wide, narrow = (error * stats.t.isf(level, replicates - 1) for level in (0.025, 0.05))
    return Bounds(centre - wide, centre + wide, centre - narrow, centre + narrow)


def read_quantities(path: str | Path) -> pd.DataFrame:
    """A table of fitted quantities from its file, where one that is not `refused` has an empty text for that."""
    return pd.read_csv(path, dtype={"refused": str}).fillna({"refused": ""})


def regime(batch_size: float, critical: float) -> str:
    """Where a batch size lies, of `REGIMES`, see above."""
    if batch_size <= critical / _FACTOR:
        return PERFECT
    return NO_MORE if batch_size >= critical * _FACTOR else DIMINISHING
