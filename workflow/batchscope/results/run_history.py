"""One run's history out of the rows that its program wrote: merged, in our units, up to where it diverged."""

import math
from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd
import pyarrow

from batchscope.errors import suggestion
from batchscope.results.history import MEASURES, metric_columns
from batchscope.results.run_files import as_number
from batchscope.results.runs import column_of
from batchscope.study.scores import METRICS

ALL_MEASURES = (*MEASURES, *metric_columns(METRICS))
_EVALUATED = tuple(measure for measure in ALL_MEASURES if not measure.startswith("train_"))
_SHARES = tuple(measure for measure in ALL_MEASURES if not measure.endswith("_loss"))
_TO_FRACTION = {
    "fraction": lambda values: values,
    "percent": lambda values: values / 100,
    "error": lambda values: 1 - values,
    "percent_error": lambda values: 1 - values / 100,
}
_OF_PERCENT = {"percent": "fraction", "percent_error": "error"}  # and the same as shares of 1
_TIMES = {"epoch": ("epoch", 1e9), "updates": ("whole number of updates", 2**53)}  # what they are, and the most
_ROUNDING = 1e-6  # of a share beyond 0 or 1, and of epochs counted by updates


def columns_in(table: pyarrow.Table, columns: dict, score: str) -> dict[str, str]:
    """Our names, of times and measures, and what the file calls those that it has.

    Where the config names updates and no epoch, a column `epoch` of the file is not taken.

    Raises:
        ValueError: it lacks one that the config names, the score, or what counts the epochs.
    """
    named = {}
    by_updates_alone = "updates" in columns and "epoch" not in columns
    for name in ("epoch",) * (not by_updates_alone) + ("updates", "seconds", *ALL_MEASURES):
        column = column_of(columns, name)
        if column in table.column_names:
            named[name] = column
        elif name in columns:
            raise ValueError(f"it has no column {column!r} for {name}{_known(column, table)}")
    if f"test_{score}" not in named:
        raise ValueError(f"it has no column for test_{score}; name it{_known(f'test_{score}', table)}")
    if "epoch" not in named and "updates" not in named:
        raise ValueError(f"it has no column for epoch or updates; name one{_known('epoch', table)}")
    return named


def unit_of(columns: dict, name: str) -> str:
    spec = columns.get(name)
    return spec.get("unit", "fraction") if isinstance(spec, dict) else "fraction"


def _known(name: str, table: pyarrow.Table) -> str:
    close = suggestion(name, table.column_names)
    columns = f"; its columns are {', '.join(table.column_names[:20])}"
    return columns + (close if "did you mean" in close else "")


def merged(values: pd.DataFrame, named: dict[str, str], columns: dict, score: str) -> tuple[pd.DataFrame, list[str]]:
    """The rows of a run with one for each epoch, or update where there are no epochs, which is the index; and remarks.

    Args:
        values: the cells under our names, NaN where none is written, infinite where one is not finite; the index counts
            the rows of the file.
        named: our names to the file's, as from `columns_in`.

    Of several cells the last one that is written is taken. Shares are fractions.

    Raises:
        ValueError: a time is none, seconds fall, a share is beyond 0 and 1, or an epoch has two values of what is
            evaluated in it.
    """
    by = "epoch" if "epoch" in named else "updates"
    _check_times(values, named, by, score)
    values = values[values[by].notna()].copy()
    for name in (name for name in _SHARES if name in named):
        values[name] = _share(values[name], name, unit_of(columns, name))
    rows = values.groupby(by)
    several = rows.nunique()[[name for name in ALL_MEASURES if name in named]] > 1
    for name in (name for name in _EVALUATED if name in named and several[name].any()):
        time = several[name].idxmax()
        first, second = rows.get_group(time)[name].dropna().unique()[:2]
        problem = (
            f"{by} {time:g} stands twice, with {name} {first:g} and {second:g}, as where a log was written to again"
        )
        remedy = ", or count by `updates` alone" if by == "epoch" else ""
        raise ValueError(f"{problem}; keep the rows of one run{remedy}")
    last = rows.last()
    if "seconds" in named:
        _check_seconds(last["seconds"], by)
    return last, [f"of several {name} in one {by} the last was taken" for name in several if several[name].any()]


def _check_times(values: pd.DataFrame, named: dict[str, str], by: str, score: str) -> None:
    without = values[by].isna() & values[f"test_{score}"].notna()
    if without.any():
        raise ValueError(f"its column {named[by]!r} is empty in row {without.idxmax() + 1}, which has a test_{score}")
    for time, (kind, most) in _TIMES.items():
        if time in named:
            known = values[time].dropna()
            wrong = (known > most) | (known < 0) | ((time == "updates") & (known % 1 > 0))
            if wrong.any():
                row = wrong.idxmax()
                value = "what is not finite" if np.isinf(known[row]) else f"{known[row]:g}"
                raise ValueError(f"its column {named[time]!r} has {value} in row {row + 1}, which is no {kind}")


def _check_seconds(seconds: pd.Series, by: str) -> None:
    """Refuse seconds, in the order of epochs or updates, that are no time since the run began."""
    known = seconds[np.isfinite(seconds)]
    falls = known.diff() < 0
    if falls.any():
        time = falls.idxmax()
        problem = f"its seconds fall to {known[time]:g} in {by} {time:g}, as those of single epochs do"
        raise ValueError(f"{problem}; count them from the run's begin, or leave them out")


def of_no_percent(rows: Iterable[pd.DataFrame], columns: dict) -> Iterator[str]:
    """What is wrong with shares that the config says are in percent, and that are none in any run.

    Args:
        rows: of each run, as from `merged`.
    """
    rows = list(rows)
    for name, unit in ((name, unit_of(columns, name)) for name in _SHARES):
        if unit in _OF_PERCENT and (of_runs := [of_run[name] for of_run in rows if name in of_run]):
            shares = pd.concat(of_runs)
            at_0, at_1 = map(_TO_FRACTION[unit], (0, 1))
            shares = shares[np.isfinite(shares) & (shares != at_0)]
            if len(shares) and shares.between(min(at_0, at_1), max(at_0, at_1)).all():
                right = _OF_PERCENT[unit]
                yield f"{name}: no value is above 1, read as {unit.replace('_', ' ')}; set `unit: {right}`"


def _share(values: pd.Series, name: str, unit: str) -> pd.Series:
    shares = _TO_FRACTION[unit](values).where(~np.isinf(values), math.inf)
    beyond = np.isfinite(shares) & ((shares < -_ROUNDING) | (shares > 1 + _ROUNDING))
    if beyond.any():
        row = beyond.idxmax()
        right = {right: wrong for wrong, right in _OF_PERCENT.items()}.get(unit)
        remedy = f"set `unit: {right}`" if right and 0 <= values[row] <= 100 else "correct it, or its `unit`"
        as_read = "" if unit == "fraction" else f", read as {unit.replace('_', ' ')},"
        raise ValueError(f"its {name} has {values[row]:g} in row {row + 1}{as_read} which is no share of 1; {remedy}")
    return shares


def curve(rows: pd.DataFrame, score: str, updates_per_epoch: int, epochs: int | None) -> tuple[pd.DataFrame, list[str]]:
    """The history of a run: `epoch`, `updates` and the measures, all of them NaN from where it diverged; and remarks.

    Args:
        rows: as from `merged`, with an `epoch` above 0 in each.
        epochs: how many were asked for; None where nobody knows.

    Raises:
        ValueError: it has more or fewer epochs, or a loss or the score is not written up to its end.
    """
    measures = [name for name in ALL_MEASURES if name in rows]
    judged = [name for name in measures if name.endswith("_loss") or name == f"test_{score}"]
    if rows[f"test_{score}"].isna().all():
        raise ValueError(f"its test_{score} is empty in all rows")
    sound = ~np.isinf(rows[judged]).any(axis=1).cummax()
    if sound.all() and (problem := next(_not_to_the_end(rows, judged), None)):
        raise ValueError(problem)
    kept = ~sound | rows[f"test_{score}"].notna()
    remarks = [f"rows without test_{score} were left out"] * (not kept.all())
    history = rows[["epoch", *(["updates"] if "updates" in rows else []), *measures]][kept]
    history[measures] = history[measures].where(np.isfinite(history[measures])).where(sound[kept], axis=0)
    if "updates" not in history:
        history["updates"] = (history["epoch"] * updates_per_epoch).round()
    if (empty := history["updates"].isna()).any():
        raise ValueError(f"its updates are empty in epoch {history['epoch'][empty.idxmax()]:g}")
    if epochs is None:
        return history, remarks
    last = history["epoch"].iloc[-1]
    ends_early = last + _largest_gap(history["epoch"]) <= epochs + _ROUNDING
    if last > epochs + _ROUNDING or (ends_early and sound.all()):
        counted = f", of {updates_per_epoch} updates each" if last % 1 else ""
        raise ValueError(f"has {as_number(float(round(last, 3)))} of the {epochs} epochs asked for{counted}")
    if ends_early:
        whole = not (history["epoch"] % 1).any()
        more = pd.DataFrame({"epoch": np.arange(last + 1, epochs + 1) if whole else [float(epochs)]})
        history = pd.concat([history, more.assign(updates=more["epoch"] * updates_per_epoch)], ignore_index=True)
        remarks.append("a run that diverged and ended early was filled up to the last epoch")
    return history, remarks


def _not_to_the_end(rows: pd.DataFrame, judged: list[str]) -> Iterator[str]:
    """A measure whose next value was due before the run ended, as where programs leave cells empty for NaN."""
    for name in judged:
        written = rows["epoch"][rows[name].notna()]
        if len(written) and written.iloc[-1] + _largest_gap(written) <= rows["epoch"].iloc[-1] + _ROUNDING:
            yield f"its {name} is empty after epoch {written.iloc[-1]:g}; write nan where it is not finite"


def _largest_gap(epochs: pd.Series) -> float:
    return float(np.diff(epochs, prepend=0).max())
