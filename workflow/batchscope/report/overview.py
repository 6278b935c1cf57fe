"""The figures of a whole study: its measures by batch size, and its ensembles by their number of members."""

import math
from collections.abc import Collection
from itertools import cycle
from typing import NamedTuple

import numpy as np
import pandas as pd

from batchscope.evidence.crossed import estimate_mean
from batchscope.evidence.pairs import CENSORED
from batchscope.evidence.rates import best_of_each_size
from batchscope.evidence.statistics import median_time
from batchscope.report.differences import draw_differences
from batchscope.report.look import USUAL, Look
from batchscope.report.rate_groups import groups_of_rates, rows_of_settings
from batchscope.report.style import (
    GUESS,
    MARGIN,
    MARKERS,
    OKABE_ITO,
    PANEL,
    VERDICT_MARKERS,
    batch_size_axis,
    constant_sizes,
    draw_guess,
    guess_in,
    legend_below,
    panel_grid,
    plt,
)
from batchscope.report.words import GUESSING, MEASURES
from batchscope.study.setting import SETTING, Setting, settings_in

_WIDEST_OF_TWO_COLUMNS = 28  # characters
_LOGARITHMIC = (*CENSORED, "seconds_per_epoch")


class Line(NamedTuple):
    """What is drawn in one colour: settings of a study, one of each batch size, see `batchscope.report.rate_groups`."""

    study: str
    rate: str
    tables: list[pd.DataFrame]


def make_lines(studies: dict[str, list[pd.DataFrame]], chosen_on: str = "", scaled: Collection[str] = ()) -> list[Line]:
    """A line for each study and learning rate.

    Args:
        studies: title -> tables with a row per setting and replicate, which have the measures as columns, and perhaps
            the summary, which comes last.
        chosen_on: the measure that the best of many learning rates is chosen by, a mean of the summary.
        scaled: the titles of the studies whose learning rates go with the batch size.
    """
    lines = []
    for title, tables in studies.items():
        has_best = f"{chosen_on}_mean" in tables[-1]
        best = best_of_each_size(tables[-1], chosen_on) if has_best else []
        for rate, settings in groups_of_rates(tables[0], best, title in scaled).items():
            lines.append(Line(title, rate, [rows_of_settings(settings, table) for table in tables]))
    return lines


def plot_measures(
    studies: dict[str, list[pd.DataFrame]],
    measures: list[str],
    title: str,
    seed: int,
    score: str = "",
    part: str = "test",
    scaled: Collection[str] = (),
    comparisons: pd.DataFrame | None = None,
    look: Look = USUAL,
) -> plt.Figure:
    """A panel per measure by batch size (log2): means with 95 % intervals, or medians where times are censored.

    Seconds, which are those of one machine at one time, are medians without an interval. Thick bars are over trainings
    alone; thin ones, of what is a mean over rows, for new rows too. Every replicate is a dot. A triangle at the top
    stands for a time that was not reached, a cross at the bottom for replicates that diverged. A dashed line is what
    guessing has of the `score` that a single study is judged by. Of measures that no study has, but for the first one,
    there is no panel; a study without a measure has no line in its panel. Of many learning rates the best one of each
    batch size is drawn, by the mean score on a `part` of the rows; the rates of the studies `scaled`, by their titles,
    go with the batch size.

    Where there are the `comparisons` of a single study, as from `batchscope.evidence.comparisons.compare`, a panel of
    differences stands below each measure that they have, see `batchscope.report.differences`; but for times, whose axis
    is logarithmic, so that nothing squeezes the others.
    """
    guessed, verdicts = False, set()
    lines = make_lines(studies, f"{part}_{score}", scaled)
    first, *others = measures
    measures = [first, *(measure for measure in others if _is_measured(measure, lines))]
    places = _places(lines)
    compared = {} if comparisons is None else _compared(comparisons, [*places])
    drawn = [(measure, kind) for measure in measures for kind in ("values", "differences")[: 1 + (measure in compared)]]
    columns = min(len(drawn), look.columns(PANEL))
    rows = math.ceil(len(drawn) / columns)
    size = look.size(0.6 + 1.55 * rows + 0.13 * len(lines))
    with plt.rc_context(look.style):
        figure, panels, lowest = panel_grid(len(drawn), rows, columns, size)
        for axes, (measure, kind) in zip(panels, drawn):
            if kind == "differences":
                verdicts |= draw_differences(axes, compared[measure], places, look)
                continue
            for index, line in enumerate(lines):
                shift = _shift(index, lines)
                for table in [table for table in line.tables if measure in table][:1]:
                    _draw_line(axes, table, measure, index, shift, seed)
                _draw_bounds_for_new_rows(axes, line, measure, index, shift)
            if measure == f"test_{score}" and len(studies) == 1:
                guessed = draw_guess(axes, guess_in(*lines[0].tables))
            if measure in _LOGARITHMIC:
                axes.set_yscale("log")
            axes.set_ylabel(MEASURES[measure])
        for axes in lowest:
            batch_size_axis(axes, constant_sizes(pd.concat([line.tables[0] for line in lines])))
        figure.suptitle(look.title(title))
        _add_legend(look, figure, lines, guessed, verdicts)
    return figure


def _shift(index: int, lines: list[Line]) -> float:
    """How many times its batch sizes a line stands at, so that intervals are beside each other."""
    return 2 ** (0.12 * (index - (len(lines) - 1) / 2))


def _places(lines: list[Line]) -> dict[Setting, tuple[float, int]]:
    """Each setting that is drawn -> where on the axis of batch sizes, and in which colour."""
    return {
        setting: (setting.batch_size * _shift(index, lines), index)
        for index, line in enumerate(lines)
        for setting in settings_in(line.tables[0])
    }


def _compared(comparisons: pd.DataFrame, drawn: list[Setting]) -> dict[str, pd.DataFrame]:
    """Measure -> the comparisons of the settings that are drawn, but of times, whose axis is logarithmic."""
    of_drawn = rows_of_settings(drawn, comparisons).groupby("measure")
    return {measure: rows for measure, rows in of_drawn if measure not in CENSORED}


def _is_measured(measure: str, lines: list[Line]) -> bool:
    return any(table[measure].notna().any() for line in lines for table in line.tables if measure in table)


def _draw_line(axes: plt.Axes, table: pd.DataFrame, measure: str, index: int, shift: float, seed: int) -> None:
    color, marker = OKABE_ITO[index % len(OKABE_ITO)], MARKERS[index % len(MARKERS)]
    points = []
    for (batch_size, _, schedule), group in table.groupby(SETTING):
        if "diverged" in group and group["diverged"].any():
            axes.plot(batch_size * shift, 0.05, "x", color=color, ms=4, transform=axes.get_xaxis_transform())
        values = group[measure].dropna().to_numpy(float)
        if len(values) == 0:
            continue
        if "seconds" in measure:
            center = low = high = median_time(values)[0]
        elif measure in CENSORED:
            center, low, high = median_time(values)
        else:
            center, low, high = estimate_mean(values, seed)[:3]
        points.append((batch_size * shift, center, low, high, "_" in schedule))
        spread = 2 ** np.linspace(-0.05, 0.05, len(values))
        axes.plot(batch_size * shift * spread, values, ".", color=color, markersize=2, alpha=0.4, mew=0)
    for changing, symbol, style in ((False, marker, "-"), (True, "*", "none")):
        if part := [point for point in points if point[-1] == changing]:
            x, center, low, high, _ = (np.array(column) for column in zip(*part))
            axes.plot(x, center, marker=symbol, linestyle=style, color=color, markersize=3 if symbol != "*" else 6)
            bounds = np.where(np.isfinite([low, high]), [low, high], center)
            seen = np.isfinite(center)
            axes.vlines(x[seen], *(bound[seen] for bound in bounds), color=color, linewidth=1.8)
            top = np.full(np.sum(~seen), 0.96)
            axes.plot(x[~seen], top, "^", color=color, mfc="none", ms=4, transform=axes.get_xaxis_transform())


def _draw_bounds_for_new_rows(axes: plt.Axes, line: Line, measure: str, index: int, shift: float) -> None:
    """The wider intervals that a summary has of some measures: they are for new rows, too."""
    bounds = [f"{measure}_{bound}_on_this_split" for bound in ("low", "high")]
    for table in line.tables:
        if bounds[0] in table:
            known = table.dropna(subset=bounds)
            color = OKABE_ITO[index % len(OKABE_ITO)]
            axes.vlines(known["batch_size"] * shift, known[bounds[0]], known[bounds[1]], color=color, linewidth=0.5)


def _add_legend(look: Look, figure: plt.Figure, lines: list[Line], guessed: bool, verdicts: Collection[str]) -> None:
    handles = [
        plt.Line2D([], [], color=color, marker=marker, markersize=3)
        for _, color, marker in zip(lines, cycle(OKABE_ITO), cycle(MARKERS))
    ]
    names = _names(lines)
    if any(table["schedule"].str.contains("_").any() for line in lines for table in line.tables):
        handles.append(plt.Line2D([], [], color="0.4", marker="*", linestyle="none"))
        names.append("growing or shrinking, at its rows per update")
    if guessed:
        handles.append(plt.Line2D([], [], **GUESS))
        names.append(GUESSING)
    if verdicts:
        told = {verdict: marker for verdict, marker in VERDICT_MARKERS.items() if verdict in verdicts}
        handles += [
            plt.Rectangle((0, 0), 1, 1, **MARGIN),
            *(plt.Line2D([], [], color="0.4", **told[each]) for each in told),
        ]
        names += ["within the margin", *told]
    longest = max(map(len, names))
    legend_below(look, figure, handles, names, columns=2 if longest < _WIDEST_OF_TWO_COLUMNS else 1)


def _names(lines: list[Line]) -> list[str]:
    """Of each line what tells it from the others: its study, its learning rate, or both."""
    several_studies = len({line.study for line in lines}) > 1
    several_rates = len({line.rate for line in lines}) > 1
    return [
        ", ".join([line.study] * several_studies + [line.rate] * (several_rates or not several_studies))
        for line in lines
    ]


def plot_ensembles(ensembles: pd.DataFrame, title: str, seed: int, look: Look = USUAL) -> plt.Figure:
    """Test accuracy by number of members: mean over the ensembles with its 95 % interval."""
    kinds = {
        "mean_prediction": "mean prediction of all",
        "best_on_validation": "best on the validation rows",
        "one": "one of them, on average",
    }
    with plt.rc_context(look.style):
        figure, axes = plt.subplots(figsize=look.size(2.6))
        for (column, label), color, style in zip(kinds.items(), OKABE_ITO, ("-", "--", ":")):
            estimates = [estimate_mean(group.to_numpy(), seed) for _, group in ensembles.groupby("members")[column]]
            members = np.sort(ensembles["members"].unique())
            axes.plot(members, [each.estimate for each in estimates], color=color, linestyle=style, label=label)
            bounds = [each.low for each in estimates], [each.high for each in estimates]
            axes.fill_between(members, *bounds, color=color, alpha=0.2, linewidth=0)
        axes.set(title=look.title_of_one(title), xlabel="replicates in an ensemble", ylabel="test accuracy")
        legend_below(look, figure, *axes.get_legend_handles_labels())
    return figure
