"""The values of a measure at settings, replicate by replicate, with censored times restricted."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from batchscope.study.setting import SETTING, Setting

# Measures that are censored by the length of the training -> the column with that length.
CENSORED = {
    f"{part}{length}_to_target": length for part in ("", "validation_") for length in ("epochs", "updates", "seconds")
} | {f"{part}epochs_to_first_touch": "epochs" for part in ("", "validation_")}

# Measures of a replicate at all learning rates of a batch size together, which it has though it diverged at some.
OF_ALL_RATES = ("usable_octaves",)


def by_setting(table: pd.DataFrame) -> dict[Setting, pd.DataFrame]:
    """The rows of each setting, under the numbers of its replicates; of timings, of its stretches.

    Args:
        table: a row per setting and replicate; of timings, a row per setting and stretch of training.
    """
    number = "replicate" if "replicate" in table else "stretch"
    table = table if "diverged" in table else table.assign(diverged=False)
    return {Setting(*setting): rows.set_index(number) for setting, rows in table.groupby(SETTING)}


def values_by_replicate(
    tables: Sequence[Mapping[Setting, pd.DataFrame]], measure: str, settings: list[Setting]
) -> tuple[np.ndarray, np.ndarray]:
    """The values of a measure at settings, a row for each replicate that any of the tables has.

    Args:
        tables: one for each setting, that of its study, as from `by_setting`.

    Returns:
        Values (replicates, settings), and 1 for those of them that are censored, 0 for the others. Both are NaN where a
        setting has no such replicate, and a replicate that diverged has no value, but of `OF_ALL_RATES`. Where some
        replicate never reaches a target, all times are restricted to the length of the shortest training, with which it
        counts: their mean is a restricted mean (Royston and Parmar 2013).
    """
    values, diverged = _by_replicate(tables, [measure, "diverged"], settings)
    if measure not in OF_ALL_RATES:
        values[diverged == 1] = np.nan
    if not np.isinf(values).any():
        return values, np.where(np.isnan(diverged), np.nan, 0.0)
    horizon = _by_replicate(tables, [CENSORED[measure]], settings)[0][~np.isnan(values)].min()
    return np.minimum(values, horizon), np.where(np.isnan(diverged), np.nan, values > horizon)


def diverged_by_replicate(
    tables: Sequence[Mapping[Setting, pd.DataFrame]], settings: list[Setting], measure: str = ""
) -> np.ndarray:
    """1 where a replicate of a setting diverged, else 0, (replicates, settings); NaN where there is no such one.

    All are 0 for a measure of `OF_ALL_RATES`, which no replicate lacks as it diverged.
    """
    return _by_replicate(tables, ["diverged"], settings)[0] * (measure not in OF_ALL_RATES)


def _by_replicate(
    tables: Sequence[Mapping[Setting, pd.DataFrame]], columns: list[str], settings: list[Setting]
) -> np.ndarray:
    """Columns of the tables, (columns, replicates, settings)."""
    different = {id(table): table for table in tables}.values()
    all_of_them = pd.unique(np.concatenate([rows.index for table in different for rows in table.values()]))
    values = np.full((len(columns), len(all_of_them), len(settings)), np.nan)
    for place, (table, setting) in enumerate(zip(tables, settings)):
        rows = table[setting]
        at = rows.index.get_indexer(all_of_them)  # -1 where there is no such replicate
        for of_column, column in zip(values, columns):
            of_column[at >= 0, place] = rows[column].to_numpy(float)[at[at >= 0]]
    return values
