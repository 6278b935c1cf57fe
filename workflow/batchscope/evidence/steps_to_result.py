"""How many updates each batch size takes to a result (Shallue et al. 2019), and what law they follow."""

import math
from pathlib import Path

import numpy as np
import pandas as pd

from batchscope.evidence.scaling import Bounds, bounds, fit, log_law, read_quantities, regime
from batchscope.evidence.steps_at_best_rates import Best, steps_at_best_rates
from batchscope.evidence.studentised import FEWEST
from batchscope.study.scores import CRITICAL_BATCH_SIZE, FEWEST_UPDATES, reaches
from batchscope.study.setting import CONSTANT, SETTING

HALFWAY = "halfway"
_FEWEST_POINTS = 3
_TEXTS = ("on_edge", "why_not", "regime")
_UNKNOWN = Bounds(*[math.nan] * 4)


def updates_to_result(
    history: pd.DataFrame, part: str, score: str, result: float, halfway: bool = False
) -> pd.DataFrame:
    """The updates of every replicate at its first measurement at the result: a row per setting with a constant batch
    size, indexed by batch size and learning rate, and a column per replicate.

    Infinite where the result was not measured, and NaN where there is no such replicate.

    Args:
        history: as in `batchscope.results.history`.
        part: the part of the rows, `test` or `validation`.
        score: one of `batchscope.study.scores.SCORES`; of a loss less is better, of all others more.
        halfway: count to the middle between that measurement and the one before, as it was reached between the two.
    """
    history = history[history["schedule"] == CONSTANT].reset_index(drop=True)
    there = history[reaches(history[f"{part}_{score}"], score, result)]
    keys = [*SETTING[:2], "replicate"]
    if halfway:
        before = history.groupby(keys)["updates"].shift(fill_value=0)
        there = there.assign(updates=(there["updates"] + before[there.index]) / 2)
    first = there.groupby(keys)["updates"].min().astype(float)
    return first.reindex(history.groupby(keys).size().index, fill_value=math.inf).unstack("replicate")


def find_steps_to_result(
    history: pd.DataFrame, score: str, result: float, paired: bool, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The steps of each batch size to a result, and the law that they follow; see `tables`.

    Args:
        history: as in `batchscope.results.history`, of all settings.
        score, result: what is to be reached, as `updates_to_result` takes it.

    Raises:
        ValueError: the score was not measured on test rows, where something else was.
    """
    measured = [part for part in ("test", "validation") if history[f"{part}_{score}"].notna().any()]
    if history.filter(regex="^test_").isna().all(axis=None):
        measured = ["test"]  # every training diverged at once
    if "test" not in measured:
        raise ValueError(f"steps_to_result: the histories have no test_{score}; take a score that they have")
    updates = {part: updates_to_result(history, part, score, result) for part in measured}
    updates[HALFWAY] = updates_to_result(history, "test", score, result, halfway=True)
    return tables(updates, paired, seed)


def tables(
    updates: dict[str, pd.DataFrame], paired: bool, seed: int, anew: bool = True
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A row per batch size at its best learning rate, and a row per quantity of the law.

    Args:
        updates: part of the rows (`test`, and `validation` where there is one) -> as from `updates_to_result`; and
            those of test rows `halfway`, which the law is fitted to.
        paired, seed, anew: as `batchscope.evidence.steps_at_best_rates.steps_at_best_rates` takes them.

    Columns of a batch size: its best `learning_rate`, chosen on the rows of `chosen_on`, with the 2.5 and 97.5 % of
    the rates chosen in samples, and whether it is on an edge of those tried (`lowest`, `highest`, `only`), all empty
    where none gets there; its `replicates`, the share of them that `reached` the result, their median `updates` with
    95 % interval on test rows and on validation rows, infinite where most never get there; whether it is `in_fit`, and
    `why_not`; what the law has there with its 95 % interval; and, of one that gets there, its `regime`, of
    `batchscope.evidence.scaling.REGIMES`.

    Columns of a quantity, `fewest_updates` (S_min) or `critical_batch_size` (B_crit): `estimate`, 95 and 90 % interval,
    the fewest `replicates` behind a point, `fit_error` (by how much a point is off on average, root mean square, as a
    part), `points`, and why it is `refused`, where the data do not determine it.
    """
    chosen_on = "validation" if "validation" in updates else "test"
    [*each] = steps_at_best_rates(updates, chosen_on, paired, seed, anew)
    rows = [_row(best, chosen_on) for best in each]
    fitted = [best for best, row in zip(each, rows) if row["in_fit"]]
    curve, scaling = _law(fitted, np.array([best.batch_size for best in each]), _lacking(rows))
    critical = scaling.set_index("quantity").loc[CRITICAL_BATCH_SIZE, "estimate"]
    table = pd.DataFrame(rows).assign(**curve)
    known = np.isfinite(table["updates"]) & np.isfinite(critical)
    table["regime"] = [regime(size, critical) if is_known else "" for size, is_known in zip(table["batch_size"], known)]
    of_updates = ["updates", "low", "high", "validation_updates", "validation_low", "validation_high"]
    of_updates += ["fitted", "fitted_low", "fitted_high"]
    return table.round(dict.fromkeys(of_updates, 6)).assign(chosen_on=chosen_on), scaling.round(6)


def read_tables(steps: str | Path, scaling: str | Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Both tables from their files, where a text that says nothing is an empty cell."""
    by_size = pd.read_csv(steps, dtype=dict.fromkeys(_TEXTS, str)).fillna(dict.fromkeys(_TEXTS, ""))
    return by_size, read_quantities(scaling)


def _row(best: Best, chosen_on: str) -> dict:
    some_there, enough = best.reached[chosen_on] > 0, best.replicates >= FEWEST
    low_rate, high_rate = np.quantile(best.sampled_rates, [0.025, 0.975], method="nearest")
    row = {
        "batch_size": best.batch_size,
        "learning_rate": best.learning_rate if some_there else math.nan,
        "learning_rate_low": low_rate if some_there and enough else math.nan,
        "learning_rate_high": high_rate if some_there and enough else math.nan,
        "on_edge": _edge(best) if some_there else "",
        "replicates": best.replicates,
        "reached": round(best.reached["test"], 6),
    }
    for part in ("test", "validation"):
        prefix = "" if part == "test" else "validation_"
        median, ends = _of_part(best, part) if part in best.medians else (math.nan, _UNKNOWN)
        row |= {f"{prefix}updates": median, f"{prefix}low": ends.low, f"{prefix}high": ends.high}
    why_not = _why_not(row, at_first=best.medians[HALFWAY] == best.medians["test"] / 2)
    return row | {"in_fit": not why_not, "why_not": why_not}


def _of_part(best: Best, part: str) -> tuple[float, Bounds]:
    median = best.medians[part]
    if best.replicates < FEWEST or math.isinf(median):
        return median, _UNKNOWN
    ends = bounds(math.log(median), np.log(best.samples[part]), best.replicates)
    return median, Bounds(*np.exp(ends))


def _edge(best: Best) -> str:
    if len(best.rates) == 1:
        return "only"
    return {best.rates.min(): "lowest", best.rates.max(): "highest"}.get(best.learning_rate, "")


def _why_not(row: dict, at_first: bool) -> str:
    """Why a batch size is left out of the fit, or nothing; `at_first` where its median is the first measurement."""
    if math.isinf(row["updates"]):
        return "most replicates never get there"
    if row["on_edge"]:
        return {
            "only": "one learning rate was tried, so this is an upper bound",
            "lowest": "the best learning rate is the lowest, so this is an upper bound",
            "highest": "the best learning rate is the highest, so this is an upper bound",
        }[row["on_edge"]]
    if at_first:
        return "most get there at the first measurement, so this is an upper bound"
    if row["replicates"] < FEWEST:
        return f"fewer than {FEWEST} replicates"
    return "too many replicates never get there" if math.isinf(row["high"]) else ""


def _law(fitted: list[Best], batch_sizes: np.ndarray, remedy: str) -> tuple[dict[str, np.ndarray], pd.DataFrame]:
    """Columns of what the law has at all batch sizes, and the table of its quantities.

    Args:
        fitted: those in the fit.
        remedy: what might let more of them be.
    """
    quantities = pd.DataFrame({"quantity": [FEWEST_UPDATES, CRITICAL_BATCH_SIZE]})
    names = ["estimate", *Bounds._fields]
    quantities[[*names, "replicates", "fit_error"]] = math.nan
    quantities = quantities.assign(points=len(fitted), refused="")
    if len(fitted) < _FEWEST_POINTS:
        quantities["refused"] = f"{len(fitted)} batch sizes can be fitted, where {_FEWEST_POINTS} are needed: {remedy}"
        return dict.fromkeys(["fitted", "fitted_low", "fitted_high"], math.nan), quantities
    sizes = np.array([best.batch_size for best in fitted])
    replicates = min(best.replicates for best in fitted)
    measured = np.log([[best.medians[HALFWAY] for best in fitted]])
    samples = np.log(np.stack([best.samples[HALFWAY] for best in fitted], axis=1))
    samples = samples[np.isfinite(samples).all(axis=1)]
    found, sampled = fit(measured, sizes), fit(samples, sizes)
    ends = [bounds(number, of_samples, replicates) for [number], of_samples in zip(found, sampled)]
    off = measured - log_law(*found, sizes)
    quantities[names] = np.exp([[number, *each] for [number], each in zip(found, ends)])
    quantities["replicates"] = replicates
    quantities["fit_error"] = np.expm1(np.sqrt(np.mean(off**2)))
    quantities["refused"] = _refused(quantities.loc[1, ["estimate", "low", "high"]], sizes.min(), sizes.max())
    quantities.loc[quantities["refused"] != "", names] = math.nan
    [curve], curves = log_law(*found, batch_sizes), log_law(*sampled, batch_sizes)
    low, high, *_ = zip(*(bounds(at, of_samples, replicates) for at, of_samples in zip(curve, curves.T)))
    return {"fitted": np.exp(curve), "fitted_low": np.exp(low), "fitted_high": np.exp(high)}, quantities


def _refused(critical: pd.Series, smallest: int, largest: int) -> list[str]:
    """Why S_min and B_crit are not determined, given B_crit with its interval, and the batch sizes in the fit.

    S_min shows only at batch sizes that are larger than B_crit.
    """
    estimate, low, high = critical
    or_more = ", or more replicates" if smallest <= estimate <= largest else ""
    sides = [("larger", f"above {largest}")] if high > largest else []
    fewest = f"no batch size in the fit is surely large enough to show it: try larger ones{or_more}" if sides else ""
    sides += [("smaller", f"below {smallest}")] if low < smallest else []
    if not sides:
        return ["", ""]
    ones, where = zip(*sides)
    outside = f"it may lie {' or '.join(where)}, outside the batch sizes in the fit"
    return [fewest, f"{outside}: try {' and '.join(ones)} ones{or_more}"]


def _lacking(rows: list[dict]) -> str:
    """What might let more batch sizes be in the fit, by why they are not."""
    remedies = {
        "learning rate": "try a wider grid of learning rates",
        "first measurement": "measure more often",
        "never get there": "train longer, or take a result that is easier to reach",
        f"fewer than {FEWEST}": "train more replicates",
    }
    found = [remedy for word, remedy in remedies.items() if any(word in row["why_not"] for row in rows)]
    return "; ".join(found) or "try more batch sizes"
