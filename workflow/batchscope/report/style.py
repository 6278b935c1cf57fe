"""What all figures share: colours and markers, the axis of batch sizes, the line of guessing, the legend.

The colours are those of Okabe and Ito, which the colour-blind can tell apart; line styles and markers tell the same in
grey.
"""

import math
from collections.abc import Iterable

import matplotlib

matplotlib.use("agg")
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.ticker import (
    FixedLocator,
    LogLocator,
    MaxNLocator,
    NullFormatter,
    NullLocator,
    ScalarFormatter,
    StrMethodFormatter,
)

from batchscope.report.look import COLUMN_WIDTH, Look
from batchscope.report.words import GUESSING

PANEL = 2.2  # inches, the width of a panel that has a vertical axis of its own
MARKERS = "osD^vP*X<"  # one more than colours, so that the pairs do not repeat
GUESS = {"label": GUESSING, "color": "0.35", "linestyle": (0, (4, 3)), "linewidth": 0.6, "zorder": 1.6}
_NEAR, _ROOM = 0.2, 0.02  # of the height of the axes
_WIDE = 500  # times, from which on an axis of losses has numbers at powers of ten alone
_LETTER = 0.65  # of the font's size, the width of a digit and what is around it
# What a comparison with the reference says -> the marker of it, which tells it in grey.
VERDICT_MARKERS = {
    verdict: {"linestyle": "none", "ms": 4, "mew": 0.9} | marker
    for verdict, marker in {
        "reference": {"marker": "s"},
        "better": {"marker": "^"},
        "equivalent but better": {"marker": "o", "fillstyle": "top", "markerfacecoloralt": "white"},
        "equivalent": {"marker": "o"},
        "equivalent but worse": {"marker": "o", "fillstyle": "bottom", "markerfacecoloralt": "white"},
        "undecided": {"marker": "D"},
        "worse": {"marker": "v", "mfc": "white"},
        "not judged": {"marker": "x"},
    }.items()
}
MARGIN = {"color": "0.88", "linewidth": 0, "zorder": 0.5}
OKABE_ITO = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#F0E442", "#000000")


class _NumbersApart(StrMethodFormatter):
    """The numbers at ticks of a horizontal axis, but for those that would touch another one.

    The first and the last are always there, the others from the left on as they have room.
    """

    def format_ticks(self, values: list[float]) -> list[str]:
        numbers = super().format_ticks(values)
        axes = self.axis.axes
        places = axes.get_xaxis_transform().transform([(value, 0) for value in values])[:, 0] if numbers else []
        letter = _LETTER * self.axis.get_major_ticks(1)[0].label1.get_size() * axes.figure.dpi / 72 if numbers else 0
        halves = [letter * (len(number) + 1) / 2 for number in numbers]
        left, kept = -math.inf, []
        for place, half in zip(places, halves):
            is_end = len(kept) in (0, len(numbers) - 1)
            has_room = place - half >= left and place + half <= places[-1] - halves[-1]
            kept.append(is_end or has_room)
            left = place + half if kept[-1] else left
        return [number if keep else "" for number, keep in zip(numbers, kept)]


def batch_size_axis(axes: plt.Axes, sizes: Iterable[int]) -> None:
    """Batch sizes on a log2 axis, with a tick at each of those that were trained, and numbers where they have room."""
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_locator(FixedLocator(np.unique(sizes)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(_NumbersApart("{x:.10g}"))
    axes.set_xlabel("batch size")


def constant_sizes(table: pd.DataFrame) -> np.ndarray:
    """The batch sizes in a table of settings; where all are schedules of several, the averages of these."""
    constant = table.loc[~table["schedule"].str.contains("_"), "batch_size"]
    return np.unique(table["batch_size"] if constant.empty else constant)


def loss_axis(axes: plt.Axes) -> None:
    """Losses on a log axis, as numbers."""
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter(ScalarFormatter())
    axes.yaxis.set_minor_formatter(NullFormatter())


def number_losses(axes: plt.Axes) -> None:
    """Enough numbers on a log axis where losses span no decade, and not too many where they span several.

    Once it has its limits.
    """
    low, high = axes.get_ylim()
    if high < 10 * low:
        axes.yaxis.set_major_locator(MaxNLocator(5))
        axes.yaxis.set_minor_locator(NullLocator())
    elif high > _WIDE * low:
        axes.yaxis.set_major_locator(LogLocator())
        axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))


def guess_in(*summaries: pd.DataFrame) -> float:
    """What guessing has on the test rows of a study, where one of its summaries says so."""
    return next((summary["test_guess"].iloc[0] for summary in summaries if "test_guess" in summary), math.nan)


def draw_guess(axes: plt.Axes, guess: float) -> bool:
    """A thin line at what guessing has, if that is in or near the axes, so that nothing is squeezed; whether it is."""
    low, high = axes.get_ylim()
    height = high - low
    if not low - _NEAR * height <= guess <= high + _NEAR * height:
        return False
    axes.axhline(guess, **GUESS)
    axes.set_ylim(min(low, guess - _ROOM * height), max(high, guess + _ROOM * height))
    return True


def panel_grid(
    count: int, rows: int, columns: int, size: tuple[float, float], **shared
) -> tuple[plt.Figure, list[plt.Axes], list[plt.Axes]]:
    """A figure of so many panels that share their x axis, all panels, and those that have none below."""
    figure, grid = plt.subplots(rows, columns, figsize=size, sharex=True, squeeze=False, **shared)
    panels = [*grid.flat[:count]]
    for axes in grid.flat[count:]:
        axes.remove()
    for axes in panels[-columns:]:
        axes.tick_params(labelbottom=True)
    return figure, panels, panels[-columns:]


def legend_below(look: Look, figure: plt.Figure, handles: list, names: list[str], columns: int = 2, **options) -> None:
    """A legend below the panels, in so many columns for each of a paper's columns, or fewer where there is no room."""
    for fewer in range(columns * look.columns(COLUMN_WIDTH), 0, -1):
        legend = figure.legend(handles, names, loc="outside lower center", ncols=fewer, **options)
        if fewer == 1 or legend.get_window_extent().width <= figure.bbox.width:
            break
        legend.remove()
