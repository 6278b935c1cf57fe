"""The values of a measure at settings, replicate by replicate, with censored times restricted."""

import numpy as np
import pandas as pd

from batchscope.study.setting import Setting, rows_of

# Measures that are censored by the length of the training -> the column with that length.
CENSORED = {
    f"{part}{length}_to_target": length for part in ("", "validation_") for length in ("epochs", "updates", "seconds")
} | {f"{part}epochs_to_first_touch": "epochs" for part in ("", "validation_")}

# Measures of a replicate at all learning rates of a batch size together, which it has though it diverged at some.
OF_ALL_RATES = ("usable_octaves",)


def values_by_replicate(
    replicates: pd.DataFrame, measure: str, settings: list[Setting]
) -> tuple[np.ndarray, np.ndarray]:
    """The values of a measure at settings, a row for each replicate of the table.

    Args:
        replicates: a row per setting and replicate; of timings, a row per setting and stretch of training.

    Returns:
        Values (replicates, settings), and 1 for those of them that are censored, 0 for the others. Both are NaN where a
        setting has no such replicate, and a replicate that diverged has no value, but of `OF_ALL_RATES`. Where some
        replicate never reaches a target, all times are restricted to the length of the shortest training, with which it
        counts: their mean is a restricted mean (Royston and Parmar 2013).
    """
    values, diverged = _by_replicate(replicates, [measure, "diverged"], settings)
    if measure not in OF_ALL_RATES:
        values[diverged == 1] = np.nan
    if not np.isinf(values).any():
        return values, np.where(np.isnan(diverged), np.nan, 0.0)
    horizon = _by_replicate(replicates, [CENSORED[measure]], settings)[0][~np.isnan(values)].min()
    return np.minimum(values, horizon), np.where(np.isnan(diverged), np.nan, values > horizon)


def diverged_by_replicate(replicates: pd.DataFrame, settings: list[Setting]) -> np.ndarray:
    """1 where a replicate of a setting diverged, else 0, (replicates, settings); NaN where there is no such one."""
    return _by_replicate(replicates, ["diverged"], settings)[0]


def _by_replicate(replicates: pd.DataFrame, columns: list[str], settings: list[Setting]) -> np.ndarray:
    """Columns of the table, (columns, replicates, settings)."""
    row_of_setting = "replicate" if "replicate" in replicates else "stretch"
    if "diverged" not in replicates:
        replicates = replicates.assign(diverged=False)
    all_of_them = replicates[row_of_setting].unique()
    tables = [rows_of(setting, replicates).set_index(row_of_setting)[columns] for setting in settings]
    return np.stack([table.astype(float).reindex(all_of_them) for table in tables], axis=2).transpose(1, 0, 2)
