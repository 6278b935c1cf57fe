"""All that is measured of a study: of its trainings, on either kind of split, and of what is no single training."""

from pathlib import Path
from typing import NamedTuple

import pandas as pd

from batchscope.evidence.trainings import NEW_SPLITS, THIS_SPLIT, Trainings, read_trainings


class Measured(NamedTuple):
    """What is measured of a study.

    Args:
        trainings: population -> its trainings, as from `batchscope.evidence.trainings.read_trainings`.
        others: what else is measured: stretches of training, and ensembles.
    """

    trainings: dict[str, Trainings]
    others: list[Trainings]

    def by(self, measure: str) -> Trainings:
        """Those of which a measure is known, on this split."""
        return next(each for each in (self.trainings[THIS_SPLIT], *self.others) if measure in each.replicates)

    def on_new_splits(self, measure: str) -> Trainings | None:
        """The same on new splits, where there are any."""
        new = self.trainings.get(NEW_SPLITS)
        return None if new is None or measure not in new.replicates else new


def read_measured(files: list[Path], paired: bool) -> Measured:
    """What the tables under `metrics/` of a study and its scores under `rows/` hold, as far as they are given."""
    tables = {file.stem: file for file in files if file.parent.name == "metrics"}
    rows = [file for file in files if file.parent.name == "rows"]
    trainings = read_trainings(tables.pop("replicates"), tables.pop("new_splits"), rows, paired)
    return Measured(trainings, [Trainings(pd.read_csv(file), paired=paired) for file in tables.values()])
