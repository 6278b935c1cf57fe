"""What each replicate got right after its last epoch, row by row."""

from typing import NamedTuple

import numpy as np

PARTS = ("test", "validation")


class RowScores(NamedTuple):
    """The scores of rows of one part, each (replicates, rows).

    A replicate that diverged has losses of NaN and nothing correct.
    """

    rows: np.ndarray  # int32, as numbers in the dataset's own order: training, then test, then validation rows
    correct: np.ndarray | None  # bool; None of numbers, of which none is right or wrong
    loss: np.ndarray  # float32

    def without(self, diverged: np.ndarray) -> "RowScores":
        """The same where these replicates, bool (replicates,), diverged."""
        correct = None if self.correct is None else self.correct & ~diverged[:, None]
        return self._replace(correct=correct, loss=np.where(diverged[:, None], np.float32(np.nan), self.loss))


def join(stacks: list[RowScores]) -> RowScores:
    """The scores of several stacks of replicates together."""
    rows, correct, loss = zip(*stacks)
    return RowScores(
        np.concatenate(rows), None if correct[0] is None else np.concatenate(correct), np.concatenate(loss)
    )
