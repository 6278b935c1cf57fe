"""How far predictions of numbers are from their targets, in the target's unit."""

import math

import numpy as np
import pandas as pd

from batchscope.evidence.metrics import mean_with_interval
from batchscope.results.row_scores import PARTS, RowScoreTable
from batchscope.study.setting import SETTING, Setting

MEASURES = [f"{part}_{error}" for part in PARTS for error in ("rmse", "mae")]


def add_errors(replicates: pd.DataFrame, scores: RowScoreTable | None) -> pd.DataFrame:
    """The replicates with a column for each of `MEASURES`: root mean squared and mean absolute error on test and
    validation rows after the last epoch.

    Args:
        replicates: as from `batchscope.evidence.metrics.measure_replicates`.
        scores: those of their rows, where these are known.

    NaN of classes, of a replicate that diverged, and where there are no validation rows or no scores.
    """
    if scores is None:
        return replicates.assign(**dict.fromkeys(MEASURES, math.nan))
    tables = [
        pd.DataFrame(_errors(scores, setting)).assign(**setting._asdict(), replicate=lambda table: table.index)
        for setting in scores.settings
    ]
    return replicates.merge(pd.concat(tables), how="left", on=[*SETTING, "replicate"], validate="one_to_one")


def _errors(scores: RowScoreTable, setting: Setting) -> dict[str, np.ndarray]:
    """Measure -> its value of each replicate."""
    errors = {}
    for part in PARTS:
        of_rows = scores.of(setting, part, "error").astype(float)
        errors[f"{part}_rmse"] = np.sqrt(_means(of_rows**2))
        errors[f"{part}_mae"] = _means(np.abs(of_rows))
    return errors


def _means(values: np.ndarray) -> np.ndarray:
    """Of values (replicates, rows) the mean over the rows that a replicate was tested on; NaN where there are none."""
    with np.errstate(invalid="ignore"):
        return np.nansum(values, axis=1) / np.sum(~np.isnan(values), axis=1)


def summarize_errors(replicates: pd.DataFrame, seed: int) -> pd.DataFrame:
    """A row per setting, as in the summary: of each of `MEASURES` mean, sd and 95 % interval over trainings alone."""
    rows = []
    for _, group in replicates.groupby(SETTING):
        estimates = [mean_with_interval(group[measure], seed) for measure in MEASURES]
        rows.append({name: value for estimate in estimates for name, value in estimate.items()})
    return pd.DataFrame(rows)
