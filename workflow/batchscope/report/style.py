"""What all figures share: colours and markers, the axis of batch sizes, the line of guessing, the legend.

The colours are those of Okabe and Ito, which the colour-blind can tell apart; line styles and markers tell the same in
grey.
"""

import math

import matplotlib

matplotlib.use("agg")
import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.ticker import LogLocator, NullFormatter, ScalarFormatter, StrMethodFormatter

from batchscope.report.look import COLUMN_WIDTH, Look
from batchscope.report.words import GUESSING

PANEL = 2.2  # inches, the width of a panel that has a vertical axis of its own
MARKERS = "osD^vP*X<"  # one more than colours, so that the pairs do not repeat
GUESS = {"label": GUESSING, "color": "0.35", "linestyle": (0, (4, 3)), "linewidth": 0.6, "zorder": 1.6}
_NEAR, _ROOM = 0.2, 0.02  # of the height of the axes
OKABE_ITO = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#F0E442", "#000000")


def batch_size_axis(axes: plt.Axes) -> None:
    """Batch sizes on a log2 axis, as numbers."""
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:.10g}"))
    axes.set_xlabel("batch size")


def loss_axis(axes: plt.Axes) -> None:
    """Losses on a log axis, as numbers."""
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter(ScalarFormatter())
    axes.yaxis.set_minor_formatter(NullFormatter())


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
