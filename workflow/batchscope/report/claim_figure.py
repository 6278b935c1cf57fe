"""The small picture of a claim: what was measured, with its interval, against where it was expected."""

import io
import math

import numpy as np

from batchscope.report.look import Look
from batchscope.report.style import plt

# Verdict -> colour, as `page.css` has it, and the marker, which tells it in grey; any other looks like undecided.
VERDICTS = {
    "holds": ("#00694b", {"marker": "o", "markersize": 6}),
    "does not hold": ("#a63d00", {"marker": "X", "markersize": 8, "markeredgecolor": "white"}),
    "undecided": ("#595959", {"marker": "o", "markersize": 6, "markerfacecolor": "white"}),
}
_LOOK = Look(width=60, font_size=9)
_HEIGHT = 0.32  # inches, at the usual size of text
_ROOM = 0.08  # of what is seen, on either side


def plot_claim(
    estimate: float, low: float, high: float, expected: tuple[float, float], said: str, verdict: str
) -> plt.Figure:
    """The interval of a claim's number as a bar, over the range that was expected as a band.

    Args:
        estimate: a finite number; `low` and `high` are NaN where it has no interval.
        expected: the bounds of the range; a side that is open is infinite.
        said: the range in words, which stand below it.
    """
    color, marker = VERDICTS.get(verdict, VERDICTS["undecided"])
    seen = [number for number in (estimate, low, high, *expected) if math.isfinite(number)]
    room = _ROOM * (max(seen) - min(seen)) or 1.0
    limits = min(seen) - room, max(seen) + room
    band, bar = np.clip(expected, *limits), np.clip((low, high), *limits)
    with plt.rc_context(_LOOK.style):
        figure, axes = plt.subplots(figsize=_LOOK.size(_HEIGHT))
        axes.axvspan(*band, color="0.87", linewidth=0)
        for bound in filter(math.isfinite, expected):
            axes.axvline(bound, color="0.35", linewidth=0.8)
        axes.plot(bar, [0, 0], color=color, linewidth=2.4, solid_capstyle="butt")
        axes.plot(estimate, 0, color=color, **marker)
        axes.set(xlim=limits, ylim=(-1, 1), yticks=[], xticks=[])
        axes.spines["left"].set_visible(False)
        place = (band.mean() - limits[0]) / (limits[1] - limits[0])
        side = "left" if place < 1 / 3 else "right" if place > 2 / 3 else "center"
        edge = {"left": band[0], "right": band[1], "center": band.mean()}[side]
        axes.annotate(said, (edge, -1), (0, -2), textcoords="offset points", ha=side, va="top", color="0.35")
    return figure


def in_svg(figure: plt.Figure) -> bytes:
    """A figure as SVG, transparent and without a date; closed, as a page has many of them."""
    written = io.BytesIO()
    with plt.rc_context(_LOOK.style):
        figure.savefig(written, format="svg", metadata={"Date": None}, transparent=True)
    plt.close(figure)
    return written.getvalue()
