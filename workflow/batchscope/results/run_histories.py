"""Histories that training programs wrote, in the columns of ours."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable

import numpy as np
import pandas as pd
import pyarrow

from batchscope.results.history import of_any_length, schema_with
from batchscope.results.run_copies import copies
from batchscope.results.run_files import labels, numbers, read_rows, written
from batchscope.results.run_history import ALL_MEASURES, columns_in, curve, merged, of_no_percent
from batchscope.results.runs import KEYS, Run
from batchscope.study.scores import METRICS

_ROUNDING_OF_RATES = 1e-6
_FEW = 10  # columns that are named in a line


class RunsError(ValueError):
    """Runs whose histories cannot be taken: a line for each."""


def read_runs(
    runs: Iterable[Run], columns: dict, score: str, train_rows: int, epochs: int | None = None
) -> tuple[pyarrow.Table, list[float], list[str]]:
    """The history of some runs, the seconds that each took, and what was done to their rows.

    Args:
        columns: our names to the files' where they differ, perhaps as `{column: NAME, unit: UNIT}`.
        score: one of `batchscope.study.scores.SCORES`, which all of them have of the test rows.
        epochs: how many a program was asked for; None where any number will do.

    The table has the columns of `batchscope.results.history`, sorted by setting, replicate and epoch. Epochs are whole
    numbers, or float64 where files count by updates or have fractions of epochs. A run that diverged has NaN in all
    measures from the first row on where a loss or the score is not finite. Seconds are in the order of the runs, NaN
    where the files do not tell them.

    Raises:
        RunsError: a file cannot be read, or what it has is not the history of its run.
    """
    runs = list(runs)
    problems, remarks = [], Counter()
    rows = _rows(runs, columns, score, problems, remarks)
    problems += of_no_percent(rows.values(), columns)
    seconds = [_last_second(rows.get(run.key)) for run in runs]
    updates = {run.key: math.ceil(train_rows / run.setting.batch_size) for run in runs}
    rows, is_whole = _with_epochs(rows, updates, f"test_{score}", epochs, remarks)
    curves = {}
    for run in runs:
        if run.key in rows:
            try:
                curves[run.key], said = curve(rows[run.key], score, updates[run.key], epochs)
                remarks.update(said)
            except ValueError as error:
                problems.append(f"{run.name}: {error}")
    read = [(run, curves[run.key]) for run in runs if run.key in curves]
    _refuse(problems)
    table = _table(read, is_whole)
    _refuse(copies(table, runs))
    said = [f"{remark} in {count} run{'s' * (count > 1)}" for remark, count in remarks.items()]
    return table, seconds, said


def _refuse(problems: Iterable[str]) -> None:
    if lines := "\n".join(problems):
        raise RunsError(lines)


def _rows(
    runs: list[Run], columns: dict, score: str, problems: list[str], remarks: Counter
) -> dict[tuple, pd.DataFrame]:
    """The rows of each run that can be read, by its key; a file is read once for all of its runs."""
    of_path = defaultdict(list)
    for run in runs:
        of_path[run.path].append(run)
    rows = {}
    for path, in_file in of_path.items():
        try:
            table = read_rows(path)
            named = columns_in(table, columns, score)
            values = pd.DataFrame({name: numbers(table, column) for name, column in named.items()})
        except ValueError as error:
            problems.append(f"{in_file[0].name if len(in_file) == 1 else path}: {error}")
            continue
        keys = {*in_file[0].rows, *in_file[0].says, *KEYS, "seed"}
        unused = [column for column in table.column_names if column and column not in {*named.values(), *keys}]
        if unused:
            more = ", ..." * (len(unused) > _FEW)
            remarks[f"columns that are not used ({', '.join(unused[:_FEW])}{more})"] += len(in_file)
        positions = _positions(table, in_file, _of_others(table, values, unused, score))
        for run in in_file:
            try:
                if not positions[run.key]:
                    raise ValueError(f"has no rows in {path!r}")
                _check_says(table, run, positions[run.key])
                rows[run.key], said = merged(values.iloc[positions[run.key]], named, columns, score)
                remarks.update(said)
            except ValueError as error:
                problems.append(f"{run.name}: {error}")
    return rows


def _of_others(table: pyarrow.Table, values: pd.DataFrame, unused: list[str], score: str) -> np.ndarray:
    """Whether rows have nothing but what is not used and never stands beside the score: they are no part of a history.

    TensorBoard's events have a row for each value, and Lightning adds one of a last test.
    """
    of_others = np.zeros(len(values), bool)
    if (empty := values[values.columns.intersection(ALL_MEASURES)].isna().all(axis=1).to_numpy()).any():
        scored = values[f"test_{score}"].notna().to_numpy()
        for column in unused:
            is_written = written(table, column)
            if not is_written[scored].any():
                of_others |= empty & is_written
    return of_others


def _positions(table: pyarrow.Table, in_file: list[Run], left_out: np.ndarray) -> dict[tuple, list[int]]:
    """The rows of each run of a file, by its key."""
    keys = list(in_file[0].rows)
    cells = [labels(table, column) for column in keys]
    of_values = defaultdict(list)
    for position in np.flatnonzero(~left_out):
        of_values[tuple(of_column[position] for of_column in cells)].append(int(position))
    return {run.key: of_values[tuple(run.rows[column] for column in keys)] for run in in_file}


def _check_says(table: pyarrow.Table, run: Run, positions: list[int]) -> None:
    """Refuse rows that say of themselves that they are another run's."""
    for column in [column for column in run.says if column in table.column_names]:
        cells = labels(table.select([column]).take(positions), column)
        values = dict.fromkeys(value for value in cells if value is not None)
        if column == "learning_rate" and len(values) > 1:  # of a schedule, which may begin or end with another
            continue
        for value in values:
            if _contradict(column, value, run.says[column]):
                raise ValueError(f"is the history of another run: its column {column} says {value}")


def _contradict(column: str, value: int | float | str, expected: int | float | str) -> bool:
    """Of a number and a text nothing is known, and a rate may be rounded."""
    if isinstance(value, str) != isinstance(expected, str):
        return False
    if column == "learning_rate" and not isinstance(value, str):
        return not math.isclose(value, expected, rel_tol=_ROUNDING_OF_RATES)
    return value != expected


def _last_second(rows: pd.DataFrame | None) -> float:
    """The last of a run's seconds that is written; NaN where none is."""
    known = [] if rows is None or "seconds" not in rows else rows["seconds"][np.isfinite(rows["seconds"])]
    return float(known.iloc[-1]) if len(known) else math.nan


def _with_epochs(
    rows: dict[tuple, pd.DataFrame],
    updates_per_epoch: dict[tuple, int],
    score: str,
    epochs: int | None,
    remarks: Counter,
) -> tuple[dict[tuple, pd.DataFrame], bool]:
    """The rows of each run after training began, with `epoch` from 1 on; and whether all epochs are whole numbers.

    Whole epochs that begin at 0 are one more, as of Keras and Lightning, if the row at 0 is not one before training.
    Each run is looked at alone, so that it is read the same whatever is read with it; but of a program, which counts as
    it does, one run that was not cut short tells it of all.
    """
    is_whole = all(of_run.index.name == "epoch" and _is_whole(of_run) for of_run in rows.values())
    before_training = {key for key, of_run in rows.items() if _begins_before_training(of_run, score, epochs)}
    if epochs is not None and before_training:
        before_training = {*rows}
    counted = {}
    for key, of_run in rows.items():
        by = of_run.index.name
        from_0 = by == "epoch" and 0 in of_run.index and key not in before_training
        of_run = of_run.reset_index()
        if by == "updates":
            of_run["epoch"] = of_run["updates"] / updates_per_epoch[key]
        elif from_0:
            of_run["epoch"] += 1
            remarks["epochs are counted from 0"] += 1
        if (of_run["epoch"] == 0).any():
            of_run = of_run[of_run["epoch"] > 0].reset_index(drop=True)
            remarks["the row before training was left out"] += 1
        counted[key] = of_run
    return counted, is_whole


def _is_whole(of_run: pd.DataFrame) -> bool:
    return not (of_run.index % 1).any()


def _begins_before_training(of_run: pd.DataFrame, score: str, epochs: int | None) -> bool:
    """Whether the row at epoch 0 has 0 updates, or the run so reaches the epochs that were asked for, or has parts."""
    if of_run.index.name != "epoch" or 0 not in of_run.index:
        return False
    has_no_updates = "updates" in of_run and of_run["updates"][0] == 0
    return has_no_updates or of_run[score].last_valid_index() == epochs or not _is_whole(of_run)


def _table(read: list[tuple[Run, pd.DataFrame]], is_whole: bool) -> pyarrow.Table:
    """The history table of some runs, in the order of setting and replicate."""
    in_order = sorted(read, key=lambda each: (each[0].setting, each[0].replicate))
    rows = pd.concat(
        [history.assign(**run.setting._asdict(), replicate=run.replicate) for run, history in in_order],
        ignore_index=True,
    )
    metrics = [metric for metric in METRICS if {f"test_{metric}", f"validation_{metric}"} & {*rows}]
    schema = schema_with(metrics, np.int64 if is_whole else np.float64)
    rows = rows.reindex(columns=schema.names)
    arrays = [pyarrow.array(rows[field.name].to_numpy(), from_pandas=False).cast(field.type) for field in schema]
    return of_any_length(pyarrow.table(arrays, schema=schema))
