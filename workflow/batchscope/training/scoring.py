"""What each replicate of a stack gets right, in metrics and row by row; `batchscope.results.row_scores` keeps it."""

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np

from batchscope.model.losses import is_regression
from batchscope.results.history import metric_columns
from batchscope.results.row_scores import PARTS, RowScores
from batchscope.training.metrics import measure, value_of
from batchscope.training.task import Draw, Task


def outputs_of_parts(
    task: Task, draws: list[Draw], outputs: Callable[[list[np.ndarray]], np.ndarray]
) -> dict[str, np.ndarray]:
    """What replicates put out for the rows that they are not trained on, by part, (replicates, rows, outputs).

    Args:
        draws: of the replicates.
        outputs: what each of them puts out for rows of its own, as the engine that trained them has it.
    """
    _, *positions = zip(*(task.split(draw.split) for draw in draws))
    return {part: outputs(list(here)) for part, here in zip(PARTS, positions)}


def score_rows(task: Task, draws: list[Draw], outputs: dict[str, np.ndarray]) -> dict[str, RowScores]:
    """The scores of the rows that are not trained on, by their part.

    Args:
        draws: of the replicates.
        outputs: as from `outputs_of_parts`.

    The loss of a row is without the penalties that a model adds to that of a batch.
    """
    _, *positions = zip(*(task.split(draw.split) for draw in draws))
    _, *numbers = zip(*(task.row_numbers(draw.split) for draw in draws))
    scales = np.array([task.unit(draw.split)[1] for draw in draws])
    return {
        part: _score(task, np.stack(rows), task.y[np.stack(here)], outputs[part], scales)
        for part, rows, here in zip(PARTS, numbers, positions)
    }


class _Engine(Protocol):
    """What has trained some replicates, as `training.compiled.CompiledEngine`."""

    def outputs(self, rows: list[np.ndarray]) -> np.ndarray: ...

    def single_gradients(self, rows: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]: ...


def measure_beside(
    task: Task, draws: list[Draw], parts: list[Sequence[np.ndarray]], measurement: int, engine: _Engine
) -> np.ndarray | None:
    """What is measured of replicates beside loss and accuracy, (replicates, columns); None where nothing is.

    The metrics as `measure_parts` has them, then of single gradients the mean squared norm by weight, and by weight the
    squared norm of their mean.

    Args:
        measurement: its number, from 0.
    """
    measured = [measure_parts(task, parts, engine.outputs)] if task.metrics else []
    if task.gradient_rows:
        measured += engine.single_gradients([task.rows_for_gradients(draw, measurement) for draw in draws])
    return np.concatenate(measured, axis=1) if measured else None


def measure_parts(
    task: Task, parts: list[Sequence[np.ndarray]], outputs: Callable[[list[np.ndarray]], np.ndarray]
) -> np.ndarray:
    """The metrics of the task as its replicates are now, (replicates, columns), see `results.history.metric_columns`.

    Args:
        parts: of each part that is not trained on, the positions of every replicate's rows.
        outputs: what the replicates put out for rows of their own.

    NaN where there are no validation rows.
    """
    measured = np.full((len(parts[0]), len(metric_columns(task.metrics))), np.nan)
    columns = iter(measured.T)
    for rows in parts:
        y, put_out = task.y[np.stack(rows)], outputs(list(rows))
        for metric, column in zip(task.metrics, columns):
            column[:] = value_of(metric, y, put_out)
    return measured


def _score(task: Task, rows: np.ndarray, y: np.ndarray, outputs: np.ndarray, scales: np.ndarray) -> RowScores:
    """Of rows, targets (replicates, rows), outputs (replicates, rows, outputs) and scales of targets (replicates,)."""
    losses = task.loss_by_row(y.ravel(), outputs.reshape(-1, outputs.shape[-1])).numpy()
    losses = losses.reshape(y.shape).astype(np.float32)
    if is_regression(task.loss):
        return RowScores(rows, None, losses, error=((outputs[..., 0] - y) * scales[:, None]).astype(np.float32))
    measured = {metric: measure(metric, y, outputs) for metric in task.metrics}
    metrics = {name: (value[:, None] + influence).astype(np.float32) for name, (value, influence) in measured.items()}
    return RowScores(rows, outputs.argmax(axis=-1) == y, losses, metrics)
