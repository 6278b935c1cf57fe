"""The figures of single trainings: the dataset, learning curves, and a panel per batch size. Knows no Keras."""

import math
from itertools import chain, cycle

import numpy as np
import pandas as pd
from matplotlib.cbook import boxplot_stats
from matplotlib.colors import to_rgba

from batchscope.data.dataset import Dataset
from batchscope.evidence.rates import best_of_each_size
from batchscope.report.look import COLUMN_WIDTH, OF_A_PANEL, USUAL, Look
from batchscope.report.rate_groups import rows_of_settings
from batchscope.report.style import (
    MARKERS,
    OKABE_ITO,
    draw_guess,
    guess_in,
    legend_below,
    loss_axis,
    number_losses,
    panel_grid,
    plt,
)
from batchscope.report.words import in_words
from batchscope.study.setting import Setting, rows_of

PARTS = {"train": {"color": OKABE_ITO[0], "linestyle": "--"}, "test": {"color": OKABE_ITO[3], "linestyle": "-"}}
_FAR_OUT = 3  # times the interquartile range
_ROOM = 0.05  # of what the axis holds, at the top and at the bottom
_MOST_CLASSES_IN_LEGEND = 10
_LONGEST_NAME_OF_FIVE = 10  # letters of a name of which five fit beside each other
_FILLED = {"train": 1, "validation": 0.3, "test": 0}  # how opaque the markers of each part are inside
_LONGEST_NAME = 30
_MOST_ROWS_AS_VECTORS = 10_000
_MOST_ROWS_OF_PANELS = 8
_MOST_RATES = 4  # that have panels of their own
_PANEL, _NARROWEST_PANEL = 1.6, 0.9  # inches


def plot_dataset(dataset: Dataset, title: str, look: Look = USUAL) -> plt.Figure:
    """A scatter plot of training (filled), validation (pale) and test rows (hollow), by class or by the number learned.

    Of more than two features the first two principal components are shown.
    """
    x, y = (np.concatenate(arrays) for arrays in zip(*dataset.parts))
    x = x.reshape(len(y), -1)
    counts = dict(zip(("train", "test", "validation"), (len(targets) for _, targets in dataset.parts)))
    part = np.repeat(list(counts), list(counts.values()))
    points, labels = _two_dimensions(x, dataset.features)
    handles, names = [], []
    with plt.rc_context(look.style):
        figure, axes = plt.subplots(figsize=look.size(2.8))
        if y.dtype.kind == "f":
            scale = plt.cm.ScalarMappable(plt.Normalize(y.min(), y.max()), "cividis")
            _draw_rows(axes, points, part, scale.to_rgba(y), "o")
            figure.colorbar(scale, ax=axes, label="target, standardised")
        else:
            for label, color, marker in zip(range(dataset.classes), cycle(OKABE_ITO), cycle(MARKERS)):
                rows = y == label
                _draw_rows(axes, points[:, rows], part[rows], np.tile(to_rgba(color), (rows.sum(), 1)), marker)
                if dataset.classes <= _MOST_CLASSES_IN_LEGEND:
                    handles.append(axes.scatter([], [], 9, marker=marker, color=color))
                    names.append(f"class {label}" if dataset.labels is None else _short_name(dataset.labels[label]))
        for drawn in axes.collections:
            drawn.set_rasterized(len(y) > _MOST_ROWS_AS_VECTORS)
        for name, alpha in _FILLED.items():
            if name in counts:
                handles.append(axes.scatter([], [], 9, facecolor=("0.4", alpha), edgecolor="0.4", linewidth=0.5))
                names.append(f"{counts[name]} {name}")
        columns = 5 if max(map(len, names)) <= _LONGEST_NAME_OF_FIVE else 2
        axes.set(title=look.title_of_one(title), xlabel=labels[0], ylabel=labels[1])
        legend_below(look, figure, handles, names, columns, handletextpad=0, columnspacing=1)
    return figure


def _draw_rows(axes: plt.Axes, points: np.ndarray, part: np.ndarray, colors: np.ndarray, marker: str) -> None:
    """Points (2, rows) in their colours (rows, 4), filled as their part says."""
    for name, alpha in _FILLED.items():
        here = part == name
        if here.any():
            faces = colors[here] * (1, 1, 1, alpha) if alpha else "none"
            axes.scatter(*points[:, here], 9, marker=marker, facecolor=faces, edgecolor=colors[here], linewidth=0.5)


def _short_name(name: str) -> str:
    """A name as the legend shows it: one short line, not taken for a formula."""
    name = " ".join(name.split())
    return (name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}...").replace("$", r"\$")


def plot_learning_curve(
    history: pd.DataFrame,
    summary: pd.DataFrame,
    title: str,
    setting: Setting,
    score: str,
    counted_in: str = "epoch",
    look: Look = USUAL,
) -> plt.Figure:
    """The learning curve of one setting; `score` is one of `batchscope.study.scores.SCORES`.

    Time is counted in a column of the history, `epoch` or `updates`.
    """
    with plt.rc_context(look.style):
        figure, axes = plt.subplots(figsize=look.size(2.4))
        history, summary = (rows_of(setting, table) for table in (history, summary))
        curves = _curves(history, score, counted_in)
        _draw_curves(axes, curves, score)
        _set_height(axes, [curves])
        draw_guess(axes, guess_in(summary))
        _write_final_score(axes, summary, score, look.letters(OF_A_PANEL * look.inches()))
        axes.set(title=look.title_of_one(title), xlabel=counted_in, ylabel=in_words(score))
        _add_legend(look, figure, axes, history, [curves])
    return figure


def plot_batch_sizes(
    history: pd.DataFrame,
    summary: pd.DataFrame,
    title: str,
    settings: list[Setting],
    learning_rates: int,
    score: str,
    counted_in: str = "epoch",
    part: str = "test",
    look: Look = USUAL,
) -> plt.Figure:
    """A panel per batch size, all on the same axes; with several learning rates a column for each, if there is room.

    The settings come batch size by batch size, each with all its learning rates. Of more than four only the best one of
    each batch size has a panel, by the mean score on a part of the rows.
    """
    several = learning_rates > 1
    if learning_rates > _MOST_RATES:
        best = best_of_each_size(rows_of_settings(settings, summary), f"{part}_{score}")
        settings, learning_rates = [setting for setting in settings if setting in best], 1
    columns = _columns_of_panels(len(settings), learning_rates, look)
    rows = math.ceil(len(settings) / columns)
    size = look.size(0.6 + 1.25 * rows, COLUMN_WIDTH * max(1, columns / 2))
    room = size[0] / columns
    with plt.rc_context(look.style):
        figure, panels, lowest = panel_grid(len(settings), rows, columns, size, sharey=True)
        curves = [_curves(rows_of(setting, history), score, counted_in) for setting in settings]
        for axes, setting, of_setting in zip(panels, settings, curves):
            _draw_curves(axes, of_setting, score)
            rate = f"\nlearning rate {setting.learning_rate:g}" if several else ""
            axes.set_title(look.fill(f"batch size {setting.batch_sizes}{rate}", OF_A_PANEL * room))
        trained = [each for each, setting in zip(curves, settings) if not _mostly_diverged(rows_of(setting, summary))]
        _set_height(panels[0], trained or curves)
        for axes in panels:
            draw_guess(axes, guess_in(summary))
        for axes, setting in zip(panels, settings):
            _write_final_score(axes, rows_of(setting, summary), score, look.letters(OF_A_PANEL * room))
        for axes in lowest:
            axes.set_xlabel(counted_in)
        for axes in panels[::columns]:
            axes.set_ylabel(in_words(score))
        figure.suptitle(look.title(title))
        _add_legend(look, figure, panels[0], history, curves)
    return figure


def _columns_of_panels(panels: int, learning_rates: int, look: Look) -> int:
    """How many panels stand beside each other: more of many, but no more than a given width has room for."""
    most = panels if look.width == "auto" else look.columns(_NARROWEST_PANEL)
    if learning_rates == 1:
        return min(panels, most, max(2, look.columns(_PANEL), math.ceil(panels / _MOST_ROWS_OF_PANELS)))
    rows_of_a_batch_size = math.ceil(learning_rates / most)
    return math.ceil(learning_rates / rows_of_a_batch_size)


def _two_dimensions(x: np.ndarray, names: np.ndarray | None) -> tuple[np.ndarray, tuple[str, str]]:
    if x.shape[1] <= 2:
        first, second = ("feature 1", "feature 2") if names is None else [*names, ""][:2]
        return np.pad(x, ((0, 0), (0, 2 - x.shape[1]))).T, (first, second)
    from sklearn.decomposition import PCA

    points = PCA(2, random_state=0).fit_transform(x.astype(np.float64)).T
    return points, ("first principal component", "second principal component")


def _curves(history: pd.DataFrame, score: str, counted_in: str) -> dict[str, pd.DataFrame]:
    """Part of the rows -> the scores of one setting, a column for each replicate.

    Of training rows there is loss and accuracy at most.
    """
    return {
        part: history.pivot(index=counted_in, columns="replicate", values=f"{part}_{score}")
        for part in PARTS
        if f"{part}_{score}" in history and history[f"{part}_{score}"].notna().any()
    }


def _draw_curves(axes: plt.Axes, curves: dict[str, pd.DataFrame], score: str) -> None:
    """The median, the middle 80 % and replicate 0 of one setting, for training and test rows; losses on a log scale."""
    if score == "loss":
        loss_axis(axes)
    for part, scores in curves.items():
        style = PARTS[part]
        low, median, high = (scores.quantile(share, axis=1) for share in (0.1, 0.5, 0.9))
        axes.fill_between(scores.index, low, high, color=style["color"], alpha=0.2, linewidth=0)
        axes.plot(scores.index, median, label=f"{part}, median", **style)
        axes.plot(scores.index, scores.iloc[:, 0], color=style["color"], linewidth=0.35, alpha=0.6, zorder=1.5)


def _mostly_diverged(summary: pd.DataFrame) -> bool:
    """Whether more than half of a setting's replicates diverged, and before that perhaps left all others far behind."""
    [[diverged, replicates]] = summary[["diverged", "replicates"]].to_numpy()
    return diverged > replicates / 2


def _set_height(axes: plt.Axes, settings: list[dict[str, pd.DataFrame]]) -> None:
    """Limits for what most replicates do, so that one that is far off flattens the others in no panel.

    All medians are inside, and of each setting all scores, of any replicate at any time, that are not far out: no
    further from their quartiles than 3 times the range between these (Tukey 1977; of losses, of their logarithms).
    """
    logarithmic = axes.get_yscale() == "log"
    inside = []
    for scores in chain.from_iterable(curves.values() for curves in settings):
        scores = np.log(scores.where(scores > 0)) if logarithmic else scores
        scores = scores.where(np.isfinite(scores))
        medians = scores.median(axis=1)
        [box] = boxplot_stats(scores.stack().dropna(), whis=_FAR_OUT)
        inside += [medians.min(), medians.max(), box["whislo"], box["whishi"]]
    if np.isfinite(inside).any():  # not where every training diverged at once
        low, high = np.nanmin(inside), np.nanmax(inside)
        room = _ROOM * (high - low) or _ROOM
        axes.set_ylim(*(np.exp if logarithmic else np.asarray)([low - room, high + room]))
        if logarithmic:
            number_losses(axes)


def _beyond(axes: plt.Axes, settings: list[dict[str, pd.DataFrame]]) -> tuple[int, int]:
    """How many trainings have a score beyond the axis at any time, and how many there are; infinite ones diverged."""
    low, high = axes.get_ylim()
    scores = [pd.concat(curves.values()).replace(math.inf, math.nan) for curves in settings if curves]
    beyond = [int(((each < low) | (each > high)).any().sum()) for each in scores]
    return sum(beyond), sum(each.shape[1] for each in scores)


def _write_final_score(axes: plt.Axes, summary: pd.DataFrame, score: str, letters: int) -> None:
    """Write the final test score of a setting where the curves leave room, once the axes have their limits.

    A line has room for so many letters.
    """
    row = summary.iloc[0]
    _, ends = axes.transAxes.inverted().transform(axes.transData.transform((0, row[f"test_{score}_mean"])))
    ends_high = ends > 0.5
    y, side = (0.04, "bottom") if ends_high else (0.96, "top")
    box = {"facecolor": "white", "alpha": 0.7, "edgecolor": "none", "pad": 1}
    text = _final_score(row, score, letters)
    axes.text(0.99, y, text, transform=axes.transAxes, ha="right", va=side, linespacing=1.4, bbox=box)


def _final_score(summary: pd.Series, score: str, letters: int) -> str:
    lines = []
    if summary["diverged"]:
        lines.append(f"{summary['diverged']:.0f} of {summary['replicates']:.0f} diverged")
    if summary["diverged"] < summary["replicates"]:
        mean, low, high = (
            summary[f"test_{score}_{name}"] for name in ("mean", "low_on_this_split", "high_on_this_split")
        )
        words = [f"test {mean:.3f}", *([f"[{low:.3f}, {high:.3f}]"] if math.isfinite(low) else [])]
        lines += [" ".join(words)] if len(" ".join(words)) <= letters else words
    return "\n".join(lines)


def _add_legend(look: Look, figure: plt.Figure, axes: plt.Axes, history: pd.DataFrame, settings: list[dict]) -> None:
    replicates = history["replicate"].nunique()
    handles, names = axes.get_legend_handles_labels()
    handles += [plt.Rectangle((0, 0), 1, 1, color="0.75"), plt.Line2D([], [], color="0.4", linewidth=0.4)]
    names += [f"middle 80 % of {replicates}" + (" replicates" if replicates != 1 else " replicate"), "replicate 0"]
    beyond, trainings = _beyond(axes, settings)
    if beyond:
        handles.append(plt.Line2D([], [], linestyle="none"))
        names.append(f"beyond the axis: {beyond} of {trainings}")
    legend_below(look, figure, handles, names)
