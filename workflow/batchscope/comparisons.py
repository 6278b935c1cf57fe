"""Every setting against a reference, in pairs of replicates that start from the same weights."""

import math

import numpy as np
import pandas as pd
from statsmodels.stats.multitest import multipletests

from batchscope.pairs import CENSORED, paired_values
from batchscope.setting import SETTING, Setting, rows_of
from batchscope.statistics import FEWEST, LEVEL, estimate_mean, paired_p_value, superiority

COLUMNS = [
    *("measure", *SETTING, *(f"reference_{column}" for column in SETTING)),
    *("pairs", "diverged", "reference_diverged", "never", "reference_never", "mean", "reference_mean"),
    *("difference", "low", "high", "low_90", "high_90", "p_value", "p_value_holm", "superiority", "margin", "verdict"),
]


def compare(replicates: pd.DataFrame, reference: Setting, margins: dict[str, float], seed: int) -> pd.DataFrame:
    """A row per measure and setting other than the reference.

    Args:
        replicates: as from `batchscope.metrics.measure_replicates`.
        reference: the setting that the others are compared with.
        margins: measure -> the difference that still counts as none; of these measures accuracies are better where they
            are more, all others where they are less.
        seed: where bootstrap and permutations start from.

    `difference` is the mean over pairs of setting minus reference, `low` to `high` its 95 % interval, `low_90` to
    `high_90` its 90 % interval, `p_value` that of a permutation test and `p_value_holm` the same adjusted over the
    settings compared in this measure (Holm 1979). `superiority` is the share of pairs in which the setting is better.
    The verdict is, in this order, `equivalent` where the 90 % interval lies within the margin on both sides (two
    one-sided tests; Schuirmann 1987), `better` or `worse` where the adjusted p value is at most 0.05, else `undecided`.

    A pair with a diverged replicate is left out; where that is most of the pairs, the setting that diverged more is
    worse. Epochs to target are censored by the length of the training, see `batchscope.pairs`. Where in most pairs
    neither replicate gets there, and where fewer than 6 pairs are left, the verdict is `undecided`.
    """
    settings = [setting for setting in replicates.groupby(SETTING).groups if setting != reference]
    rows = []
    for measure in sorted(margins, key=CENSORED.__contains__):  # times come last
        compared = [_compare(replicates, measure, Setting(*setting), reference, seed) for setting in settings]
        tested = [row for row in compared if not math.isnan(row["p_value"])]
        adjusted = multipletests([row["p_value"] for row in tested], LEVEL, "holm")[1] if tested else []
        for row, p_value in zip(tested, adjusted):
            row["p_value_holm"] = p_value
        rows += [row | {"margin": margins[measure]} for row in compared]
    count = replicates["replicate"].nunique()
    return pd.DataFrame([row | {"verdict": _verdict(row, count)} for row in rows], columns=COLUMNS)


def _compare(replicates: pd.DataFrame, measure: str, setting: Setting, reference: Setting, seed: int) -> dict:
    values, never = paired_values(replicates, measure, [setting, reference])
    lost = [int(rows_of(each, replicates)["diverged"].sum()) for each in (setting, reference)]
    sound = ~np.isnan(values).any(axis=1)
    one, other = values[sound].T
    nothing_seen = never.all(axis=1).mean() > 0.5
    estimate = estimate_mean(one - other, seed)
    above = superiority(one, other)
    return {
        "measure": measure,
        **setting._asdict(),
        **{f"reference_{column}": value for column, value in reference._asdict().items()},
        "pairs": len(one),
        "diverged": lost[0],
        "reference_diverged": lost[1],
        "never": int(never[:, 0].sum()),
        "reference_never": int(never[:, 1].sum()),
        "nothing_seen": nothing_seen,
        "mean": one.mean() if len(one) else math.nan,
        "reference_mean": other.mean() if len(one) else math.nan,
        "difference": estimate.estimate,
        "low": estimate.low,
        "high": estimate.high,
        "low_90": estimate.low_90,
        "high_90": estimate.high_90,
        "p_value": paired_p_value(one - other, seed),
        "p_value_holm": math.nan,
        "superiority": above if _more_is_better(measure) else 1 - above,
    }


def _more_is_better(measure: str) -> bool:
    return measure.endswith("accuracy")


def _verdict(row: dict, replicates: int) -> str:
    if row["pairs"] < replicates / 2 and row["diverged"] != row["reference_diverged"]:
        return "worse" if row["diverged"] > row["reference_diverged"] else "better"
    if row["nothing_seen"] or row["pairs"] < FEWEST:
        return "undecided"
    if -row["margin"] < row["low_90"] and row["high_90"] < row["margin"]:
        return "equivalent"
    if row["p_value_holm"] <= LEVEL:
        return "better" if (row["difference"] > 0) == _more_is_better(row["measure"]) else "worse"
    return "undecided"
