"""The values of a measure at settings, for the replicates that they share, with censored times restricted."""

import numpy as np
import pandas as pd

from batchscope.study.setting import Setting, rows_of

# Measures that are censored by the length of the training -> the column with that length.
CENSORED = {
    f"{part}{length}_to_target": length for part in ("", "validation_") for length in ("epochs", "updates", "seconds")
} | {f"{part}epochs_to_first_touch": "epochs" for part in ("", "validation_")}


def paired_values(replicates: pd.DataFrame, measure: str, settings: list[Setting]) -> tuple[np.ndarray, np.ndarray]:
    """The values of a measure at settings, for the replicates that all of them have.

    Args:
        replicates: a row per setting and replicate; of timings, a row per setting and stretch of training.

    Returns:
        Values (replicates, settings), and which of them are censored. A replicate that diverged has none (NaN). Where
        some replicate never reaches a target, all times are restricted to the length of the shortest training, with
        which it counts: their mean is a restricted mean (Royston and Parmar 2013).
    """
    row_of_setting = "replicate" if "replicate" in replicates else "stretch"
    rows = [rows_of(setting, replicates).set_index(row_of_setting) for setting in settings]
    values = pd.concat([row[measure] for row in rows], axis=1, join="inner").to_numpy(float, copy=True)
    if "diverged" in replicates:
        values[pd.concat([row["diverged"] for row in rows], axis=1, join="inner").to_numpy(bool)] = np.nan
    if not np.isinf(values).any():
        return values, np.zeros(values.shape, bool)
    horizon = min(row[CENSORED[measure]].min() for row in rows)
    return np.minimum(values, horizon), values > horizon
