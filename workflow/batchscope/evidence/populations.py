"""What the summary of a study says beyond its own rows: intervals for new rows, and means on new splits."""

import math

import pandas as pd

from batchscope.evidence.crossed import Estimate
from batchscope.evidence.trainings import NEW_SPLITS, THIS_SPLIT, Trainings
from batchscope.results.history import metrics_of
from batchscope.study.setting import Setting, rows_of, settings_in


def add_populations(summary: pd.DataFrame, trainings: dict[str, Trainings], seed: int) -> pd.DataFrame:
    """The summary with more columns.

    Args:
        summary: as from `batchscope.evidence.metrics.summarize`.
        trainings: population -> its trainings, as from `batchscope.evidence.trainings.read_trainings`.
        seed: where the bootstrap starts from.

    Of the final accuracy, loss and metrics on test and validation rows the 95 % interval for new rows and new
    trainings, in `_low_on_this_split` and `_high_on_this_split`. On new splits `replicates` and `diverged`, and of the
    same measures the mean and its interval.
    """
    settings = settings_in(summary)
    rows = [_row(setting, trainings, seed) for setting in settings]
    return pd.concat([summary, pd.DataFrame(rows, index=summary.index)], axis=1)


def _row(setting: Setting, trainings: dict[str, Trainings], seed: int) -> dict[str, float]:
    row, scores = {}, ("accuracy", "loss", *metrics_of(trainings[THIS_SPLIT].replicates))
    measures = [f"{part}_{score}" for part in ("test", "validation") for score in scores]
    for measure in measures:
        estimate = trainings[THIS_SPLIT].estimate(measure, setting, seed)
        row |= _interval(measure, estimate, THIS_SPLIT)
    new = trainings.get(NEW_SPLITS)
    counts = (math.nan, math.nan)
    if new is not None:
        diverged = rows_of(setting, new.replicates)["diverged"]
        counts = (len(diverged), int(diverged.sum()))
    row |= dict(zip(("replicates_on_new_splits", "diverged_on_new_splits"), counts))
    for measure in measures:
        estimate = Estimate(*[math.nan] * 7) if new is None else new.estimate(measure, setting, seed)
        row |= {f"{measure}_mean_on_new_splits": round(estimate.estimate, 6)}
        row |= _interval(measure, estimate, NEW_SPLITS)
    return row


def _interval(measure: str, estimate: Estimate, population: str) -> dict[str, float]:
    where = f"on_{population.replace(' ', '_')}"
    return {f"{measure}_{bound}_{where}": round(getattr(estimate, bound), 6) for bound in ("low", "high")}
