"""Studies of which the law of steps to a result is known: a noisy quadratic model, whose replicates scatter.

An update at learning rate a with batch size B makes a progress of a g - a^2 / 2 (h + s / B), so a result at a distance
D takes D over that. At the best a = g / (h + s / B) it is S_min (1 + B_crit / B), with S_min = 2 D h / g^2 and
B_crit = s / h (McCandlish et al. 2018). Here g = h = 1.
"""

import math

import numpy as np
import pandas as pd

from batchscope.evidence.scaling import fit
from batchscope.evidence.steps_to_result import HALFWAY

S_MIN, B_CRIT = 200.0, 64.0
BATCH_SIZES = 2 ** np.arange(1, 12, 2)
_RATES = 7  # at each batch size, around the best
_SHARED, _NEVER = 0.1, 0.01


def study(
    random: np.random.Generator, replicates: int, octaves: float, spread: float = 0.1, every: int = 2
) -> tuple[dict[str, pd.DataFrame], tuple[float, float]]:
    """The updates to the result as `batchscope.evidence.steps_to_result.tables` takes them, and S_min and B_crit of the
    rates tried, which are what more and more replicates come to.

    Args:
        octaves: between two learning rates, which are multiples of one drawn at random.
        spread: the standard deviation of log steps of a replicate by itself; one of 0.1 is shared by all its settings.
        every: the updates between two measurements; one replicate of a hundred never gets there.
    """
    first, shared = random.uniform(), random.normal(0, _SHARED, replicates)
    curvature = 1 + B_CRIT / BATCH_SIZES[:, None]
    exponents = np.rint(-np.log2(curvature) / octaves - first) + first + np.arange(_RATES) - _RATES // 2
    rates = 2 ** (octaves * exponents)  # (batch sizes, rates)
    progress = rates - rates**2 / 2 * curvature
    expected = np.where(progress > 0, S_MIN / 2 / np.where(progress > 0, progress, 1), math.inf)
    scatter = shared + random.normal(0, spread, (*rates.shape, replicates))
    updates = np.ceil(expected[..., None] * np.exp(scatter) / every) * every
    updates[random.random(updates.shape) < _NEVER] = math.inf
    settings = zip(np.repeat(BATCH_SIZES, _RATES), rates.ravel())
    index = pd.MultiIndex.from_tuples(settings, names=["batch_size", "learning_rate"])
    [fewest], [critical] = fit(np.log(expected.min(axis=1))[None], BATCH_SIZES)
    table = pd.DataFrame(updates.reshape(len(index), -1), index)
    return {"test": table, HALFWAY: table - every / 2}, (math.exp(fewest), math.exp(critical))
