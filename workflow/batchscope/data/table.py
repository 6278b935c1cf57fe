"""Rows of a user's table, whose columns are numbers or categories."""

import numpy as np
import pandas as pd

from batchscope.data.columns import (
    AS_ASKED,
    CONVENTIONS,
    MARKS,
    WORDS,
    Numbers,
    UnreadableError,
    cells_of,
    first_row,
    names_of,
    numbers_or_names,
    without_missing,
)
from batchscope.data.rows import Rows
from batchscope.data.table_file import read_file
from batchscope.data.table_target import TARGET, as_targets, classes_like_missing, known_targets, numbers_to_learn
from batchscope.errors import ConfigError, suggestion


def read_table(
    path: str,
    target: str,
    features: list[str] | None = None,
    drop: list[str] | None = None,
    groups: str | None = None,
    categories: list[str] | None = None,
    missing: list[str] | None = None,
    drop_missing_target: bool = False,
    decimal: str | None = None,
    thousands: str | None = None,
    min_frequency: float | None = None,
    max_categories: int | None = None,
    numbers: bool = False,
    **file: str | bool | list[str],
) -> Rows:
    """Rows of a table.

    Args:
        path, file: as `batchscope.data.table_file.read_file` takes them.
        target: the column that is learned.
        features: the columns that it is learned from; all others where left out.
        drop: columns that it is not learned from.
        groups: the column that rows are grouped by, which is no feature.
        categories: columns of names, whatever they look like.
        missing: the texts that stand for missing values, in all columns; where left out see `batchscope.data.columns`.
        drop_missing_target: leave out rows without a target.
        decimal, thousands: the marks in numbers; found where left out.
        min_frequency, max_categories: see `batchscope.data.preprocessing.fitted_to_table`.
        numbers: whether numbers are learned.

    Raises:
        ConfigError: the file cannot be read, lacks a column or has some from which nothing can be learned; the message
            has a line for each.
    """
    if "columns" in file and file.get("header", True):
        raise ConfigError(
            "dataset.table.columns", "they name the columns of a file without a header; set `header: false`"
        )
    table, remarks = read_file(path, **file)
    named = {"target": [target], "features": features, "drop": drop, "categories": categories}
    places = {f"dataset.table.{key}": columns or [] for key, columns in named.items()}
    _check_names(path, table, remarks, places | {"split.groups": [groups] if groups else []})
    for column in {target, groups} & {*(features or [])}:
        raise ConfigError("dataset.table.features", f"{column!r} cannot be a feature too: it is the target or groups")
    left_out = {target, groups, *(drop or [])}
    chosen = [column for column in features or table if column not in left_out]
    if not chosen:
        raise ConfigError("dataset.table", f"no column of {path!r} is left to learn from")

    as_names = {*(categories or [])}
    asked = _convention(decimal, thousands)
    marks, words = (MARKS, WORDS) if missing is None else (missing, [])
    cells, problems = _read({column: table[column] for column in chosen}, [*marks, *words], as_names)
    try:
        y = known_targets(table[target], numbers, marks, words, drop_missing_target)
        learned = y if target in as_names else numbers_to_learn(y, numbers)
    except UnreadableError as error:
        raise ConfigError("", "\n".join([f"{TARGET}: {target!r}: {error.problem}; correct it", *problems])) from None
    except ConfigError as error:
        raise ConfigError("", "\n".join([str(error), *problems])) from None
    if len(y) < len(table):
        remarks.append(f"{len(table) - len(y)} rows have no target, and are left out")
    remarks += classes_like_missing(y, words)
    values, how, ambiguous = _in_one_convention(cells | {target: learned}, asked)
    problems += ambiguous
    problems += [
        f"{_place(column)}: it has an infinite value in row {first_row(np.isinf(values[column]))}; correct or `drop` it"
        for column in chosen
        if column in values and values[column].dtype.kind == "f" and np.isinf(values[column]).any()
    ]
    if problems:
        raise ConfigError("", "\n".join(problems))
    dropped = dict.fromkeys(table, "dropped")
    rare = {"min_frequency": min_frequency, "max_categories": max_categories}
    return Rows(
        x=pd.DataFrame({column: values[column] for column in chosen}).loc[y.index].reset_index(drop=True),
        y=as_targets(values[target], target, numbers, target in as_names),
        place=TARGET,
        groups=None if groups is None else _groups(table.loc[y.index, groups]),
        columns=dropped
        | {column: AS_ASKED if column in as_names else how.get(column, "") for column in chosen}
        | {target: "target"}
        | ({groups: "groups"} if groups else {}),
        remarks=remarks,
        encoder={key: value for key, value in rare.items() if value is not None},
    )


def _check_names(path: str, table: pd.DataFrame, remarks: list[str], places: dict[str, list[str]]) -> None:
    for place, columns in places.items():
        for column in columns:
            if column not in table:
                close = suggestion(column, table)
                if remarks and "did you mean" not in close:
                    close = f"; {remarks[0]}"
                raise ConfigError(place, f"{path!r} has no column {column!r}{close}")


def _place(column: str) -> str:
    return f"dataset.table, column {column!r}"


def _read(
    columns: dict[str, pd.Series], missing: list[str], as_names: set[str]
) -> tuple[dict[str, pd.Series | Numbers], list[str]]:
    """Each column as numbers, or as texts that are names; and what is wrong with those that are neither."""
    cells, problems = {}, []
    for name, column in columns.items():
        try:
            of_column = names_of(column) if name in as_names else cells_of(column)
            if of_column.dtype.kind != "f":
                of_column = without_missing(of_column, missing)
                of_column = of_column if name in as_names else numbers_or_names(of_column)
            cells[name] = of_column
        except UnreadableError as error:
            problems.append(f"{_place(name)}: {error}")
    return cells, problems


def _convention(decimal: str | None, thousands: str | None) -> str | None:
    """The convention that the config asks for, if any.

    Raises:
        ConfigError: the two marks are the same.
    """
    if decimal is not None and decimal == thousands:
        raise ConfigError("dataset.table.thousands", f"{thousands!r} is the decimal mark too; they differ")
    if decimal == "," or thousands == ".":
        return "european"
    return "english" if decimal or thousands else None


def _in_one_convention(
    cells: dict[str, pd.Series | Numbers], asked: str | None
) -> tuple[dict[str, pd.Series], dict[str, str], list[str]]:
    """All numbers as float64, how each column was read, and the columns that may be read in two ways.

    What a column shows holds for it; what the others show, or the config asks for, for those that show nothing.
    """
    values, how, problems = {}, {}, []
    shown = {each.convention for each in cells.values() if isinstance(each, Numbers) and each.convention}
    for name, each in cells.items():
        if not isinstance(each, Numbers):
            values[name] = each
            continue
        convention = each.convention or asked or (next(iter(shown)) if len(shown) == 1 else None)
        if convention is None and each.example and (shown or each.plain is None):
            text = each.example
            one, other = (f"{each.number(text, way):g}" for way in CONVENTIONS)
            problems.append(
                f"{_place(name)}: {text!r} may be {one} or {other}; say which with `thousands: ','` or `decimal: ','`"
            )
            continue
        convention = convention or CONVENTIONS[0]
        values[name], how[name] = each.by(convention), each.how(convention)
    return values, how, problems


def _groups(column: pd.Series) -> np.ndarray:
    missing = column.isna() | (column == "")
    if missing.any():
        raise ConfigError("split.groups", f"{column.name!r} has no value in row {first_row(missing)}")
    return pd.factorize(column)[0]
