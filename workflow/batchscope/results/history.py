"""Histories: a row per setting, replicate and measurement, in Parquet.

A measurement ends an epoch, whose number is whole, unless a study says otherwise; then `epoch` is float64.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.dataset  # with which it reads Parquet, or each job would import it
import pyarrow.parquet

from batchscope.files import replacing
from batchscope.study.scores import METRICS
from batchscope.study.setting import SETTING, Setting

# Of the validation rows the columns come last, as there need not be any.
_CONTRACT = ("train_loss", "train_accuracy", "test_loss", "test_accuracy")
_VALIDATION = ("validation_loss", "validation_accuracy")
MEASURES = _CONTRACT + _VALIDATION
SCHEMA = pyarrow.schema(
    [
        ("batch_size", pyarrow.int64()),
        ("learning_rate", pyarrow.float64()),
        ("replicate", pyarrow.int64()),
        ("epoch", pyarrow.int64()),
        *((measure, pyarrow.float64()) for measure in _CONTRACT),
        ("updates", pyarrow.int64()),
        ("schedule", pyarrow.string()),
        *((measure, pyarrow.float64()) for measure in _VALIDATION),
    ]
)
_OF_ANY_LENGTH = {b"replicates": b"of any length"}


def metric_columns(metrics: Sequence[str]) -> list[str]:
    """The columns of metrics, of test rows and then of validation rows."""
    return [f"{part}_{metric}" for part in ("test", "validation") for metric in metrics]


def schema_with(metrics: Sequence[str], of_epochs: type = np.int64) -> pyarrow.Schema:
    """The columns where a study measures some metrics, which come last; epochs are numbers of a type."""
    schema = SCHEMA.set(SCHEMA.get_field_index("epoch"), pyarrow.field("epoch", pyarrow.from_numpy_dtype(of_epochs)))
    return pyarrow.schema([*schema, *((column, pyarrow.float64()) for column in metric_columns(metrics))])


def metrics_of(columns: Sequence[str]) -> list[str]:
    """The metrics that a history with these columns has."""
    return [metric for metric in METRICS if f"test_{metric}" in columns]


def history_table(
    setting: Setting,
    ends: Sequence[float],
    history: np.ndarray,
    updates: np.ndarray,
    metrics: Sequence[str] = (),
    measured: np.ndarray | None = None,
) -> pyarrow.Table:
    """The table of one setting.

    Args:
        ends: (measurements,), the epochs from the start up to each.
        history: (replicates, measurements, measures) in the order of `MEASURES`; without validation rows only the first
            four.
        updates: (measurements,), the updates up to each.
        metrics, measured: the metrics and their values (replicates, measurements, columns) in the order of
            `metric_columns`.
    """
    replicate, epoch = np.meshgrid(np.arange(len(history)), np.array(ends), indexing="ij")
    columns = [np.full(replicate.size, setting.batch_size), np.full(replicate.size, float(setting.learning_rate))]
    values = np.full((replicate.size, len(MEASURES)), np.nan)
    values[:, : history.shape[-1]] = history.reshape(replicate.size, -1)
    columns += [replicate.ravel(), epoch.ravel(), *values.T[: len(_CONTRACT)]]
    columns += [np.tile(updates, len(history)), np.full(replicate.size, setting.schedule)]
    of_metrics = measured.reshape(replicate.size, -1).T if metrics else []
    return pyarrow.table(
        [*columns, *values.T[len(_CONTRACT) :], *of_metrics], schema=schema_with(metrics, epoch.dtype.type)
    )


def write_history(table: pyarrow.Table, path: str | Path) -> None:
    with replacing(path) as temporary:
        pyarrow.parquet.write_table(table, temporary)


def of_any_length(table: pyarrow.Table) -> pyarrow.Table:
    """A history whose replicates need not have all epochs, nor the same ones, as where others trained them."""
    return table.replace_schema_metadata(_OF_ANY_LENGTH)


def read_history(path: str | Path, may_be_empty: bool = False) -> pyarrow.Table:
    """Read a history, with what metrics it has, and check that it is whole; only that of new splits may have no rows.

    Raises:
        ValueError: the file is damaged, has other columns, or lacks rows.
    """
    try:
        table = pyarrow.parquet.read_table(path)
    except (OSError, pyarrow.ArrowException) as error:
        raise ValueError(f"{path} is no whole history ({error}); delete it and run again") from error
    expected = schema_with(metrics_of(table.schema.names)).names
    if table.schema.names != expected:
        raise ValueError(f"{path} has the columns {table.schema.names}, not {expected}; delete it and run again")
    if _OF_ANY_LENGTH.items() <= (table.schema.metadata or {}).items() and table.num_rows:
        return table
    settings = table.group_by(SETTING).aggregate([("replicate", "max"), ("epoch", "count_distinct")])
    due = sum((row["replicate_max"] + 1) * row["epoch_count_distinct"] for row in settings.to_pylist())
    if table.num_rows != due or (table.num_rows == 0 and not may_be_empty):
        raise ValueError(f"{path} has {table.num_rows} rows where {due} are due; delete it and run again")
    return table


def read_together(paths: Iterable[str | Path], may_be_empty: bool = False) -> pyarrow.Table:
    """Read histories, at least one, as one: epochs may be whole numbers at one batch size and fractions at another.

    Raises:
        ValueError: as `read_history`.
    """
    tables = [read_history(path, may_be_empty) for path in paths]
    return pyarrow.concat_tables(tables, promote_options="permissive")
