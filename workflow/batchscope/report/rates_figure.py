"""The map of batch size and learning rate."""

import math

import numpy as np
import pandas as pd
from matplotlib.colors import LogNorm, Normalize
from matplotlib.patches import Patch, Rectangle
from matplotlib.patheffects import withStroke
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from batchscope.evidence.rates import edges
from batchscope.evidence.recommendation import NOT_DISTINGUISHABLE
from batchscope.evidence.trainings import THIS_SPLIT
from batchscope.report.look import USUAL, Look
from batchscope.report.style import batch_size_axis, legend_below, plt
from batchscope.report.words import in_words
from batchscope.study.setting import CONSTANT, SETTING

_UNMEASURED = "white"  # the colour of a setting of which no replicate is left
_HALO = [withStroke(linewidth=2.2, foreground="white")]
# What is held constant -> the power of the batch size that the learning rate grows with, and the line.
_SCALINGS = {
    "rate / batch size constant": (1.0, "--"),
    "rate / \N{SQUARE ROOT}batch size constant": (0.5, ":"),
}


def plot_rates(
    rates: pd.DataFrame,
    summary: pd.DataFrame,
    ranked: pd.DataFrame,
    title: str,
    score: str,
    part: str,
    look: Look = USUAL,
) -> plt.Figure:
    """The mean score by batch size (log2) and learning rate (log), and below it the octaves of usable rates.

    A cell is as high as its batch size's own rates say. An outline is around the settings that are not distinguishable
    from the best; a ring is the best rate of a batch size, with its interval; a cross is in a setting of which
    replicates diverged, the larger the more did. Lines go through the best setting. A hollow triangle is a width that
    the grid cuts off. Losses are on a log scale.

    Args:
        rates: as from `batchscope.evidence.rates.map_rates`.
        summary: that of the study.
        ranked: as from `batchscope.evidence.recommendation.ranked_table`.
        part: the part of the rows that settings are chosen on.
    """
    known = summary[summary["batch_size"].isin(rates["batch_size"]) & (summary["schedule"] == CONSTANT)]
    score_of = {tuple(row[:3]): row[3] for row in known[[*SETTING, f"{part}_{score}_mean"]].itertuples(index=False)}
    here = ranked[(ranked["on"] == THIS_SPLIT) & (ranked["goal"] == "score")]
    may_be_best = here[here["verdict"].isin(NOT_DISTINGUISHABLE)]
    outlined = {*may_be_best[SETTING].itertuples(index=False, name=None)}
    with plt.rc_context(look.style):
        figure, (axes, below) = plt.subplots(
            2, 1, figsize=look.size(4.4), sharex=True, gridspec_kw={"height_ratios": [3.2, 1]}
        )
        cells = _cells(known)
        colors = _colors([*score_of.values()], score)
        _draw_cells(axes, cells, score_of, outlined, colors)
        _draw_diverged(axes, known)
        lines = _draw_scalings(axes, here[here["schedule"] == CONSTANT])
        _draw_best(axes, rates)
        _draw_octaves(below, rates)
        bar = figure.colorbar(colors, ax=axes, pad=0.02, aspect=25)
        bar.set_label(f"{part} {in_words(score)}")
        _axis_of_rates(axes)
        batch_size_axis(below, rates["batch_size"])
        figure.suptitle(look.title(title))
        _add_legend(look, figure, known, rates, lines)
    return figure


def _colors(scores: list[float], score: str) -> plt.cm.ScalarMappable:
    """Light is better, also in grey."""
    known = [value for value in scores if value > 0] or [1.0]  # neither what is not there nor what a log axis has not
    scale, name = (LogNorm, "cividis_r") if score == "loss" else (Normalize, "cividis")
    return plt.cm.ScalarMappable(scale(min(known), max(known), clip=True), name)


def _cells(known: pd.DataFrame) -> dict[tuple, tuple[float, float, float, float]]:
    """Setting -> the left, right, lower and upper bound of its cell."""
    sizes = np.sort(known["batch_size"].unique())
    columns = edges(sizes)
    cells = {}
    for size, left, right in zip(sizes, columns, columns[1:]):
        of_size = known[known["batch_size"] == size].sort_values("learning_rate")
        bounds = edges(of_size["learning_rate"].to_numpy())
        for setting, lower, upper in zip(of_size[SETTING].itertuples(index=False, name=None), bounds, bounds[1:]):
            cells[setting] = left, right, lower, upper
    return cells


def _draw_cells(axes: plt.Axes, cells: dict, score_of: dict, outlined: set, colors: plt.cm.ScalarMappable) -> None:
    """The cells, and around the union of those that are outlined a line, of which they cover what lies inside."""
    for setting, (left, right, lower, upper) in cells.items():
        place = (left, lower), right - left, upper - lower
        value = score_of[setting]
        color = colors.to_rgba(max(value, colors.norm.vmin)) if math.isfinite(value) else _UNMEASURED
        height = 2 if setting in outlined else 0
        axes.add_patch(Rectangle(*place, facecolor=color, edgecolor="white", linewidth=0.3, zorder=height))
        if setting in outlined:
            axes.add_patch(Rectangle(*place, facecolor="none", edgecolor="black", linewidth=2.6, zorder=1))
    bounds = np.array([*cells.values()])
    axes.set(yscale="log", xlim=(bounds[:, 0].min(), bounds[:, 1].max()), ylim=(bounds[:, 2].min(), bounds[:, 3].max()))
    axes.grid(visible=False)


def _draw_diverged(axes: plt.Axes, known: pd.DataFrame) -> None:
    lost = known[known["diverged"] > 0]
    sizes = 6 + 22 * lost["diverged"] / lost["replicates"]
    style = {"color": "black", "marker": "x", "linewidth": 0.8, "zorder": 4, "path_effects": _HALO}
    axes.scatter(lost["batch_size"], lost["learning_rate"], sizes, **style)


def _draw_scalings(axes: plt.Axes, ranked: pd.DataFrame) -> dict[str, plt.Line2D]:
    """Lines through the best setting along which the rate grows with the batch size, by what they hold constant."""
    lines = {}
    for _, best in ranked[ranked["verdict"] == "best"].iterrows():
        sizes = np.array(axes.get_xlim())
        for name, (power, style) in _SCALINGS.items():
            along = best["learning_rate"] * (sizes / best["batch_size"]) ** power
            [lines[name]] = axes.plot(
                sizes, along, style, color="black", linewidth=0.8, zorder=3, scalex=False, scaley=False
            )
            lines[name].set_path_effects([withStroke(linewidth=1.8, foreground="white")])
    return lines


def _draw_best(axes: plt.Axes, rates: pd.DataFrame) -> None:
    x = rates["batch_size"]
    bars = axes.vlines(x, rates["learning_rate_low"], rates["learning_rate_high"], color="black", lw=1.2, zorder=5)
    bars.set_path_effects([withStroke(linewidth=2.6, foreground="white")])
    axes.plot(x, rates["learning_rate"], "o", color="black", mfc="white", ms=4, mew=0.9, zorder=6)


def _draw_octaves(axes: plt.Axes, rates: pd.DataFrame) -> None:
    x, mean = rates["batch_size"], rates["usable_octaves_mean"]
    axes.vlines(x, rates["usable_octaves_low"], rates["usable_octaves_high"], color="black", linewidth=1.2)
    cut_off = rates["edge"].fillna("") != ""
    axes.plot(x, mean, color="0.6", linewidth=0.6)
    axes.plot(x[~cut_off], mean[~cut_off], "o", color="black", ms=4, mew=0.9)
    axes.plot(x[cut_off], mean[cut_off], "^", color="black", mfc="white", ms=4.5, mew=0.9)
    axes.set_ylim(0, 1.1 * axes.get_ylim()[1])  # room for the markers at the top
    axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes.set_ylabel("usable octaves")


def _axis_of_rates(axes: plt.Axes) -> None:
    """Powers of ten alone where there are two of them, else numbers between them too."""
    low, high = np.log10(axes.get_ylim())
    few = high - low < 2
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if few else (1,)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda rate, _: f"{rate:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.set_ylabel("learning rate")


def _add_legend(
    look: Look, figure: plt.Figure, known: pd.DataFrame, rates: pd.DataFrame, lines: dict[str, plt.Line2D]
) -> None:
    black = {"color": "black", "linestyle": "none", "ms": 4, "mew": 0.9}
    handles = {
        "best rate, 95 % interval": plt.Line2D([], [], marker="o", mfc="white", **(black | {"linestyle": "-"})),
        "may be the best setting": Patch(facecolor="none", edgecolor="black", linewidth=1.3),
        **lines,
    }
    if known["diverged"].any():
        handles["some diverged"] = plt.Line2D([], [], marker="x", **black)
    if (rates["edge"].fillna("") != "").any():
        handles["at least: the grid ends first"] = plt.Line2D([], [], marker="^", mfc="white", **black)
    legend_below(look, figure, [*handles.values()], [*handles])
