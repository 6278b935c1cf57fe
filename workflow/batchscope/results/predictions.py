"""What each replicate predicts after its last epoch: a row per setting, replicate, part and row of that part."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.parquet
from scipy.special import softmax

from batchscope.data.dataset import Dataset
from batchscope.files import replacing
from batchscope.study.setting import Setting

_KEYS = [
    ("batch_size", pyarrow.int64()),
    ("learning_rate", pyarrow.float64()),
    ("schedule", pyarrow.string()),
    ("replicate", pyarrow.int64()),
    ("part", pyarrow.string()),
    ("row", pyarrow.int32()),
]


def write_predictions(
    predicted: Iterable[tuple[Setting, dict[str, np.ndarray], dict[str, np.ndarray]]],
    dataset: Dataset,
    path: str | Path,
) -> None:
    """Write what the replicates of each setting predict on the study's own rows.

    Args:
        predicted: each setting with, by part, the numbers of its replicates' rows (replicates, rows) in the dataset's
            own order, and what they put out for them (replicates, rows, outputs), NaN of a replicate that diverged.
        dataset: what the targets are of.

    `target` and `prediction` are the names of classes, or numbers in the target's unit. Of classes `probability_` has a
    column for each, the softmax of what the model puts out. A replicate that diverged predicts nothing.
    """
    schema = _schema(dataset)
    with replacing(path) as temporary, pyarrow.parquet.ParquetWriter(temporary, schema, compression="zstd") as writer:
        for setting, rows, outputs in predicted:
            for part in rows:
                writer.write_table(_table(schema, dataset, setting, part, rows[part], outputs[part]))


def _schema(dataset: Dataset) -> pyarrow.Schema:
    value = pyarrow.float64() if dataset.outputs == 1 else pyarrow.string()
    probabilities = [] if dataset.outputs == 1 else [f"probability_{name}" for name in dataset.class_names]
    columns = [("target", value), ("prediction", value), *((name, pyarrow.float32()) for name in probabilities)]
    return pyarrow.schema([*_KEYS, *columns])


def _table(
    schema: pyarrow.Schema, dataset: Dataset, setting: Setting, part: str, rows: np.ndarray, outputs: np.ndarray
) -> pyarrow.Table:
    replicates, count = rows.shape
    keys = [np.full(rows.size, value) for value in setting]
    keys += [np.repeat(np.arange(replicates), count), np.full(rows.size, part), rows.ravel()]
    targets = np.concatenate([y for _, y in dataset.parts])[rows.ravel()]
    outputs = outputs.reshape(rows.size, -1)
    if dataset.outputs == 1:
        mean, scale = dataset.unit
        values = [column.astype(float) * scale + mean for column in (targets, outputs[:, 0])]
    else:
        nowhere = np.isnan(outputs).any(axis=1)
        values = [
            _names(dataset, targets),
            _names(dataset, outputs.argmax(axis=1), nowhere),
            *softmax(outputs, axis=1).T,
        ]
    return pyarrow.table([*keys, *values], schema=schema)


def _names(dataset: Dataset, classes: np.ndarray, nowhere: np.ndarray | None = None) -> pyarrow.Array:
    numbers = pyarrow.array(classes.astype(np.int32), mask=nowhere)
    return pyarrow.DictionaryArray.from_arrays(numbers, dataset.class_names).cast(pyarrow.string())
