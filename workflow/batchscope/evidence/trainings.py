"""The trainings of a study on one population of rows: its own split, or splits drawn anew for each of them."""

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd

from batchscope.evidence import paired, unpaired
from batchscope.evidence.crossed import estimate_both
from batchscope.evidence.pairs import by_setting, diverged_by_replicate, values_by_replicate
from batchscope.evidence.studentised import Estimate
from batchscope.results.row_scores import NEW_SPLITS, THIS_SPLIT, RowScoreTable, read_row_scores
from batchscope.study.scores import SCORES
from batchscope.study.setting import Setting

# Measures after the last epoch that are means over rows -> the part of the rows, and what is measured of each. Metrics
# are such means as far as their variance goes, see `batchscope.results.row_scores`.
_ROWS_BEHIND = {f"{part}_{score}": (part, score) for part in ("test", "validation") for score in SCORES}
_ROWS_BEHIND |= {f"{score}_gap": ("test", score) for score in ("accuracy", "loss")}
# What an interval is over.
ROWS_AND_TRAININGS, TRAININGS = "rows and trainings", "trainings"
# The verdict on new splits where there are none, or of what is about the rows of this one.
NOT_JUDGED = "not judged"


@dataclass(frozen=True)
class Trainings:
    """A row per setting and replicate with its measures, as from `batchscope.evidence.metrics.measure_replicates`.

    `scores` are those of the single rows. Without them rows count as given, and only trainings as drawn at random.
    `paired` says whether replicate r has the same seed at every setting.
    """

    replicates: pd.DataFrame
    scores: RowScoreTable | None = None
    paired: bool = True

    @cached_property
    def settings(self) -> list[Setting]:
        return [*self.by_setting]

    @cached_property
    def by_setting(self) -> dict[Setting, pd.DataFrame]:
        """The rows of each setting, as from `batchscope.evidence.pairs.by_setting`."""
        return by_setting(self.replicates)

    @cached_property
    def on_these_rows(self) -> "Trainings":
        """The same, with the rows as given."""
        return replace(self, scores=None)

    @property
    def form(self) -> ModuleType:
        """The statistics of several settings, `batchscope.evidence.paired` or `batchscope.evidence.unpaired`."""
        return paired if self.paired else unpaired

    def over(self, measure: str) -> str:
        """What the interval of a measure is over on new rows: only what is a mean over rows changes with them."""
        return ROWS_AND_TRAININGS if self.scores is not None and measure in _ROWS_BEHIND else TRAININGS

    def values(self, measure: str, settings: list[Setting]) -> tuple[np.ndarray, np.ndarray]:
        """The values of a measure (settings, trainings, rows), and which times are censored (trainings, settings).

        One column of rows where the measure is no mean over rows. NaN where a training was not tested, all of one that
        diverged, and where a setting has no such replicate; times are restricted, see `batchscope.evidence.pairs`.
        """
        of_trainings, censored = values_by_replicate([self.by_setting] * len(settings), measure, settings)
        of_trainings = of_trainings.T[..., None]
        if self.over(measure) == TRAININGS:
            return of_trainings, censored
        return moved_to(of_trainings, np.stack([self.of_rows(measure, setting) for setting in settings])), censored

    def of_rows(self, measure: str, setting: Setting) -> np.ndarray:
        """What is measured of single rows by a measure that is a mean over them, (replicates, rows)."""
        return self.scores.of(setting, *_ROWS_BEHIND[measure]).astype(float)

    def rows(self, measure: str, setting: Setting) -> np.ndarray:
        """The numbers of these rows in the dataset's own order, (rows,)."""
        return self.scores.rows(setting, _ROWS_BEHIND[measure][0])

    def diverged(self, settings: list[Setting], measure: str = "") -> np.ndarray:
        """1 where a training diverged, else 0, (trainings, settings); see `batchscope.evidence.pairs`."""
        return diverged_by_replicate([self.by_setting] * len(settings), settings, measure)

    def estimate(self, measure: str, setting: Setting, seed: int) -> Estimate:
        """The mean of a measure at a setting, with the wider of the intervals for new rows and over trainings alone."""
        [of_rows], _ = self.values(measure, [setting])
        return estimate_both(of_rows, seed)[0]


def moved_to(of_trainings: np.ndarray, of_rows: np.ndarray) -> np.ndarray:
    """Values of single rows (settings, trainings, rows) of which the means are those of the trainings (..., 1).

    Rows know neither penalties of weights nor the training rows' part in a gap, so their means are moved to the
    measure.
    """
    of_rows = np.where(np.isnan(of_trainings), np.nan, of_rows)
    counts = np.maximum((~np.isnan(of_rows)).sum(axis=2, keepdims=True), 1)
    return of_rows + of_trainings - np.nansum(of_rows, axis=2, keepdims=True) / counts


def read_trainings(
    replicates: str | Path, new_splits: str | Path, scores: list[str | Path], paired: bool = True
) -> dict[str, Trainings]:
    """Population -> its trainings, from the tables of their measures and the files with the scores of their rows.

    A study that trains on no new splits has those on this split alone, one without files no scores.
    """
    tables = {THIS_SPLIT: pd.read_csv(replicates), NEW_SPLITS: pd.read_csv(new_splits)}
    return {
        on: Trainings(table, read_row_scores(scores, on) if scores else None, paired)
        for on, table in tables.items()
        if len(table)
    }
