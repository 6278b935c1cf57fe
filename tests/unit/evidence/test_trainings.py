import math

import numpy as np

from batchscope.evidence import paired, unpaired
from batchscope.evidence.trainings import Trainings, read_trainings
from batchscope.study.setting import Setting
from tests.unit.tables import replicates, row_by_row

SMALL, LARGE = Setting(4, 0.1), Setting(8, 0.1)


def test_trainings_without_scores_of_rows_and_new_splits_are_read(tmp_path):
    table = replicates({4: np.array([0.7, 0.8]), 8: np.array([0.9, math.nan])})
    table.to_csv(tmp_path / "replicates.csv", index=False)
    table.head(0).to_csv(tmp_path / "new_splits.csv", index=False)
    for shared, form in ((True, paired), (False, unpaired)):
        [(on, trainings)] = read_trainings(
            tmp_path / "replicates.csv", tmp_path / "new_splits.csv", scores=[], paired=shared
        ).items()
        assert (on, trainings.scores, trainings.form) == ("this split", None, form)
        assert trainings.estimate("test_accuracy", SMALL, seed=0).estimate == 0.75


def test_an_interval_is_over_rows_where_something_is_known_of_them():
    trainings = row_by_row({4: np.ones((2, 5))})
    assert trainings.over("test_accuracy") == "rows and trainings"
    assert trainings.over("epochs_to_target") == trainings.on_these_rows.over("test_accuracy") == "trainings"


def test_where_a_setting_lacks_a_replicate_there_is_neither_a_value_nor_a_divergence():
    table = replicates({4: np.array([0.7, 0.8, 0.9]), 8: np.array([math.nan, 0.6, 0.5])})
    trainings = Trainings(table[(table["batch_size"] == 8) | (table["replicate"] != 1)])
    values, censored = trainings.values("test_accuracy", [SMALL, LARGE])
    by_replicate = dict(zip(trainings.replicates["replicate"].unique(), values[..., 0].T))
    np.testing.assert_array_equal(by_replicate[0], [0.7, math.nan])
    np.testing.assert_array_equal(by_replicate[1], [math.nan, 0.6])
    np.testing.assert_array_equal(by_replicate[2], [0.9, 0.5])
    assert (np.nansum(trainings.diverged([SMALL, LARGE]), axis=0) == [0, 1]).all()
    assert (np.isnan(censored).sum(axis=0) == [1, 0]).all()
