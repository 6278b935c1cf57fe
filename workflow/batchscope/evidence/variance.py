"""Where the variance of a score comes from: the split, the initial weights, the order of the batches (Bouthillier
2021).
"""

import math

import numpy as np
import pandas as pd
from scipy import stats

from batchscope.study.setting import SETTING

SOURCES = ("split", "weights", "order")
INTERACTION = "interaction"
COLUMNS = [*SETTING, "source", "sd", "low", "high", "share", "trainings", "diverged"]


def decompose(trainings: pd.DataFrame, score: str) -> pd.DataFrame:
    """A row per setting and source of variance.

    Args:
        trainings: a row per setting and training, in which every split goes with all initial weights and all orders
            (the numbers of their seeds in `split`, `weights` and `order`), with `diverged` and the test score.
        score: `test_accuracy` or the like.

    The score is the sum of what split, weights and order do by themselves and of their interactions, all drawn at
    random (a crossed analysis of variance with one training per cell). `sd` is the standard deviation that a source
    makes, from mean squares, and 0 where these say less than nothing; `low` to `high` its 95 % interval by chi-squared
    with the degrees of freedom of Satterthwaite (1946). `share` is that of the variance. A setting at which a training
    diverged has none.
    """
    rows = []
    for setting, table in trainings.groupby(SETTING):
        shape = tuple(table[source].nunique() for source in SOURCES)
        scores = table.sort_values(list(SOURCES))[score].to_numpy().reshape(shape)
        lost = int(table["diverged"].sum())
        components = _components(scores) if lost == 0 else dict.fromkeys((*SOURCES, INTERACTION), (math.nan,) * 3)
        total = sum(variance for variance, *_ in components.values())
        for source, variances in components.items():
            share = variances[0] / total if total > 0 else math.nan
            sds = dict(zip(("sd", "low", "high"), np.sqrt(variances)))
            of_setting = {"source": source, **sds, "share": share, "trainings": len(table), "diverged": lost}
            rows.append(dict(zip(SETTING, setting)) | of_setting)
    return pd.DataFrame(rows, columns=COLUMNS)


def _components(scores: np.ndarray) -> dict[str, tuple[float, float, float]]:
    """Source -> its variance and the bounds of that, of scores (splits, weights, orders)."""
    squares, freedom = _mean_squares(scores)
    sizes = scores.shape
    components = {}
    combined = {}  # set of axes -> factor of its mean square, in the sum of the interactions
    for axis, source in enumerate(SOURCES):
        others = [other for other in range(3) if other != axis]
        per_level = math.prod(sizes[other] for other in others)
        signs = {(axis,): 1, tuple(sorted((axis, others[0]))): -1, tuple(sorted((axis, others[1]))): -1, (0, 1, 2): 1}
        components[source] = _variance({key: sign / per_level for key, sign in signs.items()}, squares, freedom)
    for pair, left in (((0, 1), 2), ((0, 2), 1), ((1, 2), 0)):
        combined[pair] = 1 / sizes[left]
    combined[0, 1, 2] = 1 - sum(combined.values())
    components[INTERACTION] = _variance(combined, squares, freedom)
    return components


def _mean_squares(scores: np.ndarray) -> tuple[dict[tuple, float], dict[tuple, int]]:
    """Set of axes -> the mean square of their effect, and its degrees of freedom."""
    squares, freedom = {}, {}
    for key in ((0,), (1,), (2,), (0, 1), (0, 2), (1, 2), (0, 1, 2)):
        effect = scores
        for axis in range(3):
            mean = effect.mean(axis=axis, keepdims=True)
            effect = effect - mean if axis in key else mean
        freedom[key] = math.prod(scores.shape[axis] - 1 for axis in key)
        squares[key] = np.sum(np.broadcast_to(effect, scores.shape) ** 2) / freedom[key]
    return squares, freedom


def _variance(factors: dict[tuple, float], squares: dict, freedom: dict) -> tuple[float, float, float]:
    """A variance that is a sum of mean squares with these factors, and its 95 % interval."""
    parts = {key: factor * squares[key] for key, factor in factors.items()}
    variance = sum(parts.values())
    if variance <= 0:
        return 0.0, 0.0, 0.0
    degrees = variance**2 / sum(part**2 / freedom[key] for key, part in parts.items())
    return variance, *(degrees * variance / stats.chi2.ppf(share, degrees) for share in (0.975, 0.025))
