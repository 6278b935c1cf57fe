"""Rows of a CSV or Parquet file, whose columns are numbers or categories."""

from pathlib import Path

import numpy as np
import pandas as pd

from batchscope.data.rows import Rows
from batchscope.errors import ConfigError, one_line, suggestion

MOST_CATEGORIES = 100
# The kinds of columns, as pandas.api.types.infer_dtype tells them.
_NUMBERS = ("integer", "floating", "mixed-integer-float", "decimal", "empty")
_CATEGORIES = ("string", "boolean", "categorical")
_DATES = ("date", "datetime", "datetime64", "period", "time", "timedelta", "timedelta64")


def read_table(
    path: str,
    target: str,
    features: list[str] | None = None,
    drop: list[str] | None = None,
    groups: str | None = None,
) -> Rows:
    """Rows of a table.

    Args:
        path: of a CSV or Parquet file, told by its ending.
        target: the column that is learned.
        features: the columns that it is learned from; all others where left out.
        drop: columns that it is not learned from.
        groups: the column that rows are grouped by, which is no feature.

    Raises:
        ConfigError: the file cannot be read, lacks a column or has one that nothing can be learned from.
    """
    table = _read(path)
    named = {"dataset.table.target": [target], "dataset.table.features": features, "dataset.table.drop": drop}
    for place, columns in (named | {"split.groups": groups and [groups]}).items():
        for column in columns or []:
            if column not in table:
                raise ConfigError(place, f"{path!r} has no column {column!r}{suggestion(column, table)}")
    for column in {target, groups} & set(features or []):
        raise ConfigError("dataset.table.features", f"{column!r} cannot be a feature too: it is the target or groups")
    left_out = {target, groups, *(drop or [])}
    chosen = [column for column in features or table if column not in left_out]
    if not chosen:
        raise ConfigError("dataset.table", f"no column of {path!r} is left to learn from")
    return Rows(
        x=pd.DataFrame({column: _feature(table[column]) for column in chosen}),
        y=_target(table[target]),
        place="dataset.table.target",
        groups=None if groups is None else _groups(table[groups]),
    )


def _read(path: str) -> pd.DataFrame:
    readers = {".csv": lambda path: pd.read_csv(path, low_memory=False), ".parquet": pd.read_parquet}
    suffix = Path(path).suffix.lower()
    if suffix not in readers:
        raise ConfigError("dataset.table.path", f"{path!r} does not end in .csv or .parquet")
    try:
        table = readers[suffix](path)
    except Exception as error:  # an empty file, half a file, or another kind of file
        raise ConfigError("dataset.table.path", f"{path!r} cannot be read: {one_line(error)}") from None
    if table.empty:
        raise ConfigError("dataset.table.path", f"{path!r} has no rows")
    return table.rename(columns=str)


def _feature(column: pd.Series) -> pd.Series:
    """A column as numbers (float64) or categories (text), in which missing values are NaN."""
    place, kind = f"dataset.table, column {column.name!r}", pd.api.types.infer_dtype(column)
    if kind in _NUMBERS:
        numbers = column.astype(np.float64)
        if np.isinf(numbers).any():
            raise ConfigError(
                place, f"it has an infinite value in row {_first(np.isinf(numbers))}; correct or `drop` it"
            )
        return numbers
    if kind not in _CATEGORIES:
        raise ConfigError(place, _refusal(kind))
    texts = column.astype("str")
    numbers = pd.to_numeric(texts, errors="coerce")
    strays = texts.notna() & numbers.isna()
    if 0 < strays.sum() < numbers.count():
        row = _first(strays)
        stray = texts.iloc[row - 1]
        raise ConfigError(place, f"it has text among its numbers, {stray!r} in row {row}; correct or `drop` it")
    if (
        numbers.isna().all()
        and pd.to_datetime(texts.dropna(), format="ISO8601", errors="coerce", utc=True).notna().all()
    ):
        raise ConfigError(place, _refusal("date"))
    if texts.nunique() > MOST_CATEGORIES:
        raise ConfigError(
            place, f"{texts.nunique()} different texts are too many categories (at most {MOST_CATEGORIES}); `drop` it"
        )
    return texts


def _target(column: pd.Series) -> np.ndarray:
    """A column as numbers or text."""
    place, name = "dataset.table.target", column.name
    if column.isna().any():
        problem = f"{name!r} has {column.isna().sum()} missing values, the first in row {_first(column.isna())}"
        raise ConfigError(place, f"{problem}; take out their rows")
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(column.cat.categories.dtype)
    kind = pd.api.types.infer_dtype(column)
    if kind == "integer":
        return column.to_numpy(np.int64)
    if kind in _NUMBERS:
        return column.to_numpy(np.float64)
    if kind in _CATEGORIES:
        return column.astype("str").to_numpy(object)
    raise ConfigError(place, f"{name!r}: {_refusal(kind)}")


def _groups(column: pd.Series) -> np.ndarray:
    if column.isna().any():
        raise ConfigError("split.groups", f"{column.name!r} has no value in row {_first(column.isna())}")
    return pd.factorize(column)[0]


def _refusal(kind: str) -> str:
    if kind in _DATES:
        return "it holds dates or times; make a number of it, such as days since a first one, or `drop` it"
    return f"it holds neither numbers nor text but {kind}; `drop` it"


def _first(true: pd.Series) -> int:
    """The first row, counted from 1, in which a mask is true."""
    return int(np.argmax(true)) + 1
