"""A dataset from its description: rows, split and made ready for a model."""

import numpy as np
import pandas as pd

from batchscope.data import Dataset
from batchscope.errors import ConfigError
from batchscope.preprocessing import prepared_arrays, prepared_tables
from batchscope.sources import read_rows
from batchscope.splits import split_rows
from batchscope.targets import as_classes, as_numbers, check_training_classes, names_beyond_numbers, standardised


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
    rows = read_rows(dataset, split.get("groups"))
    is_table = isinstance(rows.x, pd.DataFrame)
    scaler = scaler or ("StandardScaler" if is_table else "none")
    if split["order"] == "resampled" and (is_table or regression or scaler != "none"):
        raise ConfigError(
            "split.order",
            "resampled trains every replicate on other rows, so what is fitted once (encoding, scaling, the target "
            "of a regression) would have seen its test rows; take shuffled",
        )
    y, labels = (as_numbers(rows.y, rows.place), None) if regression else as_classes(rows.y, rows.names, rows.place)
    positions = split_rows(split, len(y), None if regression else y, rows.groups)
    x_parts = {part: rows.x.take(chosen, axis=0) for part, chosen in positions.items()}
    y_parts = {part: y[chosen] for part, chosen in positions.items()}
    if regression:
        y_parts = standardised(y_parts, rows.place)
    else:
        check_training_classes(y_parts["train"], labels)
        labels = names_beyond_numbers(labels)
    x_parts, features = prepared_tables(x_parts, scaler) if is_table else (prepared_arrays(x_parts, scaler), None)
    if not all(np.isfinite(x).all() for x in x_parts.values()):
        raise ConfigError("dataset", "some features are too large for float32; set `scaler: StandardScaler`")
    arrays = {f"x_{part}": x for part, x in x_parts.items()} | {f"y_{part}": y for part, y in y_parts.items()}
    return Dataset(**arrays, labels=labels, features=features)
