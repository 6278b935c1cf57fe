"""Histories: a row per setting, replicate and epoch, in Parquet."""

from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.parquet

from batchscope.files import replacing
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


def history_table(setting: Setting, history: np.ndarray, updates: np.ndarray) -> pyarrow.Table:
    """The table of one setting.

    Args:
        history: (replicates, epochs, measures) in the order of `MEASURES`; without validation rows only the first four.
        updates: (epochs,), the updates up to the end of each epoch.
    """
    replicates, epochs, _ = history.shape
    replicate, epoch = np.meshgrid(np.arange(replicates), np.arange(1, epochs + 1), indexing="ij")
    columns = [np.full(replicate.size, setting.batch_size), np.full(replicate.size, float(setting.learning_rate))]
    measured = np.full((replicate.size, len(MEASURES)), np.nan)
    measured[:, : history.shape[-1]] = history.reshape(replicate.size, -1)
    columns += [replicate.ravel(), epoch.ravel(), *measured.T[: len(_CONTRACT)]]
    columns += [np.tile(updates, replicates), np.full(replicate.size, setting.schedule)]
    return pyarrow.table([*columns, *measured.T[len(_CONTRACT) :]], schema=SCHEMA)


def write_history(table: pyarrow.Table, path: str | Path) -> None:
    with replacing(path) as temporary:
        pyarrow.parquet.write_table(table, temporary)


def read_history(path: str | Path, may_be_empty: bool = False) -> pyarrow.Table:
    """Read a history and check that it is whole; only that of new splits may have no rows.

    Raises:
        ValueError: the file is damaged, has other columns, or lacks rows.
    """
    try:
        table = pyarrow.parquet.read_table(path)
    except (OSError, pyarrow.ArrowException) as error:
        raise ValueError(f"{path} is no whole history ({error}); delete it and run again") from error
    if table.schema.names != SCHEMA.names:
        raise ValueError(f"{path} has the columns {table.schema.names}, not {SCHEMA.names}; delete it and run again")
    settings = table.group_by(SETTING).aggregate([("replicate", "max"), ("epoch", "max")])
    due = sum((row["replicate_max"] + 1) * row["epoch_max"] for row in settings.to_pylist())
    if table.num_rows != due or (table.num_rows == 0 and not may_be_empty):
        raise ValueError(f"{path} has {table.num_rows} rows where {due} are due; delete it and run again")
    return table
