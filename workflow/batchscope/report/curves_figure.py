"""The figure of learning curves of several settings, be they of one study or of several, by epoch and by update."""

from itertools import cycle

import numpy as np
import pandas as pd
from scipy import stats

from batchscope.report.look import USUAL, Look
from batchscope.report.style import OKABE_ITO, legend_below, loss_axis, number_losses, plt
from batchscope.report.words import in_words
from batchscope.study.setting import SETTING, Setting

_COUNTED_IN = {"epoch": "epoch", "updates": "update"}
_LINES = ("-", "--", ":", "-.")
_LEVEL = 0.95


def plot_curves(studies: dict[str, pd.DataFrame], measures: list[str], title: str, look: Look = USUAL) -> plt.Figure:
    """A row of panels per measure, by epoch on the left and by update on the right.

    Args:
        studies: title -> its history, see `batchscope.results.history`.
        measures: columns of the histories.

    A line is the mean over replicates of a setting, its band that mean's 95 % interval over trainings (Student's t).
    It ends where the first replicate diverges or ends. Losses are on a log scale where all of these means are above 0.
    """
    lines = _lines(studies)
    size = look.size(0.5 + 1.4 * len(measures) + 0.13 * len(lines))
    with plt.rc_context(look.style):
        figure, grid = plt.subplots(
            len(measures), len(_COUNTED_IN), figsize=size, sharex="col", sharey="row", squeeze=False
        )
        for panels, measure in zip(grid, measures):
            panels[0].set_ylabel(in_words(measure))
            for axes, counted_in in zip(panels, _COUNTED_IN):
                for history, color, style in zip(lines.values(), cycle(OKABE_ITO), cycle(_LINES)):
                    _draw(axes, history, measure, counted_in, color, style)
            means = np.concatenate([line.get_ydata() for line in panels[0].lines])
            if measure.endswith("loss") and (means > 0).any() and not (means <= 0).any():
                loss_axis(panels[0])
                number_losses(panels[0])
        for axes, word in zip(grid[-1], _COUNTED_IN.values()):
            axes.set_xlabel(word)
        figure.suptitle(look.title(title))
        legend_below(look, figure, grid[0, 0].lines, [*lines], columns=1)
    return figure


def _lines(studies: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """What a line is called, by what tells it from the others -> the history of its setting."""
    lines = {}
    for title, history in studies.items():
        settings = {Setting(*setting): rows for setting, rows in history.groupby(SETTING, sort=False)}
        several_rates = len({setting.learning_rate for setting in settings}) > 1
        for setting, rows in settings.items():
            words = [title] * (len(studies) > 1 or len(settings) == 1)
            words += [f"batch size {setting.batch_sizes}"] * (len(settings) > 1)
            words += [f"learning rate {setting.learning_rate:g}"] * several_rates
            lines[", ".join(words)] = rows
    return lines


def _draw(axes: plt.Axes, history: pd.DataFrame, measure: str, counted_in: str, color: str, style: str) -> None:
    # Measurements may be closer together than updates: the last after an update counts.
    history = history.drop_duplicates(["replicate", counted_in], keep="last")
    curves = history.pivot(index=counted_in, columns="replicate", values=measure)
    values = curves.to_numpy()
    mean, replicates = values.mean(axis=1), values.shape[1]
    axes.plot(curves.index, mean, style, color=color)
    if replicates > 1:
        half = stats.t.ppf((1 + _LEVEL) / 2, replicates - 1) * stats.sem(values, axis=1)
        axes.fill_between(curves.index, mean - half, mean + half, color=color, alpha=0.25, linewidth=0)
