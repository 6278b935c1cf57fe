"""The figures of which setting is best, where the variance of the score comes from, and how long trainings take."""

import math
from itertools import cycle

import numpy as np
import pandas as pd

from batchscope.evidence.recommendation import NOT_DISTINGUISHABLE
from batchscope.evidence.variance import INTERACTION, SOURCES
from batchscope.report.look import USUAL, Look
from batchscope.report.rate_groups import groups_of_rates, rows_of_settings
from batchscope.report.style import (
    GUESS,
    MARKERS,
    OKABE_ITO,
    PANEL,
    batch_size_axis,
    constant_sizes,
    draw_guess,
    legend_below,
    panel_grid,
    plt,
)
from batchscope.report.words import GUESSING, in_words
from batchscope.study.setting import SETTING, settings_in

# Source of variance -> what it is called, and how its bar is hatched, which tells it in grey.
_BARS = {
    SOURCES[0]: ("split of the rows", ""),
    SOURCES[1]: ("initial weights", "//"),
    SOURCES[2]: ("order of the batches", ".."),
    INTERACTION: ("their interaction", "xx"),
}


def plot_which_is_best(
    ranked: pd.DataFrame,
    title: str,
    score: str,
    part: str,
    scaled: bool = False,
    guess: float = math.nan,
    look: Look = USUAL,
) -> plt.Figure:
    """The two answers to which setting is best: a panel per population, with all settings by batch size (log2).

    How far a setting is from the best measured. Filled markers may be best; hollow ones are shown worse, and a triangle
    at the edge stands for one far beyond it. Thick bars are 95 % intervals over trainings alone, thin ones for new rows
    too. Of many learning rates the best one of each batch size is drawn.

    Args:
        ranked: as from `batchscope.evidence.recommendation.ranked_table`.
        scaled: whether learning rates go with the batch size.
        guess: what guessing has on the part of the rows, which is drawn where it is in sight.
    """
    guessed = False
    ranked = ranked[ranked["goal"] == "score"].copy()
    differences = [column for column in ranked if column.startswith("difference")]
    ranked.loc[ranked["verdict"] == "best", differences] = 0.0
    populations = list(ranked["on"].unique())
    drawn = {on: _by_rate(ranked[ranked["on"] == on], scaled) for on in populations}
    names = list(drawn[populations[0]])
    columns = min(len(populations), look.columns(PANEL))
    rows = math.ceil(len(populations) / columns)
    size = look.size(0.9 + 1.7 * rows)
    with plt.rc_context(look.style):
        figure, panels, lowest = panel_grid(len(populations), rows, columns, size, sharey=True)
        seen = pd.concat([table for of_rates in drawn.values() for table in of_rates.values()])
        may_be_best = seen[seen["verdict"].isin(NOT_DISTINGUISHABLE)]
        limits = may_be_best["difference_low"].min(), may_be_best["difference_high"].max()
        low, high = np.nan_to_num(limits)  # where every training diverged none may be best
        room = 0.15 * (high - low) or 0.01
        for axes, on in zip(panels, populations):
            axes.set_xscale("log", base=2)  # from the start, as an empty panel has no limits that it could take over
            axes.axhline(0, color="0.6", linewidth=0.6)
            axes.set_ylim(low - room, high + room)
            for index, name in enumerate(names):
                shift = 2 ** (0.12 * (index - (len(names) - 1) / 2))
                here = drawn[on][name]
                _draw_ranked(axes, here.dropna(subset=["difference"]), index, shift)
            axes.set_title(f"on {on}")
            for best in ranked.loc[(ranked["on"] == on) & (ranked["verdict"] == "best"), "mean"]:
                guessed |= draw_guess(axes, guess - best)
        for axes in panels[::columns]:
            axes.set_ylabel(f"{part} {in_words(score)}\nfrom the best measured")
        for axes in lowest:
            batch_size_axis(axes, constant_sizes(seen))
        figure.suptitle(look.title(title))
        of_rows = not np.array_equal(ranked["difference_low"], ranked["difference_low_on_these_rows"], equal_nan=True)
        _add_legend_of_verdicts(look, figure, [*names], guessed, of_rows)
    return figure


def _by_rate(ranked: pd.DataFrame, scaled: bool) -> dict[str, pd.DataFrame]:
    """The rows of each group of learning rates, the best settings of which come first."""
    best = settings_in(ranked.drop_duplicates(["batch_size", "schedule"]))
    return {
        name: rows_of_settings(settings, ranked) for name, settings in groups_of_rates(ranked, best, scaled).items()
    }


def _draw_ranked(axes: plt.Axes, table: pd.DataFrame, index: int, shift: float) -> None:
    color, marker = OKABE_ITO[index % len(OKABE_ITO)], MARKERS[index % len(MARKERS)]
    x, y = table["batch_size"] * shift, table["difference"]
    axes.vlines(x, table["difference_low"], table["difference_high"], color=color, linewidth=0.7)
    alone = (table[f"difference_{bound}_on_these_rows"] for bound in ("low", "high"))
    axes.vlines(x, *alone, color=color, linewidth=2.5)
    may_be_best = table["verdict"].isin(NOT_DISTINGUISHABLE)
    for chosen, face in ((may_be_best, color), (~may_be_best, "white")):
        axes.plot(x[chosen], y[chosen], marker, color=color, mfc=face, ms=4, mew=0.8)
    bottom, top = axes.get_ylim()
    for beyond, symbol, height in ((y < bottom, "v", 0.04), (y > top, "^", 0.96)):
        heights = np.full(beyond.sum(), height)
        axes.plot(x[beyond], heights, symbol, color=color, mfc="white", ms=4, transform=axes.get_xaxis_transform())
    best = table["verdict"] == "best"
    axes.plot(x[best], y[best], "o", color="black", mfc="none", ms=8, mew=0.6)


def _add_legend_of_verdicts(look: Look, figure: plt.Figure, names: list[str], guessed: bool, of_rows: bool) -> None:
    handles = [
        plt.Line2D([], [], color=color, marker=marker, linestyle="none", markersize=4)
        for _, color, marker in zip(names, cycle(OKABE_ITO), cycle(MARKERS))
    ]
    for name, style in {
        "best measured": {"marker": "o", "mfc": "none", "color": "black", "ms": 8, "mew": 0.6, "linestyle": "none"},
        "may be best": {"marker": "o", "color": "0.4", "ms": 4, "linestyle": "none"},
        "shown worse, or left out": {"marker": "o", "mfc": "white", "color": "0.4", "ms": 4, "linestyle": "none"},
        "over trainings alone": {"color": "0.4", "linewidth": 2.5},
        **({"for new rows too": {"color": "0.4", "linewidth": 0.7}} if of_rows else {}),
        **({GUESSING: GUESS} if guessed else {}),
    }.items():
        handles.append(plt.Line2D([], [], **style))
        names.append(name)
    legend_below(look, figure, handles, names)


def plot_variance(variance: pd.DataFrame, title: str, score: str, look: Look = USUAL) -> plt.Figure:
    """For each setting a bar per source: the standard deviation of the test score that it makes, with its interval.

    Args:
        variance: as from `batchscope.evidence.variance.decompose`.
    """
    settings = settings_in(variance.drop_duplicates(SETTING))
    several_rates = variance["learning_rate"].nunique() > 1
    with plt.rc_context(look.style):
        figure, axes = plt.subplots(figsize=look.size(2.6))
        for index, (source, (name, hatch)) in enumerate(_BARS.items()):
            bars = variance[variance["source"] == source]
            x = np.arange(len(settings)) + 0.2 * (index - 1.5)
            style = {"color": OKABE_ITO[index], "edgecolor": "white", "linewidth": 0, "hatch": hatch}
            axes.bar(x, bars["sd"], 0.18, label=name, **style)
            axes.vlines(x, bars["low"], bars["high"], color="0.2", linewidth=0.7)
        names = [each.batch_sizes + f"\n{each.learning_rate:g}" * several_rates for each in settings]
        axes.set_xticks(range(len(settings)), names)
        axes.grid(axis="x", visible=False)
        # Of a source that does next to nothing the interval says little, and may be long.
        axes.set_ylim(0, 1.6 * variance["sd"].max() if variance["sd"].max() > 0 else 1)
        axes.set(title=look.title_of_one(title), xlabel="batch size" + " and learning rate" * several_rates)
        axes.set_ylabel(f"standard deviation of test {in_words(score)}")
        legend_below(look, figure, *axes.get_legend_handles_labels())
    return figure


def plot_pace(pace: pd.DataFrame, title: str, look: Look = USUAL) -> plt.Figure:
    """Seconds of one training by batch size, both logarithmic: a line for each way, bars from process to process.

    A star is a schedule of several batch sizes.

    Args:
        pace: as from `batchscope.results.pace_summary.sum_up`.
    """
    with plt.rc_context(look.style):
        figure, axes = plt.subplots(figsize=look.size(2.6))
        for (way, table), color, marker in zip(pace.groupby("way", sort=False), OKABE_ITO, MARKERS):
            at_once = table["replicates"].iloc[0]
            label = way if at_once == 1 else f"{way}, {at_once} at once"
            changing = table["schedule"].str.contains("_")
            line, stars = table[~changing].sort_values("batch_size"), table[changing]
            axes.plot(line["batch_size"], line["seconds_per_training"], marker=marker, ms=3, color=color, label=label)
            axes.plot(stars["batch_size"], stars["seconds_per_training"], "*", ms=6, color=color)
            axes.vlines(table["batch_size"], table["low"], table["high"], color=color, linewidth=1)
        batch_size_axis(axes, constant_sizes(pace))
        axes.set_yscale("log")
        axes.set(title=look.title_of_one(title), ylabel="seconds of one training")
        legend_below(look, figure, *axes.get_legend_handles_labels(), columns=3)
    return figure
