"""The trainings of two settings that belong to different studies."""

from dataclasses import dataclass, replace
from types import ModuleType

import numpy as np

from batchscope.evidence import paired, unpaired
from batchscope.evidence.pairs import diverged_by_replicate, values_by_replicate
from batchscope.evidence.trainings import ROWS_AND_TRAININGS, TRAININGS, Trainings, moved_to
from batchscope.study.setting import Setting


@dataclass(frozen=True)
class Across:
    """What `batchscope.evidence.trainings.Trainings` is of the settings of one study, of one setting of each of two.

    `paired` says whether equal replicates of the two have the same seed, rows, weights and order of rows to begin with.
    Only pairs are judged for new rows: those at which both were tested. The settings may be equal, as the first is
    always that of the first study.
    """

    studies: tuple[Trainings, Trainings]
    paired: bool

    @property
    def on_these_rows(self) -> "Across":
        """The same, with the rows as given."""
        return replace(self, studies=tuple(each.on_these_rows for each in self.studies))

    @property
    def form(self) -> ModuleType:
        """The statistics of several settings, `batchscope.evidence.paired` or `batchscope.evidence.unpaired`."""
        return paired if self.paired else unpaired

    def over(self, measure: str) -> str:
        """What the interval of a measure is over on new rows."""
        of_rows = self.paired and all(each.over(measure) == ROWS_AND_TRAININGS for each in self.studies)
        return ROWS_AND_TRAININGS if of_rows else TRAININGS

    def values(self, measure: str, settings: list[Setting]) -> tuple[np.ndarray, np.ndarray]:
        """The values of a measure (settings, trainings, rows), and which times are censored (trainings, settings).

        NaN where a study has no such replicate. Times are restricted to the shortest training of both studies.
        """
        of_trainings, censored = values_by_replicate(self._tables, measure, settings)
        of_trainings = of_trainings.T[..., None]
        if self.over(measure) == TRAININGS:
            return of_trainings, censored
        rows = [each.rows(measure, setting) for each, setting in zip(self.studies, settings)]
        common, *columns = np.intersect1d(*rows, assume_unique=True, return_indices=True)
        of_rows = np.full((len(settings), of_trainings.shape[1], len(common)), np.nan)
        for place, (study, setting) in enumerate(zip(self.studies, settings)):
            scored = study.of_rows(measure, setting)[:, columns[place]]
            of_rows[place, : len(scored)] = scored
        return moved_to(of_trainings, of_rows), censored

    def diverged(self, settings: list[Setting], measure: str = "") -> np.ndarray:
        """1 where a training diverged, else 0, (trainings, settings); see `batchscope.evidence.pairs`."""
        return diverged_by_replicate(self._tables, settings, measure)

    @property
    def _tables(self) -> list:
        return [each.by_setting for each in self.studies]
