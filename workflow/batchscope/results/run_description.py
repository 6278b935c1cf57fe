"""What became of the runs whose histories were written elsewhere."""

from collections.abc import Iterable

import pyarrow

from batchscope.results.run_files import as_number
from batchscope.results.runs import Run
from batchscope.study.setting import SETTING, rows_of, setting_in_words


def describe(table: pyarrow.Table, runs: Iterable[Run], score: str, paired: bool, remarks: list[str]) -> dict:
    """What became of the runs, of values that JSON has.

    `runs` counts them. `settings` has for each `setting` in words its `runs`, the least and most `epochs`, how many
    `diverged`, and `missing`, what the source calls the replicates that other settings have; none where runs are not
    paired. `remarks` say what was done to the rows.
    """
    runs, rows = list(runs), table.to_pandas()
    of_replicate = {run.replicate: run.label for run in sorted(runs, key=lambda run: run.replicate)}
    last = rows.groupby([*SETTING, "replicate"], as_index=False).tail(1)
    settings = []
    for setting in sorted({run.setting for run in runs}):
        of_setting = rows_of(setting, last)
        there = {run.replicate for run in runs if run.setting == setting}
        settings.append(
            {
                "setting": setting_in_words(setting),
                "runs": len(of_setting),
                "epochs": [as_number(float(of_setting["epoch"].min())), as_number(float(of_setting["epoch"].max()))],
                "diverged": int(of_setting[f"test_{score}"].isna().sum()),
                "missing": [label for replicate, label in of_replicate.items() if paired and replicate not in there],
            }
        )
    return {"runs": len(runs), "settings": settings, "remarks": remarks}
