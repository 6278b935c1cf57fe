"""The figure of the gradient noise scale along a training (McCandlish et al. 2018)."""

import numpy as np
import pandas as pd
from matplotlib.ticker import StrMethodFormatter

from batchscope.evidence.noise_scale import MOMENT
from batchscope.report.look import USUAL, Look
from batchscope.report.style import MARKERS, OKABE_ITO, legend_below, panel_grid, plt
from batchscope.report.words import bounds, number
from batchscope.results.gradients import ALL_LAYERS
from batchscope.study.scores import CRITICAL_BATCH_SIZE
from batchscope.study.setting import setting_in_words, settings_in

_WHOLE = {"marker": "o", "color": "black", "ms": 3.5}
_LARGEST = 120  # points of size for all markers of a line together, as many hide each other
_BOUND = {"marker": "^", "mfc": "white", "ms": 4.5, "mew": 0.8, "linestyle": "none"}
_CRITICAL = OKABE_ITO[3]
_COLORS = (*OKABE_ITO[:6], OKABE_ITO[7])  # of layers; yellow is too pale for a thin line
_LETTERS = 60  # in a line of layers
_FAR = 8  # times the largest or smallest point, where an interval leaves the axes
_ROOM = 1.3  # times what is drawn, at the top and at the bottom


def plot_noise_scale(
    noise: pd.DataFrame, scaling: pd.DataFrame | None = None, *, title: str, look: Look = USUAL
) -> plt.Figure:
    """The noise scale (log2) by epoch, of all layers together with 95 % intervals, and below of each layer.

    A hollow triangle is a lower bound, where the gradient is not distinguishable from 0. A band is the critical batch
    size of the same study, where that is known. A model of one layer has no second panel.

    Args:
        noise: as from `batchscope.evidence.noise_scale.read_tables`.
        scaling: as from `batchscope.evidence.scaling.read_quantities`, of a study that counts steps to a result.
    """
    moments = noise[noise["over"] == MOMENT]
    whole = moments[moments["layer"] == ALL_LAYERS]
    layers = moments.loc[moments["layer"] != ALL_LAYERS, "layer"].unique()
    count = 2 if len(layers) > 1 else 1
    with plt.rc_context(look.style):
        size = look.size(0.9 + 1.7 * count)
        figure, [first, *second], [lowest] = panel_grid(count, count, 1, size, sharey=True)
        _draw_whole(first, whole)
        _set_height(first, moments)
        if scaling is not None:
            _draw_critical(first, scaling.set_index("quantity").loc[CRITICAL_BATCH_SIZE])
        for axes in second:
            _draw_layers(axes, moments, layers)
        for axes in (first, *second):
            axes.yaxis.set_major_formatter(StrMethodFormatter("{x:.10g}"))
            axes.set_ylabel("gradient noise scale")
        [setting, *_] = settings_in(noise)
        lowest.set_xlabel(look.fill(f"epoch of training at {setting_in_words(setting)}", size[0]))
        figure.suptitle(look.title(title))
        legend_below(look, figure, *first.get_legend_handles_labels(), columns=1)
    return figure


def _draw_whole(axes: plt.Axes, whole: pd.DataFrame) -> None:
    """All layers together, with intervals; where nothing is known, why."""
    known = whole[whole["noise_scale"].notna()]
    axes.vlines(known["epoch"], known["low"], known["high"], color="black", linewidth=1)
    size = min(_WHOLE["ms"], _LARGEST / len(whole))
    axes.plot(
        whole["epoch"],
        whole["noise_scale"],
        **_WHOLE | {"ms": size},
        linewidth=0.7,
        label="all layers together, 95 % interval",
    )
    at_least = _at_least(whole)
    if len(at_least):
        label = "at least: the gradient is not distinguishable from 0"
        axes.plot(at_least["epoch"], at_least["low"], **_BOUND, color="black", label=label)
    if whole["low"].isna().all():
        axes.text(0.5, 0.5, whole["refused"].iloc[0], transform=axes.transAxes, ha="center", va="center")


def _at_least(moments: pd.DataFrame) -> pd.DataFrame:
    return moments[moments["noise_scale"].isna() & moments["low"].notna()]


def _draw_critical(axes: plt.Axes, critical: pd.Series) -> None:
    if critical["refused"]:
        return
    estimate, low, high = critical[["estimate", "low", "high"]]
    said = f"critical batch size {number(estimate)} {bounds(low, high)}"
    bottom, top = axes.get_ylim()
    axes.set_ylim(min(bottom, estimate / _ROOM), max(top, estimate * _ROOM))
    axes.axhspan(low, high, color=_CRITICAL, alpha=0.2, linewidth=0)
    axes.axhline(estimate, color=_CRITICAL, linewidth=1, linestyle=(0, (6, 1.5, 1, 1.5)), label=said)


def _draw_layers(axes: plt.Axes, moments: pd.DataFrame, layers: np.ndarray) -> None:
    """Each layer a thin line, named above the panel, as there may be many."""
    for index, layer in enumerate(layers):
        here = moments[moments["layer"] == layer]
        color = _COLORS[index % len(_COLORS)]
        marker = MARKERS[index % len(MARKERS)]
        size = min(2.5, _LARGEST / len(here))
        axes.plot(here["epoch"], here["noise_scale"], color=color, marker=marker, ms=size, linewidth=0.7, label=layer)
        at_least = _at_least(here)
        axes.plot(at_least["epoch"], at_least["low"], **_BOUND | {"ms": 3.5}, color=color)
    columns = max(1, min(4, _LETTERS // (6 + max(map(len, layers)))))
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=columns, borderaxespad=0.2, handlelength=1.4)


def _set_height(axes: plt.Axes, moments: pd.DataFrame) -> None:
    """Room for all points, and for the ends of intervals that are not far from them."""
    axes.set_yscale("log", base=2)
    points = moments["noise_scale"].fillna(moments["low"])
    if points.isna().all():
        return
    whole = moments[(moments["layer"] == ALL_LAYERS) & moments["noise_scale"].notna()]
    lowest = min(points.min(), whole["low"].clip(lower=points.min() / _FAR).min())
    highest = max(points.max(), whole["high"].clip(upper=points.max() * _FAR).max())
    axes.set_ylim(lowest / _ROOM, highest * _ROOM)
