"""Which settings are best, or not distinguishable from the best: by score, by time to the target, and by stability.

The best of a goal is the setting with the best mean. It was chosen on the trainings that it is then tested on; how that
is paid for, so that all that are truly best stay together in 95 % of studies: see `studentised.confidence_set`.
"""

import math
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd

from batchscope.evidence.crossed import estimate_both, means_and_parts
from batchscope.evidence.studentised import FEWEST
from batchscope.evidence.trainings import Trainings
from batchscope.study.scores import more_is_better
from batchscope.study.setting import CONSTANT, SETTING, Setting, rows_of, settings_in

_AGAINST = [
    *("difference", "difference_low", "difference_high"),
    *("difference_low_on_these_rows", "difference_high_on_these_rows", "verdict", "more_replicates", "more_rows"),
]
COLUMNS = [
    *SETTING,
    "replicates",
    "diverged",
    "reached",
    "mean",
    "low",
    "high",
    "low_on_these_rows",
    "high_on_these_rows",
    *_AGAINST,
]
# The verdicts that leave a setting in the set of the best.
NOT_DISTINGUISHABLE = ("best", "equivalent", "undecided")
# The verdicts of all that take part.
JUDGED = (*NOT_DISTINGUISHABLE, "worse")
MOST_DIVERGED = 0.1  # of a setting's replicates; one with more is taken only where nothing else is left


def measures(score: str, part: str) -> dict[str, str]:
    """Goal -> its measure, of the part of the rows that settings are chosen on.

    Time is counted in epochs, which follow from the config; seconds are those of one machine at one time.
    """
    prefix = "" if part == "test" else f"{part}_"
    return {
        "score": f"{part}_{score}",
        "stability": f"{part}_{score}_volatility",
        "time": f"{prefix}epochs_to_target",
    }


def rank(trainings: Trainings, measure: str, margin: float, seed: int) -> pd.DataFrame:
    """A row per setting, the best first.

    Args:
        trainings: on the study's own split, or on new ones.
        measure: what is compared; which way is better says `batchscope.study.scores.more_is_better`.
        margin: the difference that still counts as none; NaN where every difference counts.
        seed: where the bootstrap starts from.

    `mean` is over the trainings that did not diverge, one that never reaches a target counting with the length of its
    training; `low` to `high` is its 95 % interval, for new rows too where the measure is a mean over rows, and with
    `_on_these_rows` that over trainings alone. `difference` is the mean over pairs of setting minus best, of trainings
    that are not paired the difference of the means, with its 95 % interval. The verdict is `best`, `equivalent` where
    the 90 % interval of the difference lies within the margin, `worse` where the setting is shown worse than the best,
    else `undecided`; `diverged` where more than a tenth of its replicates did, or, where that is so of all settings,
    more than half; `few` where fewer than 6 are left and of other settings more; `never` where most of the others do
    not reach the target. These three take no part. The measured best flatters itself, which makes `equivalent` rarer,
    not more frequent. `more_replicates` and `more_rows` say how many more of either would decide what is undecided.
    """
    settings = trainings.settings
    each = [trainings.values(measure, [setting]) for setting in settings]
    sound = np.array([~np.isnan(values[0]).all(axis=1) for values, _ in each])  # (settings, trainings)
    count = np.sum(~np.isnan(trainings.diverged(settings)), axis=0)
    diverged = count - sound.sum(axis=1)
    lost = diverged > count * MOST_DIVERGED
    if lost.all():
        lost = diverged > count / 2
    reached = np.array([np.sum(censored[here, 0] == 0) for (_, censored), here in zip(each, sound)])
    few = ~lost & (sound.sum(axis=1) < FEWEST)
    if few[~lost].all():
        few[:] = False  # nothing is decided, but one is the best so far
    never = ~(lost | few) & (reached < sound.sum(axis=1) / 2)
    table = pd.DataFrame(settings).assign(
        replicates=count,
        diverged=diverged,
        reached=reached,
        verdict=np.select([lost, few, never], ["diverged", "few", "never"], ""),
    )
    wide, alone = zip(*(estimate_both(values[0], seed) for values, _ in each))
    table[["mean", "low", "high"]] = [estimate[:3] for estimate in wide]
    table[["low_on_these_rows", "high_on_these_rows"]] = [estimate[1:3] for estimate in alone]
    judged = ~(lost | few | never)
    direction = -1 if more_is_better(measure) else 1
    if judged.any():
        # Times are restricted by the trainings that are compared, so those that take no part do not shorten them.
        values, _ = trainings.values(measure, [setting for setting, takes_part in zip(settings, judged) if takes_part])
        against = _against_best(trainings.form, values, direction, margin, seed)
        table.loc[judged, _AGAINST] = against[_AGAINST].to_numpy()
    keys = {"out": ~judged, "cost": table["mean"] * direction, "other": table["verdict"] != "best"}
    return table.assign(**keys).sort_values(list(keys), ignore_index=True, kind="stable").reindex(columns=COLUMNS)


def _against_best(form: ModuleType, values: np.ndarray, direction: int, margin: float, seed: int) -> pd.DataFrame:
    """A row per setting of values (settings, trainings, rows): its difference from the best, and its verdict."""
    costs = values * direction
    best = int(np.argmin(means_and_parts(costs)[0]))
    kept, critical = form.not_worse_than(best, costs, seed)
    rows = []
    for setting, of_setting in enumerate(values):
        wide, alone = form.difference_both(of_setting, values[best], seed)
        difference, low, high, low_90, high_90, _, count = wide
        row = dict(zip(_AGAINST, (difference, low, high, alone.low, alone.high, "undecided", math.nan, math.nan)))
        if setting == best:
            row = {"verdict": "best"}
        elif count >= FEWEST and -margin < low_90 and high_90 < margin:
            row["verdict"] = "equivalent"
        elif count >= FEWEST and setting not in kept:
            row["verdict"] = "worse"
        elif count >= 2:
            row["more_replicates"], row["more_rows"] = form.more_to_decide(of_setting, values[best], margin, critical)
        rows.append(row)
    return pd.DataFrame(rows, columns=_AGAINST)


def recommend(
    trainings: Trainings, margins: dict[str, float], seed: int, score: str = "accuracy", part: str = "test"
) -> dict[str, pd.DataFrame]:
    """Goal (`score`, `stability`, `time`) -> its settings, ranked; see `rank`.

    Args:
        margins: measure of the test rows -> the difference that still counts as none, also on validation rows.
        score: one of `batchscope.study.scores.SCORES`.
        part: the part of the rows that settings are chosen on, `validation` where there is one.
    """
    known = margins_of(margins, score, part)
    return {
        goal: rank(trainings, measure, known.get(goal, math.nan), seed)
        for goal, measure in measures(score, part).items()
    }


def margins_of(margins: dict[str, float], score: str, part: str) -> dict[str, float]:
    """Goal -> the difference that still counts as none, of those that have one."""
    by_goal = {
        goal: margins.get(measure.replace("validation_", "test_").replace("test_epochs", "epochs"))
        for goal, measure in measures(score, part).items()
    }
    return {goal: margin for goal, margin in by_goal.items() if margin is not None}


def ranked_table(ranked: dict[str, dict[str, pd.DataFrame]]) -> pd.DataFrame:
    """A row per population, goal and setting, the best first, with the columns of `rank`."""
    tables = [table.assign(on=on, goal=goal) for on, goals in ranked.items() for goal, table in goals.items()]
    return pd.concat(tables).reindex(columns=["on", "goal", *COLUMNS])


def settings_of(table: pd.DataFrame, verdicts: tuple[str, ...] = NOT_DISTINGUISHABLE) -> list[Setting]:
    """The settings of a table of `rank` that have one of the verdicts, in their order."""
    return settings_in(table[table["verdict"].isin(verdicts)])


def advised(populations: list[dict[str, pd.DataFrame]], margins: dict[str, float]) -> list[Setting]:
    """The settings to take, the first first.

    Args:
        populations: what `recommend` says of the study's own split and, where there are any, of new splits.
        margins: goal (`score`, `stability`) -> the difference that still counts as none.

    They are those that may be best by score and of which, as measured, the score is within the margin of the best
    one's; of these, those whose volatility is within the margin of the calmest one's. Both are asked on every
    population; where that leaves none, on the last. The first is the one that needs the fewest epochs to the target,
    and comes before all that do not reach it. The best by score alone where fewer than 6 replicates decide nothing, and
    none where most replicates of all settings diverged.
    """
    *_, last = populations
    if last["score"]["replicates"].max() < FEWEST:
        return settings_of(last["score"], ("best",))
    chosen = _in_all(
        [_within(goals["score"], settings_of(goals["score"]), margins.get("score", math.inf)) for goals in populations]
    )
    chosen = _in_all([_within(goals["stability"], chosen, margins.get("stability", math.inf)) for goals in populations])
    there = settings_of(last["time"], JUDGED)
    return [setting for setting in there if setting in chosen] + [each for each in chosen if each not in there]


def read_advised(table: str | Path, margins: dict[str, float], score: str, part: str) -> list[Setting]:
    """The settings to take, by a table that `ranked_table` made; see `recommend` and `advised`."""
    ranked = pd.read_csv(table).groupby("on", sort=False)
    return advised([dict([*goals.groupby("goal")]) for _, goals in ranked], margins_of(margins, score, part))


def best_replicate(replicates: pd.DataFrame, setting: Setting, score: str) -> int:
    """The replicate of a setting with the best score on validation rows after the last epoch, the first of equals."""
    values = rows_of(setting, replicates).set_index("replicate")[f"validation_{score}"]
    return int(values.idxmin() if score == "loss" else values.idxmax())


def _within(table: pd.DataFrame, settings: list[Setting], margin: float) -> list[Setting]:
    """Those of some settings whose mean in a table of `rank` is within a margin of the first one's among them."""
    means = {Setting(*row): mean for *row, mean in table[[*SETTING, "mean"]].itertuples(index=False)}
    first = next((means[setting] for setting in means if setting in settings), math.nan)
    return [setting for setting in settings if abs(means[setting] - first) <= margin]


def _in_all(populations: list[list[Setting]]) -> list[Setting]:
    """The settings on every population, those of the last where there are none."""
    *others, last = populations
    return [setting for setting in last if all(setting in other for other in others)] or last


def beyond(
    setting: Setting, tried: list[Setting], train_rows: int, scaled: bool = False
) -> tuple[list[int], list[float]]:
    """Batch sizes and learning rates to try next, where the setting lies on the edge of what was tried.

    Batch sizes at its learning rate, or at any where rates are `scaled` with the batch size, half or double but at most
    all training rows, and not of a schedule; learning rates at its batch size, a third or three times. None where
    others were tried on both sides.
    """
    size, rate, schedule = setting
    rates = [each.learning_rate for each in tried if (each.batch_size, each.schedule) == (size, schedule)]
    further_rates = [rate / 3] * (rate == min(rates)) + [rate * 3] * (rate == max(rates))
    if schedule != CONSTANT:
        return [], further_rates
    constant = [each for each in tried if each.schedule == schedule]
    sizes = [each.batch_size for each in constant if scaled or each.learning_rate == rate]
    smaller = [size // 2] * (size == min(sizes) and size > 1)
    larger = [min(2 * size, train_rows)] * (size == max(sizes) and size < train_rows)
    return smaller + larger, further_rates
