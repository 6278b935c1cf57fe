import math

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import mean_absolute_error, root_mean_squared_error

from batchscope.evidence.errors import MEASURES, add_errors, summarize_errors
from batchscope.results.row_scores import THIS_SPLIT, RowScores, read_row_scores, write_row_scores
from batchscope.study.setting import Setting

SMALL, LARGE = Setting(4, 0.1), Setting(64, 0.1)
PREDICTED = np.array([[3.0, 5, 9], [2, 2, 2], [7, 8, 9]])
TARGET = np.array([3.0, 4, 5])


@pytest.fixture
def replicates(tmp_path) -> pd.DataFrame:
    """Two settings of three replicates, the last of which diverged; of the second setting the errors are 10 times."""
    diverged = np.array([False, False, True])
    table = []
    for setting, times in ((SMALL, 1), (LARGE, 10)):
        error = np.float32((PREDICTED - TARGET) * times)
        scores = RowScores(np.tile(np.int32([0, 1, 2]), (3, 1)), None, error**2, error=error).without(diverged)
        table.append((setting, THIS_SPLIT, {"test": scores}))
    write_row_scores(table, tmp_path / "rows.parquet")
    rows = [setting._asdict() | {"replicate": replicate} for setting in (LARGE, SMALL) for replicate in range(3)]
    return add_errors(pd.DataFrame(rows), read_row_scores([tmp_path / "rows.parquet"], THIS_SPLIT))


def test_errors_are_those_of_scikit_learn_and_keep_the_order_of_the_replicates(replicates):
    expected = [[error(TARGET, each) for error in (root_mean_squared_error, mean_absolute_error)] for each in PREDICTED]
    expected = np.array([*expected[:2], [math.nan] * 2])
    assert replicates["batch_size"].tolist() == [64] * 3 + [4] * 3
    errors = replicates[["test_rmse", "test_mae"]].to_numpy()
    np.testing.assert_allclose(errors, np.concatenate([expected * 10, expected]), rtol=1e-6)
    assert replicates[["validation_rmse", "validation_mae"]].isna().all(axis=None)


def test_the_summary_is_over_the_replicates_that_did_not_diverge_and_of_any_unit(replicates):
    tiny = replicates.assign(**{measure: replicates[measure] * 1e-9 for measure in MEASURES})
    summary = summarize_errors(tiny, seed=0)
    of_small = replicates[replicates["batch_size"] == 4]["test_rmse"].dropna() * 1e-9
    row = summary.iloc[0]
    assert (row["test_rmse_mean"], row["test_rmse_sd"]) == pytest.approx((of_small.mean(), of_small.std()), rel=1e-9)
    assert row["test_rmse_low"] < row["test_rmse_mean"] < row["test_rmse_high"]
    assert math.isnan(row["validation_mae_mean"])
    assert list(summary) == [f"{measure}_{what}" for measure in MEASURES for what in ("mean", "sd", "low", "high")]
