"""What each replicate got right after its last epoch, row by row: a row of a file per setting and replicate."""

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import pyarrow
import pyarrow.compute
import pyarrow.dataset  # with which it reads Parquet, or each job would import it
import pyarrow.parquet

from batchscope.files import replacing
from batchscope.study.scores import METRICS
from batchscope.study.setting import SETTING, Setting

THIS_SPLIT, NEW_SPLITS = "this split", "new splits"  # what the column `on` holds
PARTS = ("test", "validation")
_VALUES = {"rows": pyarrow.int32(), "correct": pyarrow.bool_(), "loss": pyarrow.float32()}
_OF_NUMBERS = {"error": pyarrow.float32()}
SCHEMA = pyarrow.schema(
    [
        ("batch_size", pyarrow.int64()),
        ("learning_rate", pyarrow.float64()),
        ("schedule", pyarrow.string()),
        ("on", pyarrow.string()),
        ("replicate", pyarrow.int64()),
        *((f"{part}_{name}", pyarrow.list_(kind)) for part in PARTS for name, kind in _VALUES.items()),
        *((f"{part}_{metric}", pyarrow.list_(pyarrow.float32())) for part in PARTS for metric in METRICS),
        *((f"{part}_{name}", pyarrow.list_(kind)) for part in PARTS for name, kind in _OF_NUMBERS.items()),
    ]
)


class RowScores(NamedTuple):
    """The scores of rows of one part, each (replicates, rows).

    A replicate that diverged has losses and errors of NaN and nothing correct. Of a metric, which is no mean over rows,
    a row has the metric plus what the row moves it by, so that the mean over rows is the metric and their variance that
    of it.
    """

    rows: np.ndarray  # int32, as numbers in the dataset's own order: training, then test, then validation rows
    correct: np.ndarray | None  # bool; None of numbers, of which none is right or wrong
    loss: np.ndarray  # float32
    metrics: Mapping[str, np.ndarray] = MappingProxyType({})  # those that are measured, float32
    error: np.ndarray | None = None  # float32, prediction minus target in the target's unit; None of classes

    def without(self, diverged: np.ndarray) -> "RowScores":
        """The same where these replicates, bool (replicates,), diverged."""

        def nowhere(values: np.ndarray) -> np.ndarray:
            return np.where(diverged[:, None], np.float32(np.nan), values)

        correct = None if self.correct is None else self.correct & ~diverged[:, None]
        error = None if self.error is None else nowhere(self.error)
        metrics = {metric: nowhere(values) for metric, values in self.metrics.items()}
        return self._replace(correct=correct, loss=nowhere(self.loss), metrics=metrics, error=error)


def join(stacks: list[RowScores]) -> RowScores:
    """The scores of several stacks of replicates together."""
    rows, correct, loss, metrics, error = zip(*stacks)
    return RowScores(
        np.concatenate(rows),
        None if correct[0] is None else np.concatenate(correct),
        np.concatenate(loss),
        {metric: np.concatenate([each[metric] for each in metrics]) for metric in metrics[0]},
        None if error[0] is None else np.concatenate(error),
    )


def write_row_scores(scores: Iterable[tuple[Setting, str, dict[str, RowScores]]], path: str | Path) -> None:
    """Write the scores of each setting on this split or on new ones, by part."""
    with (
        replacing(path) as temporary,
        pyarrow.parquet.ParquetWriter(temporary, SCHEMA, compression="zstd") as writer,
    ):
        for setting, on, parts in scores:
            writer.write_table(_table(setting, on, parts))


def _table(setting: Setting, on: str, parts: dict[str, RowScores]) -> pyarrow.Table:
    replicates = len(parts["test"].rows)
    columns = setting._asdict() | {"on": on}
    columns = {name: [value] * replicates for name, value in columns.items()} | {"replicate": range(replicates)}
    for part in PARTS:
        for name, kind in (_VALUES | _OF_NUMBERS).items():
            columns[f"{part}_{name}"] = _lists(getattr(parts.get(part), name, None), replicates, kind)
        for metric in METRICS:
            values = parts[part].metrics.get(metric) if part in parts else None
            columns[f"{part}_{metric}"] = _lists(values, replicates, pyarrow.float32())
    return pyarrow.table([columns[name] for name in SCHEMA.names], schema=SCHEMA)


def _lists(values: np.ndarray | None, replicates: int, kind: pyarrow.DataType) -> pyarrow.Array:
    """A list for each replicate from values (replicates, rows)."""
    if values is None:
        return pyarrow.nulls(replicates, pyarrow.list_(kind))
    offsets = np.arange(replicates + 1, dtype=np.int32) * values.shape[1]
    return pyarrow.ListArray.from_arrays(offsets, pyarrow.array(values.ravel(), kind))


class RowScoreTable:
    """The row scores of a study, as `read_row_scores` gives them."""

    def __init__(self, table: pyarrow.Table):
        self._table = table
        self._rows_of = cache(lambda setting: table.filter(_is(setting)).sort_by("replicate"))

    @property
    def settings(self) -> list[Setting]:
        return [Setting(**row) for row in self._table.group_by(SETTING, use_threads=False).aggregate([]).to_pylist()]

    def of(self, setting: Setting, part: str, score: str) -> np.ndarray:
        """The scores of a setting, float32 (replicates, rows).

        Args:
            part: `test` or `validation`.
            score: `accuracy`, which is 1 or 0 and NaN of numbers, `loss`, a metric that is measured, or `error`, which
                is NaN of classes.

        The rows are all those that some replicate of the setting was tested on, in the dataset's own order. NaN where a
        replicate was not tested on a row, and where it diverged.
        """
        chosen = self._rows_of(setting)
        rows, correct, loss, error = (_flat(chosen[f"{part}_{name}"]) for name in (*_VALUES, *_OF_NUMBERS))
        if score == "loss":
            scores = loss
        elif score in METRICS:
            scores = _flat(chosen[f"{part}_{score}"])
        elif score == "error" and len(error):
            scores = error
        elif score == "accuracy" and len(correct):
            scores = np.where(np.isnan(loss), np.nan, correct)
        else:
            scores = np.full(len(loss), np.nan)
        tested, columns = np.unique(rows, return_inverse=True)
        values = np.full((len(chosen), len(tested)), np.nan, np.float32)
        values[np.repeat(np.arange(len(chosen)), len(rows) // len(chosen)), columns] = scores
        return values

    def rows(self, setting: Setting, part: str) -> np.ndarray:
        """The numbers of the rows that `of` has, in its order, (rows,)."""
        return np.unique(_flat(self._rows_of(setting)[f"{part}_rows"]))


def read_row_scores(paths: Iterable[str | Path], on: str) -> RowScoreTable:
    """Read the scores on `THIS_SPLIT` or on `NEW_SPLITS` from the files of a study, and check that they are whole.

    Raises:
        ValueError: a file is damaged, has other columns, or lacks replicates or scores.
    """
    return RowScoreTable(pyarrow.concat_tables(_read(path, on) for path in paths))


def _read(path: str | Path, on: str) -> pyarrow.Table:
    try:
        table = pyarrow.parquet.read_table(path, filters=[("on", "=", on)])
    except (OSError, pyarrow.ArrowException) as error:
        raise ValueError(f"{path} has no whole row scores ({error}); delete it and run again") from error
    if table.schema.names != SCHEMA.names:
        raise ValueError(f"{path} has the columns {table.schema.names}, not {SCHEMA.names}; delete it and run again")
    settings = table.group_by(SETTING).aggregate([("replicate", "max")])
    due = sum(row["replicate_max"] + 1 for row in settings.to_pylist())
    if table.num_rows == 0 or table.num_rows != due:
        raise ValueError(f"{path} has {table.num_rows} replicates on {on} where {due} are due; delete it and run again")
    lists = pyarrow.compute.list_value_length
    for part in PARTS:
        for name in ("correct", "loss", *METRICS, "error"):
            scored = table[f"{part}_{name}"].drop_null()
            if len(scored) and not lists(scored).equals(lists(table[f"{part}_rows"])):
                raise ValueError(f"{path} has no {part}_{name} for some rows; delete it and run again")
    return table


def _is(setting: Setting) -> pyarrow.compute.Expression:
    conditions = [pyarrow.compute.field(column) == value for column, value in setting._asdict().items()]
    return conditions[0] & conditions[1] & conditions[2]


def _flat(lists: pyarrow.ChunkedArray) -> np.ndarray:
    """The values of all lists, one list after the other."""
    return pyarrow.compute.list_flatten(lists).to_numpy()
