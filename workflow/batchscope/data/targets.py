"""What is learned: classes with their names, or numbers."""

from typing import NamedTuple

import numpy as np
from sklearn.preprocessing import StandardScaler

from batchscope.data.columns import FEW
from batchscope.errors import ConfigError

MOST_CLASSES = 1000
_SET_LOSS = "to learn numbers set `loss`, such as `loss: MeanSquaredError`"


def as_classes(y: np.ndarray, names: np.ndarray | None, place: str) -> tuple[np.ndarray, np.ndarray]:
    """Classes of any kind as int64 from 0, and the name of each.

    Args:
        y: integers, text or booleans, (rows,), or floats of two different values.
        names: where the classes are numbers that stand for names, the name of each number.
        place: of the target in the config.

    Raises:
        ConfigError: there are numbers, a single class, or too many classes.
    """
    if y.dtype.kind == "f":
        _check_finite(y, place)
    values, y = np.unique(y, return_inverse=True)
    if values.dtype.kind == "f" and len(values) > 2:
        raise ConfigError(place, f"the target holds numbers; {_SET_LOSS}, for classes write integers or text")
    if len(values) < 2:
        raise ConfigError(place, f"the target holds a single class, {values[0]}; two or more are needed")
    if len(values) > MOST_CLASSES:
        remedy = _SET_LOSS if values.dtype.kind in "iu" else "take a column with fewer"
        raise ConfigError(place, f"{len(values)} different values are too many classes; {remedy}")
    if names is not None:
        values = names[values]
    elif values.dtype.kind == "f":
        values = np.array([f"{value:g}" for value in values])
    return y.astype(np.int64), values.astype(str)


def as_numbers(y: np.ndarray, place: str) -> np.ndarray:
    """Numbers as float64.

    Raises:
        ConfigError: they are no numbers, or not finite.
    """
    if y.dtype.kind not in "iuf":
        raise ConfigError(
            place, f"the target holds no numbers but classes, such as {str(y[0])!r}; leave out `loss` to learn classes"
        )
    _check_finite(y, place)
    return y.astype(np.float64)


def names_beyond_numbers(labels: np.ndarray) -> np.ndarray | None:
    """The names of classes; None where they are the classes' numbers."""
    return None if np.array_equal(labels, np.arange(len(labels)).astype(str)) else labels


def check_training_classes(y: np.ndarray, labels: np.ndarray, parts: dict[str, np.ndarray]) -> None:
    """Refuse training rows in which a class is absent.

    Args:
        y: the classes of all rows.
        parts: the positions of the rows of each part.
    """
    absent = np.setdiff1d(np.arange(len(labels)), y[parts["train"]])
    if len(absent):
        rows = int((y == absent[0]).sum())
        remedy = (
            "take it out, or make one class of it and another"
            if rows < len(parts)
            else "take more of them, `order: stratified` or, where that is taken, another seed"
        )
        raise ConfigError(
            "split",
            f"no training row is of the class {str(labels[absent[0]])!r}, of {rows} row{'s' * (rows > 1)}; {remedy}"
            + numbers_instead(labels),
        )


def numbers_instead(labels: np.ndarray | None) -> str:
    """What to do where classes may be meant as numbers, as there are many and all are numbers; else nothing."""
    many = labels is not None and len(labels) > FEW and all(label.lstrip("-").isdigit() for label in labels)
    return f"; {_SET_LOSS}" if many else ""


class Standardised(NamedTuple):
    """Numbers as a model learns them: times `scale` plus `mean` they are in their own unit."""

    parts: dict[str, np.ndarray]  # of each part, float32 (rows,)
    mean: float
    scale: float


def standardised(parts: dict[str, np.ndarray], place: str) -> Standardised:
    """The numbers of each part, of mean 0 and standard deviation 1 over the training rows."""
    if np.ptp(parts["train"]) == 0:
        raise ConfigError(place, f"the target is {parts['train'][0]:g} in all training rows; nothing can be learned")
    scaler = StandardScaler().fit(parts["train"][:, None])
    scaled = {part: scaler.transform(y[:, None])[:, 0].astype(np.float32) for part, y in parts.items()}
    return Standardised(scaled, scaler.mean_[0], scaler.scale_[0])


def _check_finite(y: np.ndarray, place: str) -> None:
    if not np.isfinite(y).all():
        raise ConfigError(place, "the target has missing or infinite values; take out their rows")
