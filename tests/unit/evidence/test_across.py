import numpy as np
import pytest

from batchscope.evidence.across import Across
from batchscope.evidence.trainings import Trainings
from batchscope.results.row_scores import THIS_SPLIT, RowScores, read_row_scores, write_row_scores
from batchscope.study.setting import Setting
from tests.unit.tables import replicates

SETTING = Setting(4, 0.1)


def row_by_row_of(rows: list[list[int]], correct: list[list[int]], path) -> Trainings:
    """The trainings of a study, each tested on rows of its own."""
    scores = RowScores(np.int32(rows), np.array(correct, bool), np.zeros(np.shape(rows), np.float32))
    write_row_scores([(SETTING, THIS_SPLIT, {"test": scores})], path)
    return Trainings(replicates({4: np.mean(correct, axis=1)}), read_row_scores([path], THIS_SPLIT))


@pytest.fixture
def both(tmp_path) -> Across:
    """Two replicates of a study and three of another; equal ones have the same rows."""
    one = row_by_row_of([[0, 5], [7, 2]], [[1, 0], [1, 1]], tmp_path / "one.parquet")
    other = row_by_row_of([[0, 5], [7, 2], [1, 3]], [[0, 0], [0, 1], [1, 1]], tmp_path / "other.parquet")
    return Across((one, other), paired=True)


def test_pairs_have_the_rows_that_both_were_tested_on(both):
    values, _ = both.values("test_accuracy", [SETTING, SETTING])
    nan, of_rows = np.nan, np.array([0, 2, 5, 7])
    np.testing.assert_allclose(values[0], [[1, nan, 0, nan], [nan, 1, nan, 1], [nan] * len(of_rows)])
    np.testing.assert_allclose(values[1, :2], [[0, nan, 0, nan], [nan, 1, nan, 0]])
    assert both.over("test_accuracy") == "rows and trainings"


def test_what_is_not_in_pairs_is_over_trainings_alone(both):
    apart = Across(both.studies, paired=False)
    for across in (apart, both.on_these_rows):
        values, _ = across.values("test_accuracy", [SETTING, SETTING])
        np.testing.assert_allclose(values[..., 0], [[0.5, 1, np.nan], [0, 0.5, 1]])
        assert across.over("test_accuracy") == "trainings"
