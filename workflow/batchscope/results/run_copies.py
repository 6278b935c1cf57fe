"""Runs with the measures of another one, which two trainings that draw numbers do not have."""

from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow

from batchscope.results.run_history import ALL_MEASURES
from batchscope.results.runs import Run
from batchscope.study.setting import SETTING, Setting

_FEW = 10  # values that two runs may have in common by chance


def copies(table: pyarrow.Table, runs: Iterable[Run]) -> Iterator[str]:
    """A line for each run that has the very same measures as one before it.

    Args:
        table: the history of all `runs`, as in `batchscope.results.history`.

    Nothing is said of runs that diverged, nor of few values without a loss. At another setting few values are the same
    by chance even with one, as where rates are too low to learn and losses are rounded.
    """
    measures = [name for name in ALL_MEASURES if name in table.column_names]
    rows = {
        (Setting(*setting), replicate): of_run[measures].to_numpy()
        for (*setting, replicate), of_run in table.to_pandas().groupby([*SETTING, "replicate"])
    }
    losses = [name.endswith("_loss") for name in measures]
    of_setting, of_any = {}, {}
    for run in runs:
        values = rows[run.key]
        if np.isnan(values[-1]).all():
            continue
        content = values.tobytes()
        has_many = len(np.unique(values[~np.isnan(values)])) > _FEW
        beside = of_setting.setdefault((run.setting, content), run)
        elsewhere = of_any.setdefault(content, run)
        if beside is not run:
            if has_many or not np.isnan(values[:, losses]).all():
                yield _told(run, beside, beside.label)
        elif elsewhere is not run and has_many:
            yield _told(run, elsewhere, elsewhere.name)


def _told(run: Run, other: Run, name: str) -> str:
    differing = next((key for key in SETTING if getattr(run.setting, key) != getattr(other.setting, key)), "seed")
    remedy = f"is {{{differing}}} used by the program?" if run.is_of_program else "keep one of them"
    return f"{run.name}: has the very same measures as {name}; {remedy}"
