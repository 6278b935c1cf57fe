"""What was read of runs, for someone who tries whether they are read rightly."""

from collections.abc import Iterator

import pandas as pd

from batchscope.report.tables import runs_table
from batchscope.results.history import MEASURES, metric_columns, metrics_of

_MOST_ROWS = 5
_MOST_SETTINGS = 20


def said_of_runs(history: pd.DataFrame, described: dict) -> Iterator[str]:
    """Lines on how many runs there are, what is measured of them, and the first rows of the first one.

    Args:
        history: as in `batchscope.results.history`.
        described: as from `batchscope.results.run_description.describe`.
    """
    settings = described["settings"]
    for what, became, missing, remark in runs_table(described).itertuples(index=False):
        if remark:
            yield remark
        elif what == "runs" or len(settings) <= _MOST_SETTINGS:
            yield f"{what}: {became}" + f"; missing: {missing}" * bool(missing)
    measures = [*MEASURES, *metric_columns(metrics_of(history.columns))]
    measured = [measure for measure in measures if history[measure].notna().any()]
    yield f"measured: {', '.join(measured)}"
    yield f"not measured: {', '.join(measure for measure in measures if measure not in measured) or 'nothing'}"
    first = history[history["replicate"] == history["replicate"].iloc[0]].head(_MOST_ROWS)
    yield "the first rows, by our names:"
    columns = ["batch_size", "learning_rate", "replicate", "epoch", "updates", *measured]
    yield from first[columns].to_string(index=False).splitlines()
