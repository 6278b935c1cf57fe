"""The values of a measure at one setting, or at several in pairs of replicates, with censored times restricted."""

import numpy as np
import pandas as pd

from batchscope.setting import Setting, rows_of

# Measures that are censored by the length of the training -> the column with that length.
CENSORED = {
    f"{part}{length}_to_target": length for part in ("", "validation_") for length in ("epochs", "updates", "seconds")
}


def paired_values(replicates: pd.DataFrame, measure: str, settings: list[Setting]) -> tuple[np.ndarray, np.ndarray]:
    """The values of a measure at settings, for the replicates that all of them have.

    Args:
        replicates: a row per setting and replicate; of timings, a row per setting and stretch of training.

    Returns:
        Values (replicates, settings), and which of them are censored. A replicate that diverged has none (NaN). Where
        some replicate never reaches a target, all times are restricted to the length of the shortest training, with
        which it counts: their mean is a restricted mean (Royston and Parmar 2013).
    """
    values, lengths = values_and_lengths(replicates, measure, settings)
    if not np.isinf(values).any():
        return values, np.zeros(values.shape, bool)
    horizon = lengths.min()
    return np.minimum(values, horizon), values > horizon


def values_and_lengths(
    replicates: pd.DataFrame, measure: str, settings: list[Setting]
) -> tuple[np.ndarray, np.ndarray]:
    """Values (replicates, settings) before any are restricted, and the lengths of the trainings (settings,).

    A measure that is not censored has lengths without end.
    """
    row_of_setting = "replicate" if "replicate" in replicates else "stretch"
    rows = [rows_of(setting, replicates).set_index(row_of_setting) for setting in settings]
    values = pd.concat([row[measure] for row in rows], axis=1, join="inner").to_numpy(float, copy=True)
    if "diverged" in replicates:
        values[pd.concat([row["diverged"] for row in rows], axis=1, join="inner").to_numpy(bool)] = np.nan
    length = CENSORED.get(measure)
    return values, np.array([np.inf if length is None else row[length].min() for row in rows], float)


def differences(values: np.ndarray, lengths: np.ndarray, of: np.ndarray, to: int) -> np.ndarray:
    """Paired differences (replicates, settings) of settings `of` from setting `to`, each pair restricted on its own."""
    unseen = np.isinf(values).any(axis=0)
    horizon = np.where(unseen[of] | unseen[to], np.minimum(lengths[of], lengths[to]), np.inf)
    return np.minimum(values[:, of], horizon) - np.minimum(values[:, [to]], horizon)
