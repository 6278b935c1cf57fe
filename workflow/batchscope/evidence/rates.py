"""The map of batch size and learning rate: which rate is best at each batch size, and how wide the usable ones lie.

After Masters and Luschi (2018), who find that the range of usable learning rates shrinks as the batch grows.
"""

import math

import numpy as np
import pandas as pd

from batchscope.evidence.crossed import estimate_mean
from batchscope.evidence.recommendation import MOST_DIVERGED
from batchscope.evidence.studentised import DRAWS, FEWEST
from batchscope.evidence.trainings import Trainings
from batchscope.study.scores import more_is_better, reaches
from batchscope.study.setting import CONSTANT, FEWEST_RATES, Setting, settings_in

COLUMNS = [
    *("batch_size", "rates", "replicates", "learning_rate", "learning_rate_low", "learning_rate_high", "on_edge"),
    *("mean", "usable_octaves_mean", "usable_octaves_low", "usable_octaves_high", "usable_low", "usable_high", "edge"),
    "diverged_settings",
]


def edges(values: np.ndarray) -> np.ndarray:
    """The bounds (n + 1,) of cells around two or more ascending values (n,): half way between them on a log axis.

    At both ends a cell is as wide on the outer side as on the inner one.
    """
    octaves = np.log2(values)
    between = (octaves[:-1] + octaves[1:]) / 2
    return 2 ** np.concatenate([[2 * octaves[0] - between[0]], between, [2 * octaves[-1] - between[-1]]])


def add_usable_octaves(replicates: pd.DataFrame, score: str, target: float) -> pd.DataFrame:
    """The replicates with a column `usable_octaves`, the same in all rows of a batch size and replicate.

    Args:
        replicates: as from `batchscope.evidence.metrics.measure_replicates`.
        score, target: what it was given.

    It is the width of the learning rates at which the final test score reaches the target, in octaves: of each the
    distance between the bounds of `edges`, so that on a grid of octaves rates are counted. At a rate at which a
    replicate diverged it is 0. NaN at batch sizes with fewer than three rates, of schedules, and of replicates that
    were not trained at all rates.
    """
    octaves = pd.Series(math.nan, replicates.index, name="usable_octaves")
    usable = reaches(replicates[f"test_{score}"], score, target)
    for _, table in replicates[replicates["schedule"] == CONSTANT].groupby("batch_size"):
        rates = np.sort(table["learning_rate"].unique())
        if len(rates) < FEWEST_RATES:
            continue
        widths = dict(zip(rates, np.diff(np.log2(edges(rates)))))
        widths = (table["learning_rate"].map(widths) * usable[table.index]).groupby(table["replicate"])
        # Rounded, as equal widths are ties, whatever the order in which they are added up.
        octaves[table.index] = widths.transform("sum").where(widths.transform("size") == len(rates)).round(9)
    return replicates.assign(usable_octaves=octaves)


def map_rates(trainings: Trainings, score: str, target: float, part: str, seed: int) -> pd.DataFrame:
    """A row per constant batch size with three learning rates or more.

    Args:
        trainings: on the study's own split, with `usable_octaves`.
        score: one of `batchscope.study.scores.SCORES`.
        target: the test score from which on a rate is usable.
        part: the part of the rows that settings are chosen on.
        seed: where the bootstrap starts from.

    `learning_rate` is the one with the best mean score on that part, see `best_of_each_size`; its bounds are the 2.5
    and 97.5 % points of those chosen in the same way in bootstrap samples of the replicates, and `on_edge` says whether
    it is the `lowest` or the `highest` that was tried. The usable octaves are a mean over replicates with its 95 %
    interval. `usable_low` and `usable_high` are the lowest and highest rate of which the mean test score reaches the
    target and at most a tenth of the replicates diverged; where they reach the `edge` of what was tried, the octaves
    are no more than a lower bound. `diverged_settings` are the rates at which any replicate diverged.
    """
    settings = sorted(setting for setting in trainings.settings if setting.schedule == CONSTANT)
    of_sizes = {size: [each for each in settings if each.batch_size == size] for size, *_ in settings}
    rows = [
        _row(trainings.on_these_rows, of_size, score, target, part, seed)
        for of_size in of_sizes.values()
        if len(of_size) >= FEWEST_RATES
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def _row(
    trainings: Trainings, settings: list[Setting], score: str, target: float, part: str, seed: int
) -> dict[str, float | str]:
    rates = np.array([setting.learning_rate for setting in settings])
    diverged = trainings.diverged(settings).T
    values = trainings.values(f"{part}_{score}", settings)[0][..., 0]
    sign = _sign(f"{part}_{score}")
    all_once = (~np.isnan(diverged)).astype(float)
    [chosen], [mean] = _choose(sign * values, diverged, all_once[None])
    low, high = _interval(sign * values, diverged, trainings.paired, rates, seed)
    tested = _means(trainings.values(f"test_{score}", settings)[0][..., 0], all_once)
    few_diverged = np.nanmean(diverged, axis=1) <= MOST_DIVERGED
    usable = rates[reaches(tested, score, target) & few_diverged]
    octaves = estimate_mean(trainings.values("usable_octaves", settings[:1])[0][0, :, 0], seed)[:3]
    octaves = np.clip(octaves, 0, np.log2(np.divide(*edges(rates)[[-1, 0]])))  # all that were tried
    known = not math.isnan(mean)
    return {
        "batch_size": settings[0].batch_size,
        "rates": len(rates),
        "replicates": int((~np.isnan(diverged)).sum(axis=1).max()),
        "learning_rate": rates[chosen] if known else math.nan,
        "learning_rate_low": low,
        "learning_rate_high": high,
        "on_edge": _ends(rates, rates[[chosen]]) if known else "",
        "mean": sign * mean,
        **{f"usable_octaves_{name}": value for name, value in zip(("mean", "low", "high"), octaves)},
        "usable_low": usable.min() if len(usable) else math.nan,
        "usable_high": usable.max() if len(usable) else math.nan,
        "edge": _ends(rates, usable),
        "diverged_settings": int((np.nansum(diverged, axis=1) > 0).sum()),
    }


def best_of_each_size(table: pd.DataFrame, measure: str) -> list[Setting]:
    """Of each batch size and schedule of a table the setting with the best mean, in the order of the table.

    Args:
        table: a row per setting with `replicates`, `diverged` and the `_mean` of the measure, as in the summary.

    A setting of which more than a tenth of the replicates diverged is taken only where nothing else is left.
    """
    means = table[f"{measure}_mean"]
    lost = means.isna() | (table["diverged"] > MOST_DIVERGED * table["replicates"])
    ranked = table.assign(lost=lost, cost=-_sign(measure) * means).sort_values(["lost", "cost"], kind="stable")
    return settings_in(ranked.drop_duplicates(["batch_size", "schedule"]).sort_index())


def _sign(measure: str) -> int:
    """1 where more of a measure is better, -1 where less is."""
    return 1 if more_is_better(measure) else -1


def _ends(rates: np.ndarray, reached: np.ndarray) -> str:
    """Which ends of ascending rates are among those that are reached."""
    return " and ".join(name for name, end in (("lowest", rates[0]), ("highest", rates[-1])) if end in reached)


def _choose(merits: np.ndarray, diverged: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The best of several settings in each draw, and its mean; the rule is that of `best_of_each_size`.

    Args:
        merits: (settings, trainings), more being better; NaN where one diverged or is not there.
        diverged: 1 or 0, alike, NaN where one is not there.
        counts: how often each counts, (draws, settings, trainings).

    Returns:
        Settings and means, (draws,); a mean is NaN where no training counts that has a value.
    """
    means = _means(merits, counts)
    lost = _means(diverged, counts) > MOST_DIVERGED
    lost &= ~lost.all(axis=1, keepdims=True)
    chosen = np.where(lost | np.isnan(means), -np.inf, means).argmax(axis=1)
    return chosen, means[np.arange(len(means)), chosen]


def _means(values: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Means of values (settings, trainings) that count so often (..., settings, trainings); NaN where none does."""
    present = ~np.isnan(values)
    with np.errstate(invalid="ignore"):
        return (counts * np.where(present, values, 0)).sum(axis=-1) / (counts * present).sum(axis=-1)


def _interval(
    merits: np.ndarray, diverged: np.ndarray, paired: bool, rates: np.ndarray, seed: int
) -> tuple[float, float]:
    """The bounds of the rates chosen in bootstrap samples; NaN of fewer than 6 trainings, as for all intervals."""
    there = ~np.isnan(diverged)
    if there.sum(axis=1).min() < FEWEST:
        return math.nan, math.nan
    random = np.random.default_rng(seed)
    if paired:  # equal replicates of all rates are drawn together
        drawn = there.any(axis=0)
        counts = random.multinomial(drawn.sum(), drawn / drawn.sum(), DRAWS)[:, None] * there
    else:
        counts = np.stack([random.multinomial(each.sum(), each / each.sum(), DRAWS) for each in there], axis=1)
    chosen, means = _choose(merits, diverged, counts)
    if np.isnan(means).any():
        return math.nan, math.nan
    low, high = np.quantile(rates[chosen], [0.025, 0.975], method="inverted_cdf")
    return float(low), float(high)
