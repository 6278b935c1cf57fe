"""The figure of how many updates batch sizes take to a result (Shallue et al. 2019)."""

import math
import textwrap

import numpy as np
import pandas as pd
from matplotlib.ticker import StrMethodFormatter
from scipy.interpolate import PchipInterpolator

from batchscope.evidence.scaling import REGIMES
from batchscope.report.look import USUAL, Look
from batchscope.report.style import OKABE_ITO, batch_size_axis, legend_below, plt
from batchscope.report.words import bounds, in_words, number
from batchscope.study.scores import CRITICAL_BATCH_SIZE, more_is_better

_CURVE, _CRITICAL = OKABE_ITO[0], OKABE_ITO[3]
_POINT = {"marker": "o", "color": "black", "ms": 4, "linestyle": "none"}
_BOUND = {"marker": "v", "color": "black", "mfc": "white", "ms": 4.5, "mew": 0.8, "linestyle": "none"}
_NEVER = _BOUND | {"marker": "^"}
_NARROWEST = 0.14  # of the axes' width, where the name of a regime has room
_LETTERS = 11  # in a line of it
_TOP = 0.83  # of the axes' height, which the names of regimes are above
_POINTS = 200  # of the curve
_FAR = 2.0**60  # where an interval without an end leaves the axes


def plot_steps_to_result(
    steps: pd.DataFrame, scaling: pd.DataFrame, title: str, score: str, result: float, look: Look = USUAL
) -> plt.Figure:
    """Updates to the result by batch size, both log2: medians at the best rates with 95 % intervals, and the law.

    A hollow triangle that points down is an upper bound, as the best rate is on the edge of those tried, and one that
    points up a batch size at which most never get there. The dashed line is perfect scaling from the smallest batch
    size that gets there: twice the batch size, half the updates. A vertical line is the critical batch size.

    Args:
        steps, scaling: as from `batchscope.evidence.steps_to_result.read_tables`.
        score, result: what is reached.
    """
    there = steps[np.isfinite(steps["updates"])]
    critical = scaling.set_index("quantity").loc[CRITICAL_BATCH_SIZE]
    with plt.rc_context(look.style):
        figure, axes = plt.subplots(figsize=look.size(3.0))
        batch_size_axis(axes, steps["batch_size"])
        axes.set_yscale("log", base=2)
        axes.yaxis.set_major_formatter(StrMethodFormatter("{x:.10g}"))
        axes.set_xlim(steps["batch_size"].min() / 1.5, steps["batch_size"].max() * 1.5)
        if len(there):
            _draw_curve(axes, steps, there["batch_size"])
            _draw_perfect_scaling(axes, steps["batch_size"], there.iloc[0])
            _draw_points(axes, there)
            _set_height(axes, there)
        never = steps.loc[np.isinf(steps["updates"]), "batch_size"]
        if len(never):
            at_top = {
                "transform": axes.get_xaxis_transform(),
                "clip_on": False,
                "label": "never: most do not get there",
            }
            axes.plot(never, np.full(len(never), _TOP), **_NEVER, **at_top)
        if not critical["refused"]:
            _draw_critical(axes, *critical[["estimate", "low", "high"]])
        sign = "at least" if more_is_better(score) else "at most"
        axes.set(title=look.title_of_one(title), ylabel=f"updates to a test {in_words(score)} of {sign} {result:g}")
        legend_below(look, figure, *axes.get_legend_handles_labels(), columns=1)
    return figure


def _draw_points(axes: plt.Axes, there: pd.DataFrame) -> None:
    known = there[there["low"].notna()]
    highest = np.minimum(known["high"], _FAR)
    axes.vlines(known["batch_size"], known["low"], highest, color="black", linewidth=1)
    on_edge = there["on_edge"] != ""
    for chosen, style, name in (
        (~on_edge, _POINT, "median at the best learning rate, 95 % interval"),
        (on_edge, _BOUND, "upper bound: the best learning rate is on the edge"),
    ):
        if chosen.any():
            axes.plot(there.loc[chosen, "batch_size"], there.loc[chosen, "updates"], **style, label=name)


def _draw_curve(axes: plt.Axes, steps: pd.DataFrame, sizes: pd.Series) -> None:
    """The law and its band along some batch sizes; they are known at all of them, and smooth between."""
    if steps["fitted"].isna().any():
        return
    x = np.linspace(*np.log(sizes.iloc[[0, -1]]), _POINTS)
    curves = PchipInterpolator(np.log(steps["batch_size"]), np.log(steps[["fitted", "fitted_low", "fitted_high"]]))
    middle, low, high = np.exp(curves(x)).T
    axes.fill_between(np.exp(x), low, high, color=_CURVE, alpha=0.25, linewidth=0)
    axes.plot(np.exp(x), middle, color=_CURVE, label=r"$S_{min}\,(1 + B_{crit}\,/\,B)$, 95 % interval")


def _draw_perfect_scaling(axes: plt.Axes, sizes: pd.Series, first: pd.Series) -> None:
    ends = np.array([first["batch_size"], sizes.max()])
    perfect = first["updates"] * first["batch_size"] / ends
    axes.plot(ends, perfect, color="0.4", linestyle=(0, (4, 3)), linewidth=0.8, label="perfect scaling")


def _set_height(axes: plt.Axes, there: pd.DataFrame) -> None:
    """Room for all points, for the names of regimes at the top, and for a part of perfect scaling at the bottom."""
    lowest = np.log2(there[["updates", "low"]].min(axis=None))
    highest = np.log2(there[["updates", "high"]].replace(math.inf, math.nan).max(axis=None))
    height = max(highest - lowest, 1)
    axes.set_ylim(2 ** (lowest - 0.15 * height), 2 ** (highest + 0.4 * height))


def _draw_critical(axes: plt.Axes, estimate: float, low: float, high: float) -> None:
    """The critical batch size with its interval, and the regimes, each named where it has room."""
    said = f"critical batch size {number(estimate)} {bounds(low, high)}"
    axes.axvspan(low, high, ymax=_TOP, color=_CRITICAL, alpha=0.2, linewidth=0)
    axes.axvline(estimate, ymax=_TOP, color=_CRITICAL, linewidth=1, linestyle=(0, (6, 1.5, 1, 1.5)), label=said)
    left, right = axes.get_xlim()
    ends = np.clip([left, estimate / 10, estimate * 10, right], left, right)
    for index, (name, start, end) in enumerate(zip(REGIMES, ends, ends[1:])):
        if index != 1:
            axes.axvspan(start, end, color="0.93", linewidth=0, zorder=0)
        if math.log(end / start) >= _NARROWEST * math.log(right / left):
            middle = math.sqrt(start * end)
            place = {"transform": axes.get_xaxis_transform(), "ha": "center", "va": "top", "linespacing": 1.1}
            axes.text(middle, 0.985, textwrap.fill(name, _LETTERS), color="0.2", **place)
