"""The rows of a dataset before they are split."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from batchscope.errors import ConfigError


class Rows(NamedTuple):
    """Features and one target of each row.

    Features are an array (rows, ...) of numbers, or a table whose columns are numbers (float64) or categories (text).
    """

    x: np.ndarray | pd.DataFrame
    y: np.ndarray  # (rows,): numbers, text or booleans
    place: str  # of the target in the config
    names: np.ndarray | None = None  # of the classes, where the target holds their numbers
    groups: np.ndarray | None = None  # of each row, whole numbers from 0
    columns: dict[str, str] | None = None  # of a table: how each was read, or what else became of it
    remarks: list[str] | None = None  # what looks wrong with its file
    encoder: dict | None = None  # how its categories are encoded, see `batchscope.data.preprocessing`


def rows_of_arrays(
    x: np.ndarray, y: np.ndarray, place_of_x: str, place_of_y: str, names: np.ndarray | None = None
) -> Rows:
    """Rows of features (rows, ...) and targets (rows,) or (rows, 1).

    Raises:
        ConfigError: the arrays do not have these shapes, or features are no finite numbers.
    """
    if x.dtype.kind not in "biuf":
        raise ConfigError(place_of_x, f"the features are no numbers, but {x.dtype}")
    if x.ndim < 2 or x.size == 0:
        raise ConfigError(place_of_x, f"the features have the shape {x.shape}; (rows, features) is needed")
    if not np.isfinite(x).all():
        remedy = "take out their rows, or give a table, whose missing numbers are filled in"
        raise ConfigError(place_of_x, f"the features have missing or infinite values; {remedy}")
    if y.shape not in ((len(x),), (len(x), 1)):
        problem = f"the target has the shape {y.shape}; one for each of {len(x)} rows is needed"
        raise ConfigError(place_of_y, problem)
    if y.dtype.kind not in "biufUO":
        raise ConfigError(place_of_y, f"the target holds {y.dtype}; numbers or text are needed")
    return Rows(x, y.reshape(-1), place_of_y, names if y.dtype.kind in "iu" else None)
