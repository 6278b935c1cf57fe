"""The panel of differences from a study's reference, on a scale of its own, which what is far off does not stretch."""

import numpy as np
import pandas as pd

from batchscope.evidence.budgets import REFERENCE
from batchscope.report.look import Look
from batchscope.report.style import MARGIN, OKABE_ITO, VERDICT_MARKERS, plt
from batchscope.report.words import MEASURES
from batchscope.study.setting import SETTING, Setting, settings_in

_FAR = 5  # times the median difference, and times the margin: what is off the scale
_ROOM = 0.12  # of what is drawn, at the top and at the bottom
_ARROW = 0.28  # of the height of the axes
_BESIDE = 3  # points
_HEIGHT = 1.45  # inches, which the name of the vertical axis has room for


def draw_differences(
    axes: plt.Axes, compared: pd.DataFrame, places: dict[Setting, tuple[float, int]], look: Look
) -> set[str]:
    """Differences with 95 % intervals, the margin as a band, verdicts as markers; returns the names of these.

    A thick bar is over trainings alone; a thin one is for new rows too, and so is the verdict. A difference of more
    than five margins and five times the median one of those drawn is off the scale: an arrow with its number. A cross
    at the bottom stands for replicates that diverged.

    Args:
        compared: the rows of one measure and of the settings drawn, as from `batchscope.evidence.comparisons.compare`.
        places: the settings drawn -> where each stands on the axis of batch sizes, and the index of its colour.
    """
    margin, measure = compared[["margin", "measure"]].iloc[0]
    far = _FAR * np.nanmax([margin, compared["difference"].abs().median()])
    axes.axhspan(-margin, margin, **MARGIN)
    axes.axhline(0, color="0.6", linewidth=0.6)
    reference = Setting(*compared[[f"reference_{column}" for column in SETTING]].iloc[0])
    place, index = places.get(reference, (reference.batch_size, -1))
    axes.plot(place, 0, color=OKABE_ITO[index], **VERDICT_MARKERS[REFERENCE])
    is_far = compared["difference"].abs() > far
    ends = compared.loc[~is_far, ["difference", "low_on_this_split", "high_on_this_split"]].clip(-far, far)
    low, high = np.nanmin([-margin, ends.min(axis=None)]), np.nanmax([margin, ends.max(axis=None)])
    axes.set_ylim(low - _ROOM * (high - low), high + _ROOM * (high - low))
    for setting, (_, row) in zip(settings_in(compared), compared.iterrows()):
        _draw_setting(axes, row, *places[setting], abs(row["difference"]) > far)
    beyond = compared[is_far]
    for (batch_size, above), rows in beyond.groupby(["batch_size", beyond["difference"] > 0]):
        there = [place for setting, (place, _) in places.items() if setting.batch_size == batch_size]
        is_last = batch_size == max(setting.batch_size for setting in places)
        _write_numbers(axes, rows["difference"], min(there) if is_last else max(there), is_last, above)
    axes.set_ylabel(look.fill(f"{MEASURES[measure]}\nless that of the reference", look.size(_HEIGHT)[1]))
    return {REFERENCE, *compared.dropna(subset="difference")["verdict_on_this_split"]}


def _draw_setting(axes: plt.Axes, row: pd.Series, place: float, index: int, is_far: bool) -> None:
    """A difference with its intervals; of one that is far off an arrow to the edge that it is beyond."""
    color = OKABE_ITO[index % len(OKABE_ITO)]
    marker = VERDICT_MARKERS[row["verdict_on_this_split"]] | {"color": color}
    of_height = axes.get_xaxis_transform()
    if row["diverged"]:
        axes.plot(place, 0.05, "x", color=color, ms=4, transform=of_height)
    if is_far:
        height, edge = (1 - _ARROW, 1) if row["difference"] > 0 else (_ARROW, 0)
        style = {"arrowstyle": "-|>,head_length=0.3,head_width=0.12", "color": color, "linewidth": 0.7}
        ends = {"shrinkA": 3, "shrinkB": 0}
        axes.annotate("", (place, edge), (place, height), xycoords=of_height, arrowprops=style | ends)
        axes.plot(place, height, transform=of_height, **marker)
    elif np.isfinite(row["difference"]):
        axes.vlines(place, row["low_on_this_split"], row["high_on_this_split"], color=color, linewidth=0.5)
        axes.vlines(place, row["low"], row["high"], color=color, linewidth=1.8)
        axes.plot(place, row["difference"], **marker)


def _write_numbers(axes: plt.Axes, differences: pd.Series, place: float, on_left: bool, above: bool) -> None:
    """How far the arrows of a batch size go, beside all that is drawn of it; of the last one on the left."""
    text = ", ".join(f"{difference:+.3g}" for difference in differences).replace("-", "\N{MINUS SIGN}")
    aligned = {"ha": "right" if on_left else "left", "va": "top" if above else "bottom", "rotation": 90}
    offset = (-_BESIDE if on_left else _BESIDE, -3 if above else 3)
    axes.annotate(text, (place, above), offset, axes.get_xaxis_transform(), "offset points", **aligned)
