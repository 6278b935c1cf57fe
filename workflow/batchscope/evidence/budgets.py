"""Batch sizes compared at the same budget: after equal epochs, updates or seconds, or at an equal training loss.

Which batch size is better depends on what they share (Keskar et al. 2017; Hoffer et al. 2017; Shallue et al. 2019).
"""

import math

import numpy as np
import pandas as pd

from batchscope.evidence.claims import NOT_MEASURED
from batchscope.evidence.comparisons import compare
from batchscope.evidence.crossed import estimate_mean
from batchscope.evidence.metrics import timed_curves
from batchscope.evidence.rates import best_of_each_size
from batchscope.evidence.trainings import NOT_JUDGED, THIS_SPLIT, Trainings
from batchscope.study.scores import BUDGETS, at_budget
from batchscope.study.setting import CONSTANT, SETTING, Setting, settings_in

_DIFFERENCE = ("difference", "difference_low", "difference_high", "p_value", "verdict")
COLUMNS = ["budget", "amount", *SETTING, "replicates", "mean", "low", "high", *_DIFFERENCE]
REFERENCE = "reference"  # the verdict of the batch size that the others are compared with
_PARTS = ("test", "validation")
_ROUNDING = 1e-9
_FEWEST_THERE = 0.9  # of the replicates of a setting, that its mean at a budget stands for all of them


def amounts(
    history: pd.DataFrame, timing: pd.DataFrame, score: str, given: dict[str, float], by_run: bool = False
) -> dict[str, float]:
    """Budget, of `batchscope.study.scores.BUDGETS`, -> how much of it all batch sizes have; NaN where it is not known.

    Args:
        history, timing, score, by_run: as `batchscope.evidence.metrics.measure_replicates` takes them.
        given: those that the study says.

    Of epochs, updates and seconds it is what the shortest training at a constant batch size has, those that diverged
    left out. The training loss is the lowest one that every batch size reaches at some learning rate in nine tenths of
    its replicates. One that diverged reaches none, and a batch size at which more than a tenth did at every rate sets
    none.
    """
    constant = history[history["schedule"] == CONSTANT]
    trainings = pd.DataFrame(
        {
            **setting._asdict(),
            "epochs": curve["epoch"].iloc[-1],
            "updates": curve["updates"].iloc[-1],
            "seconds": seconds[-1],
            "train_loss": curve["train_loss"].min(),
            "diverged": _diverged(curve, score),
        }
        for setting, _, rows, seconds in timed_curves(constant, timing, by_run)
        for curve in [constant.iloc[rows]]
    )
    ends = trainings.loc[~trainings["diverged"], ["epochs", "updates", "seconds"]].min()
    lowest = trainings["train_loss"].mask(trainings["diverged"]).fillna(math.inf)
    of_settings = lowest.groupby([trainings[column] for column in SETTING]).agg(_reached_by_most)
    reached = of_settings.groupby("batch_size").min()
    return ends.to_dict() | {"train_loss": reached[np.isfinite(reached)].max()} | given


def _reached_by_most(losses: pd.Series) -> float:
    """The loss that nine tenths of the replicates reach, given the lowest of each."""
    return losses.sort_values().iloc[math.ceil(_FEWEST_THERE * len(losses)) - 1]


def measure_at_budgets(
    history: pd.DataFrame, timing: pd.DataFrame, score: str, budgets: dict[str, float], by_run: bool = False
) -> pd.DataFrame:
    """A row per setting and replicate: its scores at each of some budgets, on test and validation rows.

    Args:
        history, timing, score, by_run: as `batchscope.evidence.metrics.measure_replicates` takes them.
        budgets: as from `amounts`.

    At epochs, updates and seconds it is what was last measured until then, and NaN of a training that ends earlier or
    was not measured yet; at a training loss what was first measured at that loss, and NaN of one that never gets there.
    `diverged` is as in the table of replicates.
    """
    rows = []
    for setting, replicate, places, seconds in timed_curves(history, timing, by_run):
        curve = history.iloc[places]
        spent = {"epochs": curve["epoch"], "updates": curve["updates"], "seconds": pd.Series(seconds, curve.index)}
        row = setting._asdict() | {"replicate": replicate, "diverged": _diverged(curve, score)}
        for budget, amount in budgets.items():
            there = curve["train_loss"] <= amount if budget == "train_loss" else _until(spent[budget], amount)
            at = np.flatnonzero(there)[[0 if budget == "train_loss" else -1]] if there.any() else []
            for part in _PARTS:
                row |= {at_budget(part, score, budget): value for value in curve[f"{part}_{score}"].iloc[at]}
        rows.append(row)
    measures = [at_budget(part, score, budget) for part in _PARTS for budget in BUDGETS]
    return pd.DataFrame(rows, columns=[*SETTING, "replicate", "diverged", *measures])


def compare_budgets(
    trainings: Trainings, budgets: dict[str, float], score: str, part: str, reference: int, margin: float, seed: int
) -> pd.DataFrame:
    """A row per budget and constant batch size, at its best learning rate under that budget.

    Args:
        trainings: with the scores at budgets, as from `measure_at_budgets`.
        budgets: as from `amounts`; there are no rows of one that is not known.
        part: the part of the rows that learning rates are chosen on.
        reference: the batch size that the others are compared with, at its own best rate.
        margin: the difference of the test score that still counts as none.
        seed: where the bootstrap starts from.

    `mean` and its 95 % interval are of the test score, over the `replicates` that have one. `difference` is from the
    reference, with p value and verdict as of `batchscope.evidence.comparisons.compare` over trainings alone. A rate at
    which fewer than nine tenths of the replicates have a score takes no part. A batch size of which no rate is left is
    `not measured`; where it is the reference, the others are `not judged`.
    """
    constant = trainings.replicates[trainings.replicates["schedule"] == CONSTANT]
    tables = [
        _compare(Trainings(constant, paired=trainings.paired), budget, score, part, reference, margin, seed).assign(
            budget=budget, amount=budgets[budget]
        )
        for budget in BUDGETS
        if not math.isnan(budgets[budget])
    ]
    return pd.concat([pd.DataFrame(columns=COLUMNS), *tables])[COLUMNS]


def _compare(
    trainings: Trainings, budget: str, score: str, part: str, reference: int, margin: float, seed: int
) -> pd.DataFrame:
    """The rows of a budget without its name and amount."""
    measure, chosen_by = (at_budget(each, score, budget) for each in ("test", part))
    means = _means(trainings.replicates, chosen_by)
    best = best_of_each_size(means, chosen_by)
    known = {*settings_in(means.dropna())}.intersection(best)
    taken = trainings.replicates.set_index(SETTING).loc[[each for each in best if each in known]].reset_index()
    trainings = Trainings(taken, paired=trainings.paired)
    against = next((each for each in known if each.batch_size == reference), None)
    compared = {}
    if against is not None and len(known) > 1:
        table = compare({THIS_SPLIT: trainings}, against, {measure: margin}, seed).set_index(SETTING)
        compared = table[["difference", "low", "high", "p_value_max_t", "verdict"]].T.to_dict("list")
    return pd.DataFrame(
        {"batch_size": each.batch_size, "replicates": 0, "verdict": NOT_MEASURED}
        if each not in known
        else each._asdict()
        | _estimate(trainings, measure, each, seed)
        | {"verdict": REFERENCE if each == against else NOT_JUDGED}
        | dict(zip(_DIFFERENCE, compared.get(each, ())))
        for each in best
    )


def _estimate(trainings: Trainings, measure: str, setting: Setting, seed: int) -> dict[str, float]:
    [values], _ = trainings.values(measure, [setting])
    estimate = estimate_mean(values, seed)
    return {"replicates": estimate.values, **dict(zip(("mean", "low", "high"), estimate))}


def _means(replicates: pd.DataFrame, measure: str) -> pd.DataFrame:
    """A row per setting: its replicates, how many diverged, and the mean of those that did not, if these are most."""
    sound = replicates[measure].where(~replicates["diverged"])
    grouped = replicates.assign(**{measure: sound}).groupby(SETTING)
    table = grouped.agg(replicates=("diverged", "size"), diverged=("diverged", "sum"), there=(measure, "count"))
    means = grouped[measure].mean().where(table["there"] >= _FEWEST_THERE * table["replicates"])
    return table.assign(**{f"{measure}_mean": means}).reset_index()


def _diverged(curve: pd.DataFrame, score: str) -> bool:
    return bool(np.isnan(curve[f"test_{score}"].iloc[-1]))


def _until(spent: pd.Series, amount: float) -> pd.Series:
    """Which measurements are not after an amount that is spent, of a training that gets so far."""
    enough = amount * (1 + _ROUNDING)
    return (spent <= enough) & (spent.iloc[-1] * (1 + _ROUNDING) >= amount)
