import numpy as np
import pandas as pd
import pyarrow.parquet
import pytest

from batchscope.data.dataset import Dataset
from batchscope.results.predictions import write_predictions
from batchscope.study.setting import Setting

X = np.zeros((2, 1), np.float32)
ROWS = {"test": np.int32([[2, 3], [2, 3]]), "validation": np.int32([[4, 5], [4, 5]])}
KEYS = ["batch_size", "learning_rate", "schedule", "replicate", "part", "row"]


@pytest.fixture
def write(tmp_path):
    def write(dataset: Dataset, outputs: dict[str, np.ndarray]) -> pd.DataFrame:
        path = tmp_path / "predictions.parquet"
        write_predictions([(Setting(8, 0.1), ROWS, outputs), (Setting(8, 0.2), ROWS, outputs)], dataset, path)
        columns = pyarrow.parquet.ParquetFile(path).metadata.row_group(0)
        assert {columns.column(index).compression for index in range(columns.num_columns)} == {"ZSTD"}
        assert [each.name for each in tmp_path.iterdir() if each.is_file()] == ["predictions.parquet"]
        return pd.read_parquet(path)

    return write


def test_classes_have_their_names_and_a_probability_each(write):
    y = [np.array(classes) for classes in ([0, 1], [1, 0], [1, 1])]
    dataset = Dataset(X, y[0], X, y[1], X, y[2], labels=np.array(["ham", "spam"]))
    logits = np.log(np.float32([[[0.1, 0.9], [0.8, 0.2]], [[0.6, 0.4], [np.nan, np.nan]]]))
    table = write(dataset, {"test": logits, "validation": logits})
    assert list(table) == [*KEYS, "target", "prediction", "probability_ham", "probability_spam"]
    assert table[KEYS].iloc[:5].to_numpy().tolist() == [
        [8, 0.1, "constant", 0, "test", 2],
        [8, 0.1, "constant", 0, "test", 3],
        [8, 0.1, "constant", 1, "test", 2],
        [8, 0.1, "constant", 1, "test", 3],
        [8, 0.1, "constant", 0, "validation", 4],
    ]
    assert table["learning_rate"].tolist() == [0.1] * 8 + [0.2] * 8
    assert table["target"].tolist() == (["spam", "ham"] * 2 + ["spam"] * 4) * 2
    assert table["prediction"][:3].tolist() == ["spam", "ham", "ham"]
    np.testing.assert_allclose(table["probability_spam"][:3], [0.9, 0.2, 0.4], rtol=1e-6)
    assert table.iloc[3][["prediction", "probability_ham"]].isna().all()  # it diverged
    numbered = write(dataset._replace(labels=None), {"test": logits, "validation": logits})
    assert numbered["prediction"][:2].tolist() == ["1", "0"]
    assert "probability_1" in numbered


def test_numbers_are_in_the_unit_of_the_target(write):
    y = [np.float32(numbers) for numbers in ([-1, 1], [0, 2], [1, 3])]
    dataset = Dataset(X, y[0], X, y[1], X, y[2], target_mean=np.float64(1000), target_scale=np.float64(20))
    outputs = np.float32([[[0.5], [2.5]], [[np.nan], [np.nan]]])
    table = write(dataset, {"test": outputs, "validation": outputs})
    assert list(table) == [*KEYS, "target", "prediction"]
    assert table["target"][:6].tolist() == [1000, 1040, 1000, 1040, 1020, 1060]
    assert table["prediction"][:2].tolist() == [1010, 1050]
    assert table["prediction"][2:4].isna().all()
