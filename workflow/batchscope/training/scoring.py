"""What each replicate of a trained stack gets right, row by row; `batchscope.results.row_scores` keeps it."""

from collections.abc import Callable

import numpy as np

from batchscope.model.losses import is_regression
from batchscope.results.row_scores import PARTS, RowScores
from batchscope.training.task import Draw, Task


def score_rows(
    task: Task, draws: list[Draw], outputs: Callable[[list[np.ndarray]], np.ndarray]
) -> dict[str, RowScores]:
    """The scores of the rows that are not trained on, by their part.

    Args:
        draws: of the replicates.
        outputs: what each of them puts out for rows of its own, as the engine that trained them has it.

    The loss of a row is without the penalties that a model adds to that of a batch.
    """
    _, *positions = zip(*(task.split(draw.split) for draw in draws))
    _, *numbers = zip(*(task.row_numbers(draw.split) for draw in draws))
    return {
        part: _score(task, np.stack(rows), task.y[np.stack(here)], outputs(list(here)))
        for part, rows, here in zip(PARTS, numbers, positions)
    }


def _score(task: Task, rows: np.ndarray, y: np.ndarray, outputs: np.ndarray) -> RowScores:
    """Of rows and targets (replicates, rows) and outputs (replicates, rows, outputs)."""
    losses = task.loss_by_row(y.ravel(), outputs.reshape(-1, outputs.shape[-1])).numpy()
    correct = None if is_regression(task.loss) else outputs.argmax(axis=-1) == y
    return RowScores(rows, correct, losses.reshape(y.shape).astype(np.float32))
