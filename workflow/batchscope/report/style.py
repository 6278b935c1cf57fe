"""How all figures look, and how they are written.

Drawn at the width of a paper's column, with the colours of Okabe and Ito, which the colour-blind can tell apart; line
styles and markers tell the same in grey.
"""

import math
from pathlib import Path

import matplotlib

matplotlib.use("agg")
import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.ticker import StrMethodFormatter

from batchscope.files import replacing
from batchscope.report.words import GUESSING

STYLE = {
    "font.size": 7,
    "axes.titlesize": 7,
    "axes.labelsize": 7,
    "legend.fontsize": 6.5,
    "xtick.labelsize": 6.5,
    "ytick.labelsize": 6.5,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "0.9",
    "grid.linewidth": 0.5,
    "lines.linewidth": 1.0,
    "legend.frameon": False,
    "figure.constrained_layout.use": True,
    "figure.dpi": 300,
    "pdf.fonttype": 42,  # text stays text
    "svg.hashsalt": "batchscope",  # the same bytes every time
}
MARKERS = "osD^vP*X<"  # one more than colours, so that the pairs do not repeat
COLUMN_WIDTH = 3.5  # inches
GUESS = {"label": GUESSING, "color": "0.35", "linestyle": (0, (4, 3)), "linewidth": 0.6, "zorder": 1.6}
_NEAR, _ROOM = 0.2, 0.02  # of the height of the axes
OKABE_ITO = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#F0E442", "#000000")


def batch_size_axis(axes: plt.Axes) -> None:
    """Batch sizes on a log2 axis, as numbers."""
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:.10g}"))
    axes.set_xlabel("batch size")


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


def save_figure(figure: plt.Figure, path: str | Path) -> None:
    """Write a figure in the format that the path ends in, without a date: the same figure has the same bytes."""
    suffix = Path(path).suffix
    metadata = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}.get(suffix)
    with replacing(path) as temporary, plt.rc_context(STYLE):
        figure.savefig(temporary, metadata=metadata)
