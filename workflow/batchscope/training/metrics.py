"""Metrics of classes beside accuracy, equal to scikit-learn's, of many replicates at once.

A metric is no mean over rows, but moves with each of them a little: by its influence function, which has mean 0 over
the rows and, divided by their number, the variance that other rows of the kind give the metric (Hampel 1974).
"""

from collections.abc import Callable

import numpy as np
from scipy.stats import rankdata

# A metric, and what gives the influence of each row on it: where only the metric is asked for, that takes no time.
Measured = tuple[np.ndarray, Callable[[], np.ndarray]]


def measure(metric: str, y: np.ndarray, outputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A metric of `batchscope.study.scores.METRICS`, float64 (...,), and how each row moves it, float64 (..., rows).

    Args:
        y: the classes, whole numbers from 0, (..., rows).
        outputs: a logit for each class, (..., rows, classes).

    NaN where outputs are not finite, and where the rows do not have what the metric needs.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        value, influence = _FUNCTIONS[metric](y, outputs.astype(np.float64))
        of_rows = influence()
    finite = _are_finite(outputs)
    return np.where(finite, value, np.nan), np.where(finite[..., None], of_rows, np.nan)


def value_of(metric: str, y: np.ndarray, outputs: np.ndarray) -> np.ndarray:
    """The metric alone, as `measure` has it, in less time."""
    with np.errstate(invalid="ignore", divide="ignore"):
        value, _ = _FUNCTIONS[metric](y, outputs.astype(np.float64))
    return np.where(_are_finite(outputs), value, np.nan)


def _are_finite(outputs: np.ndarray) -> np.ndarray:
    return np.isfinite(outputs).all(axis=(-1, -2))


def _balanced_accuracy(y: np.ndarray, outputs: np.ndarray) -> Measured:
    """The mean recall of the classes that there are among the rows."""
    predicted = outputs.argmax(axis=-1)

    def recall(label: int) -> Measured:
        here = y == label
        count, right = _count(here), predicted == label
        value = _count(here & right) / count
        return value, lambda: here * (right - value) * y.shape[-1] / count

    return _mean_of_classes(recall, outputs.shape[-1])


def _f1_macro(y: np.ndarray, outputs: np.ndarray) -> Measured:
    """The mean F1 of the classes that there are among the rows or the predictions; influences by the delta method."""
    predicted = outputs.argmax(axis=-1)

    def f1(label: int) -> Measured:
        here, said = y == label, predicted == label
        both = here & said
        count = _count(here) + _count(said)
        value = 2 * _count(both) / count
        return value, lambda: (2.0 * both - value * (1.0 * here + said)) * y.shape[-1] / count

    return _mean_of_classes(f1, outputs.shape[-1])


def _roc_auc(y: np.ndarray, outputs: np.ndarray) -> Measured:
    """The probability that a row of a class gets more of it than a row of the rest; of two classes that of class 1.

    Of more classes the mean over those that there are among the rows, by probabilities. Influences are the placements
    of DeLong, DeLong and Clarke-Pearson (1988).
    """
    if outputs.shape[-1] == 2:  # by the difference, as probabilities near 1 are rounded to ties
        return _mean_of_classes(lambda _: _area(y == 1, outputs[..., 1] - outputs[..., 0]), 1)
    powers = np.exp(outputs - outputs.max(axis=-1, keepdims=True))
    probabilities = powers / powers.sum(axis=-1, keepdims=True)
    return _mean_of_classes(lambda label: _area(y == label, probabilities[..., label]), outputs.shape[-1])


def _area(here: np.ndarray, scores: np.ndarray) -> Measured:
    """The area under the curve of rows that are here against the others, (..., 1), and influences (..., rows)."""
    count, others = _count(here), _count(~here)
    ranks = rankdata(scores, axis=-1)
    value = ((ranks * here).sum(axis=-1, keepdims=True) - count * (count + 1) / 2) / (count * others)

    def influence() -> np.ndarray:
        among_here, among_others = (rankdata(np.where(part, scores, np.inf), axis=-1) for part in (here, ~here))
        # The share of the rows on the other side that a row is rightly above or below, ties counting half.
        placements = np.where(here, (ranks - among_here) / others, 1 - (ranks - among_others) / count)
        return (placements - value) * here.shape[-1] / np.where(here, count, others)

    return value, influence


def _mean_of_classes(of_class: Callable[[int], Measured], classes: int) -> Measured:
    """The mean of what is measured of each class, of those that have it."""
    values, influences = zip(*map(of_class, range(classes)))
    there = [np.isfinite(value) for value in values]
    known = sum(there)
    total = sum(np.where(is_there, value, 0) for is_there, value in zip(there, values))

    def influence() -> np.ndarray:
        return sum(np.where(is_there, of_rows(), 0) for is_there, of_rows in zip(there, influences)) / known

    return (total / known)[..., 0], influence


def _count(rows: np.ndarray) -> np.ndarray:
    """How many of rows (..., rows) are true, (..., 1)."""
    return rows.sum(axis=-1, keepdims=True)


_FUNCTIONS = {"balanced_accuracy": _balanced_accuracy, "f1_macro": _f1_macro, "roc_auc": _roc_auc}
