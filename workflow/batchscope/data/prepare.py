"""A dataset from its description: rows, split and made ready for a model."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline

from batchscope.data.dataset import Dataset
from batchscope.data.preprocessing import fitted_to_array, fitted_to_table, names_of_features
from batchscope.data.sources import read_rows
from batchscope.data.splits import split_rows
from batchscope.data.targets import as_classes, as_numbers, check_training_classes, names_beyond_numbers, standardised
from batchscope.errors import ConfigError


class Fitted(NamedTuple):
    """Rows as a model takes them, part by part; what is fitted is fitted to the training rows."""

    x: dict[str, np.ndarray]
    y: dict[str, np.ndarray]
    features: np.ndarray | None  # the names of the features of a table
    target_mean: float | None = None  # where numbers are learned: `y` times scale plus mean is in the target's unit
    target_scale: float | None = None


class SplitRows(NamedTuple):
    """The rows of a dataset as they are read, and which of them each part has; nothing is fitted yet."""

    x: np.ndarray | pd.DataFrame  # (rows, ...)
    y: np.ndarray  # (rows,): classes from 0, or numbers
    labels: np.ndarray | None  # the name of each class; None where numbers are learned
    place: str  # of the target in the config
    scaler: dict | str
    parts: dict[str, np.ndarray]  # the positions of the training, test and, where there are any, validation rows
    columns: dict[str, str] | None = None  # this and what follows: as `Rows` has it
    remarks: list[str] | None = None
    encoder: dict | None = None

    @property
    def is_table(self) -> bool:
        return isinstance(self.x, pd.DataFrame)

    @property
    def is_fitted_to(self) -> bool:
        """Whether something is fitted to the training rows: an encoding, a scaler, the target of a regression."""
        return self.is_table or self.labels is None or self.scaler != "none"


def make_dataset(
    dataset: dict | str, split: dict, scaler: dict | str | None = None, regression: bool = False
) -> Dataset:
    """The dataset that a study's `dataset`, `split` and `scaler` describe.

    Args:
        dataset, split: as in the config.
        scaler: as in the config; where left out, the numbers of a table are standardised, and arrays stay as they are.
        regression: numbers are learned instead of classes.

    Raises:
        ConfigError: there is a mistake in one of the three, or in the data.
    """
    return fitted_dataset(read_split_rows(dataset, split, scaler, regression))


def fitted_dataset(rows: SplitRows) -> Dataset:
    """The same of rows that `read_split_rows` gave."""
    fitted = fit_to_training_rows(rows, rows.parts)
    arrays = {f"x_{part}": of_part for part, of_part in fitted.x.items()} | {
        f"y_{part}": of_part for part, of_part in fitted.y.items()
    }
    return Dataset(
        **arrays,
        labels=None if rows.labels is None else names_beyond_numbers(rows.labels),
        features=fitted.features,
        target_mean=fitted.target_mean,
        target_scale=fitted.target_scale,
    )


def read_split_rows(dataset: dict | str, split: dict, scaler: dict | str | None, regression: bool) -> SplitRows:
    """The rows of `make_dataset` before anything is fitted.

    Raises:
        ConfigError: there is a mistake in the dataset or the split, or every replicate is to have a split of its own
            where something is fitted.
    """
    rows = read_rows(dataset, split.get("groups"), regression)
    scaler = scaler or ("StandardScaler" if isinstance(rows.x, pd.DataFrame) else "none")
    y, labels = (as_numbers(rows.y, rows.place), None) if regression else as_classes(rows.y, rows.names, rows.place)
    parts = split_rows(split, len(y), None if regression else y, rows.groups, labels)
    read = SplitRows(rows.x, y, labels, rows.place, scaler, parts, rows.columns, rows.remarks, rows.encoder)
    if split["order"] == "resampled" and read.is_fitted_to:
        raise ConfigError(
            "split.order",
            "resampled trains every replicate on other rows, so what is fitted once (encoding, scaling, the target "
            "of a regression) would have seen its test rows; take shuffled",
        )
    return read


def fit_to_training_rows(rows: SplitRows, parts: dict[str, np.ndarray]) -> Fitted:
    """Features and targets of each part as a model takes them.

    Args:
        parts: the positions of the rows of each part, which need not be that of `rows`.

    Raises:
        ConfigError: a class is absent from the training rows, or scikit-learn cannot fit what is asked for to them.
    """
    y, unit = {part: rows.y[positions] for part, positions in parts.items()}, ()
    if rows.labels is None:
        y, *unit = standardised(y, rows.place)
    else:
        check_training_classes(rows.y, rows.labels, parts)
    x = {part: rows.x.take(positions, axis=0) for part, positions in parts.items()}
    transformer = fit_preprocessing(rows, x["train"])
    x = {part: transformer.transform(of_part).astype(np.float32) for part, of_part in x.items()}
    if not all(np.isfinite(of_part).all() for of_part in x.values()):
        raise ConfigError("dataset", "some features are too large for float32; set `scaler: StandardScaler`")
    return Fitted(x, y, names_of_features(transformer) if rows.is_table else None, *unit)


def fit_preprocessing(rows: SplitRows, train: np.ndarray | pd.DataFrame) -> Pipeline | ColumnTransformer:
    """What makes a model's features of rows like these, fitted to the features of training rows as they were read."""
    if rows.is_table:
        return fitted_to_table(train, rows.scaler, rows.encoder)
    return fitted_to_array(train, rows.scaler)
