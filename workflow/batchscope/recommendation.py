"""Which settings are best, or not distinguishable from the best: by score, by time to the target, and by stability.

The best of a goal is the setting with the best mean. It was chosen on the replicates that it is then tested on; how
that is paid for, so that all that are truly best stay together in 95 % of studies: see `statistics.not_worse_than`.
"""

import math

import numpy as np
import pandas as pd

from batchscope.pairs import differences, values_and_lengths
from batchscope.setting import CONSTANT, SETTING, Setting
from batchscope.statistics import FEWEST, LEVEL, estimate_mean, more_to_decide, not_worse_than

_AGAINST = ["difference", "difference_low", "difference_high", "verdict", "more_replicates"]
COLUMNS = [*SETTING, "diverged", "reached", "mean", "low", "high", *_AGAINST]
# The verdicts that leave a setting in the set of the best.
NOT_DISTINGUISHABLE = ("best", "equivalent", "undecided")
# The verdicts of all that take part.
JUDGED = (*NOT_DISTINGUISHABLE, "worse")


def measures(score: str, part: str) -> dict[str, str]:
    """Goal -> its measure, of the part of the rows that settings are chosen on."""
    prefix = "" if part == "test" else f"{part}_"
    return {
        "score": f"{part}_{score}",
        "time": f"{prefix}seconds_to_target",
        "stability": f"{part}_{score}_volatility",
    }


def rank(replicates: pd.DataFrame, measure: str, margin: float, seed: int) -> pd.DataFrame:
    """A row per setting, the best first.

    Args:
        replicates: as from `batchscope.metrics.measure_replicates`.
        measure: what is compared; of an accuracy more is better, of all others less.
        margin: the difference that still counts as none; NaN where every difference counts.
        seed: where bootstrap and signs start from.

    `mean` is over the replicates that did not diverge, one that never reaches a target counting with the length of its
    training; `difference` is the mean over pairs of setting minus best; both have 95 % intervals. The verdict is
    `best`, `equivalent` where the 90 % interval of the difference lies within the margin, `worse` where the setting is
    shown worse than the best, else `undecided`; `diverged` where most replicates did, and `never` where most of the
    others do not reach the target: neither takes part. The measured best flatters itself, which makes `equivalent`
    rarer, not more frequent. `more_replicates` says how many more would decide what is undecided.
    """
    settings = [Setting(*setting) for setting in replicates.groupby(SETTING).groups]
    values, lengths = values_and_lengths(replicates, measure, settings)
    diverged, reached = np.isnan(values).sum(axis=0), np.isfinite(values).sum(axis=0)
    lost = diverged > len(values) / 2
    never = ~lost & (reached < (len(values) - diverged) / 2)
    table = pd.DataFrame(settings).assign(
        diverged=diverged, reached=reached, verdict=np.select([lost, never], ["diverged", "never"], "")
    )
    table[["mean", "low", "high"]] = [estimate_mean(np.minimum(*column), seed)[:3] for column in zip(values.T, lengths)]
    judged = ~(lost | never)
    if judged.any():
        against = _against_best(values[:, judged], lengths[judged], _direction(measure), margin, seed)
        table.loc[judged, _AGAINST] = against[_AGAINST].to_numpy()
    keys = {"out": ~judged, "cost": table["mean"] * _direction(measure), "other": table["verdict"] != "best"}
    return table.assign(**keys).sort_values(list(keys), ignore_index=True, kind="stable").reindex(columns=COLUMNS)


def _direction(measure: str) -> int:
    """1 where less is better, -1 where more is."""
    return -1 if measure.endswith("accuracy") else 1


def _against_best(values: np.ndarray, lengths: np.ndarray, direction: int, margin: float, seed: int) -> pd.DataFrame:
    """A row per setting of values (replicates, settings): its difference from the best, and its verdict."""
    costs = values * direction
    everyone = np.arange(costs.shape[1])
    best = int(np.argmin(np.nanmean(np.minimum(costs, lengths), axis=0)))
    kept = not_worse_than(best, lambda of, to: differences(costs, lengths, of, to), costs.shape, seed)
    level = LEVEL / max(math.comb(len(kept), 2), 1)
    rows = []
    for setting, column in zip(everyone, differences(costs, lengths, everyone, best).T):
        pairs = direction * column[~np.isnan(column)]
        difference, low, high, low_90, high_90, count = estimate_mean(pairs, seed)
        row = dict(zip(_AGAINST, (difference, low, high, "undecided", math.nan)))
        if setting == best:
            row = {"verdict": "best"}
        elif count >= FEWEST and -margin < low_90 and high_90 < margin:
            row["verdict"] = "equivalent"
        elif setting not in kept:
            row["verdict"] = "worse"
        elif count >= FEWEST:
            row["more_replicates"] = more_to_decide(pairs, margin, level)
        rows.append(row)
    return pd.DataFrame(rows, columns=_AGAINST)


def recommend(
    replicates: pd.DataFrame, margins: dict[str, float], seed: int, score: str = "accuracy", part: str = "test"
) -> dict[str, pd.DataFrame]:
    """Goal (`score`, `time`, `stability`) -> its settings, ranked; see `rank`.

    Args:
        margins: measure of the test rows -> the difference that still counts as none, also on validation rows.
        score: `accuracy`, or `loss` where numbers are learned.
        part: the part of the rows that settings are chosen on, `validation` where there is one.
    """
    return {
        goal: rank(replicates, measure, margins.get(measure.replace("validation_", "test_"), math.nan), seed)
        for goal, measure in measures(score, part).items()
    }


def settings_of(table: pd.DataFrame, verdicts: tuple[str, ...] = NOT_DISTINGUISHABLE) -> list[Setting]:
    """The settings of a table of `rank` that have one of the verdicts, in their order."""
    return [Setting(*row) for row in table.loc[table["verdict"].isin(verdicts), SETTING].itertuples(index=False)]


def advised(goals: dict[str, pd.DataFrame], replicates: pd.DataFrame) -> list[Setting]:
    """The settings to take, the fastest first: of the best by score those that are among the most stable, if any are.

    The fastest is the one with the least seconds to the target; where none of them reaches it, with the least seconds
    per epoch. The best by score alone where fewer than 6 replicates decide nothing, and none where most replicates of
    all settings diverged.
    """
    if replicates["replicate"].nunique() < FEWEST:
        return settings_of(goals["score"], ("best",))
    good, stable = settings_of(goals["score"]), settings_of(goals["stability"])
    chosen = [setting for setting in good if setting in stable] or good
    seconds = (replicates["seconds"] / replicates["epochs"]).groupby([replicates[column] for column in SETTING]).mean()
    there = settings_of(goals["time"], JUDGED)
    return [setting for setting in there if setting in chosen] + sorted(
        (setting for setting in chosen if setting not in there), key=seconds.get
    )


def beyond(setting: Setting, tried: list[Setting], train_rows: int) -> tuple[list[int], list[float]]:
    """Batch sizes and learning rates to try next, where the setting lies on the edge of what was tried.

    Batch sizes at its learning rate, half or double but at most all training rows, and not of a schedule; learning
    rates at its batch size, a third or three times. None where others were tried on both sides.
    """
    size, rate, schedule = setting
    rates = [each.learning_rate for each in tried if (each.batch_size, each.schedule) == (size, schedule)]
    further_rates = [rate / 3] * (rate == min(rates)) + [rate * 3] * (rate == max(rates))
    if schedule != CONSTANT:
        return [], further_rates
    sizes = [each.batch_size for each in tried if (each.learning_rate, each.schedule) == (rate, schedule)]
    smaller = [size // 2] * (size == min(sizes) and size > 1)
    larger = [min(2 * size, train_rows)] * (size == max(sizes) and size < train_rows)
    return smaller + larger, further_rates
