"""The target of a table: which of its cells are known, and whether they are numbers or classes."""

import numpy as np
import pandas as pd

from batchscope.data.columns import FEW, Numbers, cells_of, first_row, numbers_or_names, without_missing
from batchscope.errors import ConfigError

TARGET = "dataset.table.target"  # its place in the config
_FEWEST_ROWS = 10  # of each of many numbers on average, where these are to be classes


def known_targets(
    column: pd.Series, numbers: bool, marks: list[str], words: list[str], drop_missing: bool
) -> pd.Series:
    """The known cells of the target, as numbers or texts, with the numbers of their rows.

    Args:
        numbers: whether numbers are learned.
        marks, words: what stands for a missing value; words are classes unless all else are numbers.
        drop_missing: whether the others may be left out.

    Raises:
        ConfigError: some are missing, and their rows are not to be left out.
    """
    cells = cells_of(column)
    if cells.dtype.kind != "f":
        known = without_missing(cells, [*marks, *words])
        if not (numbers or pd.to_numeric(known, errors="coerce").count() == known.count() > 0):
            known = without_missing(cells, marks)
        cells = known
    if drop_missing or not cells.isna().any():
        return cells.dropna()
    count, row = int(cells.isna().sum()), first_row(cells.isna())
    cell = column.iloc[row - 1]
    seen = f" ({cell!r})" if isinstance(cell, str) and cell else ""
    remedy = "take out their rows, or leave them out with `drop_missing_target: true`"
    if seen and not numbers and pd.to_numeric(cells, errors="coerce").isna().all():
        remedy += "; `missing: []` takes them as a class"
    raise ConfigError(
        TARGET, f"{column.name!r} has {count} missing value{'s' * (count > 1)}, the first in row {row}{seen}; {remedy}"
    )


def numbers_to_learn(cells: pd.Series, numbers: bool) -> pd.Series | Numbers:
    """The cells as numbers where these are to be learned, or where they are too many to be classes.

    Raises:
        UnreadableError: as `find_numbers`.
    """
    if cells.dtype.kind == "f":
        return cells
    few = not numbers and cells.nunique() <= FEW
    if few and pd.to_numeric(cells, errors="coerce").isna().any():
        return cells
    return numbers_or_names(cells)


def classes_like_missing(cells: pd.Series, words: list[str]) -> list[str]:
    """A remark on every class that has one of these words for a name."""
    counts = cells[cells.isin(words)].value_counts() if cells.dtype.kind != "f" else {}
    return [
        f"the class {word!r} ({count} rows) reads like a missing value; if it is one, name it in `missing`"
        for word, count in counts.items()
    ]


def as_targets(values: pd.Series, name: str, numbers: bool, as_names: bool) -> np.ndarray:
    """Numbers, classes by number, or classes by name, (rows,).

    Raises:
        ConfigError: many different numbers are to be classes, each with few rows.
    """
    if values.dtype.kind != "f":
        return values.to_numpy(object)
    whole = not (values % 1).any()
    if as_names:
        return values.map(lambda value: f"{value:.0f}" if whole else f"{value:g}").to_numpy(object)
    if numbers or not whole:
        return values.to_numpy()
    count = values.nunique()
    if count > FEW and len(values) < count * _FEWEST_ROWS:
        raise ConfigError(
            TARGET,
            f"{name!r} has {count} different numbers in {len(values)} rows; to learn numbers set `loss`, such as "
            "`loss: MeanSquaredError`, and if they are names of classes add it to `categories`",
        )
    return values.to_numpy(np.int64)
