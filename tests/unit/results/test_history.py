import numpy as np
import pyarrow
import pyarrow.parquet
import pytest

from batchscope.results.history import (
    SCHEMA,
    history_table,
    of_any_length,
    read_history,
    read_together,
    write_history,
)
from batchscope.study.setting import Setting


@pytest.fixture
def path(tmp_path):
    values = np.arange(72.0).reshape(2, 2, 3, 6)
    tables = [
        history_table(Setting(8, rate), [1, 2, 3], values[i], np.array([2, 4, 6])) for i, rate in enumerate((0.1, 0.01))
    ]
    write_history(pyarrow.concat_tables(tables), tmp_path / "history.parquet")
    return tmp_path / "history.parquet"


def test_a_row_per_learning_rate_replicate_and_epoch(path):
    rows = read_history(path).to_pylist()
    assert len(rows) == 12
    assert rows[4] == {
        "batch_size": 8,
        "learning_rate": 0.1,
        "replicate": 1,
        "epoch": 2,
        "train_loss": 24.0,
        "train_accuracy": 25.0,
        "test_loss": 26.0,
        "test_accuracy": 27.0,
        "updates": 4,
        "schedule": "constant",
        "validation_loss": 28.0,
        "validation_accuracy": 29.0,
    }
    assert {row["learning_rate"] for row in rows[6:]} == {0.01}


def test_without_validation_rows_their_columns_are_empty():
    table = history_table(Setting(8, 0.1), [1, 2], np.ones((1, 2, 4)), np.array([2, 4])).to_pandas()
    assert table[["validation_loss", "validation_accuracy"]].isna().all(axis=None)
    assert table["test_accuracy"].tolist() == [1, 1]


def test_metrics_stand_in_columns_of_their_own_at_the_end(tmp_path):
    metrics, measured = ["balanced_accuracy", "roc_auc"], np.arange(16.0).reshape(2, 2, 4)
    table = history_table(Setting(8, 0.1), [1, 2], np.ones((2, 2, 6)), np.array([2, 4]), metrics, measured)
    write_history(table, tmp_path / "history.parquet")
    read = read_history(tmp_path / "history.parquet").to_pandas()
    added = ["test_balanced_accuracy", "test_roc_auc", "validation_balanced_accuracy", "validation_roc_auc"]
    assert list(read) == SCHEMA.names + added
    assert read[added].to_numpy().tolist() == measured.reshape(4, 4).tolist()
    pyarrow.parquet.write_table(table.drop_columns("validation_roc_auc"), tmp_path / "history.parquet")
    with pytest.raises(ValueError, match="has the columns"):
        read_history(tmp_path / "history.parquet")


def test_a_truncated_file_is_refused(path):
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(ValueError, match="is no whole history"):
        read_history(path)


def test_a_file_that_lacks_rows_is_refused(path):
    pyarrow.parquet.write_table(pyarrow.parquet.read_table(path).take([0, 1, 2, 3, 5]), path)
    with pytest.raises(ValueError, match="has 5 rows where 6 are due"):
        read_history(path)


def test_only_on_new_splits_there_may_be_no_trainings(path):
    pyarrow.parquet.write_table(SCHEMA.empty_table(), path)
    assert read_history(path, may_be_empty=True).num_rows == 0
    with pytest.raises(ValueError, match="has 0 rows where 0 are due"):
        read_history(path)


def test_a_file_with_other_columns_is_refused(path):
    pyarrow.parquet.write_table(pyarrow.parquet.read_table(path).drop_columns("epoch"), path)
    with pytest.raises(ValueError, match="has the columns"):
        read_history(path)


def test_replicates_of_others_trainings_may_have_any_epochs(path):
    table = of_any_length(pyarrow.parquet.read_table(path).take([0, 1, 2, 4]))
    write_history(pyarrow.concat_tables([table, table]), path)
    assert read_history(path).num_rows == 8
    write_history(table.slice(0, 0), path)
    with pytest.raises(ValueError, match="has 0 rows where 0 are due"):
        read_history(path)


def test_epochs_may_be_whole_at_one_batch_size_and_fractions_at_another(tmp_path):
    paths = [tmp_path / f"{size}.parquet" for size in (8, 16)]
    for path, size, ends in zip(paths, (8, 16), ([1, 2], [0.5, 1.0])):
        write_history(history_table(Setting(size, 0.1), ends, np.ones((1, 2, 4)), np.array([1, 2])), path)
    assert read_together(paths)["epoch"].to_pylist() == [1.0, 2.0, 0.5, 1.0]
