"""A dataset as everything else knows it: training and test rows, in one file, and its new splits in another."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from batchscope.files import replacing


class Dataset(NamedTuple):
    """Features are float32, (rows, ...). The validation rows may be none.

    Of a classification the targets are int64 from 0, (rows,), and `labels` are the names of the classes in their order;
    None where these are called 0, 1, 2 and so on. Of a regression the targets are float32, (rows,), with mean 0 and
    standard deviation 1 over the training rows; times `target_scale` plus `target_mean`, numbers, they are in their own
    unit. `features` are the names of the features of a table, as the model sees them.
    """

    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    x_validation: np.ndarray | None = None
    y_validation: np.ndarray | None = None
    labels: np.ndarray | None = None
    features: np.ndarray | None = None
    target_mean: np.ndarray | None = None
    target_scale: np.ndarray | None = None

    @property
    def parts(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Features and targets of the training rows, of the test rows and, if there are any, of the validation rows."""
        parts = [(self.x_train, self.y_train), (self.x_test, self.y_test), (self.x_validation, self.y_validation)]
        return [(x, y) for x, y in parts if x is not None]

    @property
    def classes(self) -> int:
        return int(max(y.max() for _, y in self.parts)) + 1

    @property
    def unit(self) -> tuple[float, float]:
        """Mean and scale that put numbers that are learned into their own unit; 0 and 1 where they are as given."""
        return (0.0, 1.0) if self.target_scale is None else (float(self.target_mean), float(self.target_scale))

    @property
    def class_names(self) -> list[str]:
        """The names of the classes in their order."""
        return [*map(str, range(self.classes) if self.labels is None else self.labels)]

    @property
    def outputs(self) -> int:
        """What a model puts out for a row: a logit for each class, or a number."""
        return 1 if self.y_train.dtype.kind == "f" else self.classes


class Splits(NamedTuple):
    """New splits of the rows of a dataset, into parts of the same sizes.

    `rows`, int32 (splits, rows), are numbers in the dataset's own order, which is that of its parts. Of each split the
    training rows come first, then the test rows, then the validation rows. Where something is fitted to training rows,
    `x` (splits, rows, ...) and `y` (splits, rows) are features and targets as each split has them; else None. So are
    `target_mean` and `target_scale`, float64 (splits,), of a regression.
    """

    rows: np.ndarray
    x: np.ndarray | None = None
    y: np.ndarray | None = None
    target_mean: np.ndarray | None = None
    target_scale: np.ndarray | None = None


def save_arrays(arrays: Dataset | Splits, path: str | Path) -> None:
    with replacing(path) as temporary:
        np.savez(temporary, **{name: array for name, array in arrays._asdict().items() if array is not None})


def load_dataset(path: str | Path) -> Dataset:
    """Read a dataset that `save_arrays` wrote.

    Raises:
        ValueError: the file is not whole.
    """
    return _load(path, Dataset, "dataset")


def load_splits(path: str | Path) -> Splits:
    """Read the new splits that `save_arrays` wrote.

    Raises:
        ValueError: the file is not whole.
    """
    return _load(path, Splits, "file of splits")


def _load(path: str | Path, kind: type, name: str) -> Dataset | Splits:
    try:
        with np.load(path) as arrays:
            return kind(**arrays)
    except Exception as error:
        raise ValueError(f"{path} is no whole {name} ({error}); delete it and run again") from error
