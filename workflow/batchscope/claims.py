"""What was claimed beforehand, against what the replicates say.

A claim names a measure and where it is taken: at one setting, as the paired difference of two, along several batch
sizes, or of the ensembles. Its number is a mean over replicates, which is expected above, below or within bounds.
"""

import math
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from batchscope.pairs import paired_values
from batchscope.setting import SETTING, Setting
from batchscope.statistics import FEWEST, Estimate, estimate_mean

COLUMNS = [
    *("claim", "statement", "measure", *SETTING, *(f"against_{column}" for column in SETTING), "along", "expected"),
    *("estimate", "low", "high", "low_90", "high_90", "replicates", "diverged", "never"),
    *("reported", "reported_percentile", "verdict", "explanation"),
]


def judge(claims: list[dict], tables: list[pd.DataFrame], seed: int) -> pd.DataFrame:
    """A row per claim.

    Args:
        claims: as in the config, with settings in place of batch sizes.
        tables: those with the measures, each with a row per setting and replicate.
        seed: where the bootstrap starts from.

    `low` to `high` is the 95 % interval of the estimate, `low_90` to `high_90` its 90 % interval. A claim holds where
    the whole interval is where it is expected: the 95 % interval above or below a bound, the 90 % interval within two
    (two one-sided tests; Schuirmann 1987). It does not hold where the whole 95 % interval is elsewhere. Else it is
    undecided, and so it is with fewer than 6 replicates, where most diverged, and where most reached no target.
    `reported_percentile` is the share of replicates below the number that the claim's source reports, ties counted
    half.
    """
    return pd.DataFrame([_judge(claim, tables, seed) for claim in claims], columns=COLUMNS)


def _judge(claim: dict, tables: list[pd.DataFrame], seed: int) -> dict:
    values, censored = _values(claim, next(table for table in tables if claim["measure"] in table))
    sound = values[~np.isnan(values)]
    estimate = estimate_mean(sound, seed)
    reported = claim.get("reported", math.nan)
    decided = len(sound) >= max(FEWEST, len(values) / 2) and censored.all(axis=1).mean() <= 0.5
    return {
        "claim": claim["name"],
        "statement": claim["statement"],
        "measure": claim["measure"],
        **dict(zip(SETTING, claim.get("of", ()))),
        **{f"against_{column}": value for column, value in zip(SETTING, claim.get("against", ()))},
        "along": ", ".join(Setting(*setting).batch_sizes for setting in claim.get("along", ())),
        "expected": _expectation(claim),
        **{name: getattr(estimate, name) for name in ("estimate", "low", "high", "low_90", "high_90")},
        "replicates": len(sound),
        "diverged": len(values) - len(sound),
        "never": int(censored.sum()),
        "reported": reported,
        "reported_percentile": stats.percentileofscore(sound, reported, kind="mean") / 100
        if len(sound) and not math.isnan(reported)
        else math.nan,
        "verdict": verdict(claim, estimate) if decided else "undecided",
        "explanation": claim.get("explanation", ""),
    }


def _values(claim: dict, table: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """The number of a claim for each replicate, (replicates,), and which times behind it are censored."""
    measure = claim["measure"]
    if "along" in claim:
        settings = [Setting(*setting) for setting in claim["along"]]
        values, censored = paired_values(table, measure, settings)
        sizes = [setting.batch_size for setting in settings]
        return np.array([_rank_correlation(sizes, row) for row in values]), censored
    if "of" not in claim:
        values = table.loc[table["members"] == table["members"].max(), [measure]].to_numpy()  # of whole ensembles
        return values[:, 0], np.zeros(values.shape, bool)
    settings = [Setting(*claim[key]) for key in ("of", "against") if key in claim]
    values, censored = paired_values(table, measure, settings)
    return values[:, 0] - values[:, 1] if len(settings) == 2 else values[:, 0], censored


def _rank_correlation(sizes: list[int], values: np.ndarray) -> float:
    """Kendall's tau-b, and 0 where all values are the same; NaN where one is missing."""
    if np.isnan(values).any():
        return math.nan
    return 0.0 if np.ptp(values) == 0 else stats.kendalltau(sizes, values).statistic


def _bounds(claim: dict) -> tuple[float, float]:
    return claim.get("within") or (claim.get("above", -math.inf), claim.get("below", math.inf))


def _expectation(claim: dict) -> str:
    low, high = _bounds(claim)
    if math.isinf(low):
        return f"below {high:g}"
    return f"above {low:g}" if math.isinf(high) else f"{low:g} to {high:g}"


def verdict(claim: dict, estimate: Estimate) -> str:
    """`holds`, `does not hold` or `undecided`; see `judge`."""
    low, high = _bounds(claim)
    if "within" in claim:
        holds = low < estimate.low_90 and estimate.high_90 < high
    else:
        holds = low < estimate.low and estimate.high < high
    if holds:
        return "holds"
    return "does not hold" if estimate.high < low or estimate.low > high else "undecided"


def read_claims(path: str | Path) -> pd.DataFrame:
    """The table that `judge` made, from its file; names and statements are text, whatever they look like."""
    text = ("claim", "statement", "measure", "along", "expected", "verdict", "explanation", "schedule")
    numbers = [column for column in COLUMNS if column not in text]
    return pd.read_csv(
        path, dtype=dict.fromkeys(text, str), keep_default_na=False, na_values={column: [""] for column in numbers}
    )
