import numpy as np
import pyarrow.parquet
import pytest

from batchscope.results.row_scores import (
    NEW_SPLITS,
    SCHEMA,
    THIS_SPLIT,
    RowScores,
    join,
    read_row_scores,
    write_row_scores,
)
from batchscope.study.scores import METRICS
from batchscope.study.setting import Setting

CONSTANT, SCHEDULE = Setting(8, 0.1), Setting(8, 0.1, "4x1_12x1")


def scores(rows: list[list[int]], correct: list[list[bool]] | None, loss: list[list[float]]) -> RowScores:
    return RowScores(np.int32(rows), None if correct is None else np.array(correct), np.float32(loss))


def of_numbers(part: RowScores) -> RowScores:
    """The same where numbers are learned, with errors that are twice the losses."""
    return part._replace(correct=None, error=2 * part.loss)


OWN = {
    "test": scores([[4, 5, 6]] * 2, [[True, False, True], [False, False, True]], [[0.1, 2, 0.2], [3, 4, 0.5]]),
    "validation": scores([[7]] * 2, [[True], [True]], [[0.3], [0.4]]),
}
NEW = {"test": scores([[6, 0], [3, 6]], [[True, False], [True, True]], [[0.1, 2], [0.2, 0.3]])}


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "batch_size_8.parquet"
    write_row_scores([(CONSTANT, THIS_SPLIT, OWN), (CONSTANT, NEW_SPLITS, NEW), (SCHEDULE, THIS_SPLIT, OWN)], path)
    return path


def test_a_row_of_the_file_per_setting_and_replicate_on_either_kind_of_split(path):
    first, _, on_new, *_ = rows = pyarrow.parquet.read_table(path).to_pylist()
    assert [(row["schedule"], row["on"], row["replicate"]) for row in rows] == [
        *(("constant", on, replicate) for on in (THIS_SPLIT, NEW_SPLITS) for replicate in (0, 1)),
        *(("4x1_12x1", THIS_SPLIT, replicate) for replicate in (0, 1)),
    ]
    assert (first["test_rows"], first["test_correct"]) == ([4, 5, 6], [True, False, True])
    assert first["validation_loss"] == pytest.approx([0.3])
    assert (on_new["test_rows"], on_new["validation_rows"]) == ([6, 0], None)
    columns = pyarrow.parquet.ParquetFile(path).metadata.row_group(0)
    assert {columns.column(index).compression for index in range(columns.num_columns)} == {"ZSTD"}


def test_scores_come_back_by_setting_part_and_score(path):
    table = read_row_scores([path], THIS_SPLIT)
    assert table.settings == [CONSTANT, SCHEDULE]
    accuracy = table.of(SCHEDULE, "test", "accuracy")
    assert (accuracy.dtype, accuracy.tolist()) == (np.float32, [[1, 0, 1], [0, 0, 1]])
    np.testing.assert_array_equal(table.of(CONSTANT, "validation", "loss"), np.float32([[0.3], [0.4]]))


def test_replicates_of_new_splits_have_scores_of_the_rows_that_they_were_tested_on(path):
    table, nan = read_row_scores([path], NEW_SPLITS), np.nan
    assert table.settings == [CONSTANT]
    expected = [[0, nan, 1], [nan, 1, 1]]  # of the rows 0, 3 and 6
    np.testing.assert_array_equal(table.of(CONSTANT, "test", "accuracy"), expected)
    np.testing.assert_array_equal(table.of(CONSTANT, "test", "loss"), np.float32([[2, nan, 0.1], [nan, 0.2, 0.3]]))
    assert table.rows(CONSTANT, "test").tolist() == [0, 3, 6]
    assert table.of(CONSTANT, "validation", "accuracy").shape == (2, 0)


def test_a_replicate_that_diverged_has_no_scores(tmp_path):
    parts = {"test": OWN["test"].without(np.array([False, True]))}
    assert parts["test"].correct.tolist() == [[True, False, True], [False, False, False]]
    write_row_scores([(CONSTANT, THIS_SPLIT, parts)], tmp_path / "scores.parquet")
    table = read_row_scores([tmp_path / "scores.parquet"], THIS_SPLIT)
    for score in ("accuracy", "loss"):
        assert np.isnan(table.of(CONSTANT, "test", score)).all(axis=1).tolist() == [False, True]


def test_metrics_come_back_where_they_are_measured(tmp_path):
    of_rows = np.float32([[0.5, 1, 2], [0, 1, 0.5]])
    parts = {"test": OWN["test"]._replace(metrics={"f1_macro": of_rows}).without(np.array([False, True]))}
    write_row_scores([(CONSTANT, THIS_SPLIT, parts)], tmp_path / "scores.parquet")
    table = read_row_scores([tmp_path / "scores.parquet"], THIS_SPLIT)
    np.testing.assert_array_equal(table.of(CONSTANT, "test", "f1_macro"), [of_rows[0], [np.nan] * 3])
    written = pyarrow.parquet.read_table(tmp_path / "scores.parquet")
    assert written.column_names[-8:-2] == [f"{part}_{each}" for part in ("test", "validation") for each in METRICS]
    assert written["test_roc_auc"].null_count == written["validation_f1_macro"].null_count == 2


def test_numbers_have_no_accuracy(tmp_path):
    parts = {"test": of_numbers(OWN["test"]).without(np.array([False, True]))}
    write_row_scores([(CONSTANT, THIS_SPLIT, parts)], tmp_path / "scores.parquet")
    assert pyarrow.parquet.read_table(tmp_path / "scores.parquet")["test_correct"].null_count == 2
    table = read_row_scores([tmp_path / "scores.parquet"], THIS_SPLIT)
    assert np.isnan(table.of(CONSTANT, "test", "accuracy")).all()
    assert np.isfinite(table.of(CONSTANT, "test", "loss")).all(axis=1).tolist() == [True, False]


def test_numbers_have_errors_and_classes_have_none(tmp_path, path):
    parts = {"test": of_numbers(OWN["test"]).without(np.array([False, True]))}
    write_row_scores([(CONSTANT, THIS_SPLIT, parts)], tmp_path / "scores.parquet")
    errors = read_row_scores([tmp_path / "scores.parquet"], THIS_SPLIT).of(CONSTANT, "test", "error")
    np.testing.assert_array_equal(errors, np.float32([[0.2, 4, 0.4], [np.nan] * 3]))
    assert pyarrow.parquet.read_table(path)["test_error"].null_count == 6
    assert np.isnan(read_row_scores([path], THIS_SPLIT).of(CONSTANT, "test", "error")).all()


def test_stacks_are_joined():
    joined = join([OWN["test"]._replace(metrics={"roc_auc": np.float32([[0.5, 1, 2]] * 2)})] * 2)
    arrays = (joined.rows, joined.correct, joined.loss, joined.metrics["roc_auc"])
    assert [values.shape for values in arrays] == [(4, 3)] * 4
    assert joined.error is None
    numbers = of_numbers(OWN["test"])
    assert join([numbers, numbers]).correct is None
    assert join([numbers, numbers]).error.shape == (4, 3)


def test_a_truncated_file_is_refused(path):
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(
        ValueError, match=r"batch_size_8.parquet has no whole row scores \(.*\); delete it and run again"
    ):
        read_row_scores([path], THIS_SPLIT)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda table: table.drop_columns("test_loss"), "has the columns .* delete it and run again"),
        (
            lambda table: table.take([1, 2, 3, 4, 5]),
            "has 3 replicates on this split where 4 are due; delete it and run",
        ),
        (lambda table: table.slice(0, 0), "has 0 replicates on this split where 0 are due; delete it and run again"),
        (
            lambda table: table.set_column(
                SCHEMA.names.index("test_loss"), SCHEMA.field("test_loss"), table["validation_loss"]
            ),
            "has no test_loss for some rows; delete it and run again",
        ),
    ],
    ids=["a column", "a replicate", "all", "losses"],
)
def test_a_file_that_lacks_something_is_refused(path, change, problem):
    pyarrow.parquet.write_table(change(pyarrow.parquet.read_table(path)), path)
    with pytest.raises(ValueError, match=f"batch_size_8.parquet {problem}"):
        read_row_scores([path], THIS_SPLIT)
