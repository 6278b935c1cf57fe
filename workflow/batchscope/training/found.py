"""What a training job found, in a line for the terminal."""

import numpy as np
from scipy import stats

from batchscope.model.losses import is_regression, score_of
from batchscope.results.history import MEASURES
from batchscope.training.task import Task
from batchscope.training.train import Result


def what_was_found(task: Task, results: list[Result], on_new_splits: int = 0) -> str:
    """How many trainings of one batch size there were, how long they took, and the best mean that a setting ended with.

    The interval is Student's t of 95 % over the trainings alone. Of those on new splits it says only how many.
    """
    score = f"test_{score_of(task.loss)}"
    ends = {result.learning_rate: result.history[:, -1, MEASURES.index(score)] for result in results}
    finite = {rate: values[np.isfinite(values)] for rate, values in ends.items() if np.isfinite(values).any()}
    trainings = sum(map(len, ends.values()))
    diverged = trainings - sum(map(len, finite.values()))
    seconds = sum(seconds for result in results for *_, seconds in result.stretches)
    batch_size = ", then ".join(str(stage.batch_size) for stage in task.stages)
    words = [f"batch size {batch_size}: {trainings} training{'s' * (trainings > 1)} in {seconds:.1f} s"]
    if finite:
        best = (min if is_regression(task.loss) else max)(finite, key=lambda rate: finite[rate].mean())
        rate = f" at learning rate {best:g}, the best of {len(ends)}" if len(ends) > 1 else ""
        words.append(f"{score.replace('_', ' ')} {_mean(finite[best])}{rate}")
    if diverged:
        words.append(f"{diverged} diverged")
    if on_new_splits:
        words.append(f"{on_new_splits} more on new splits")
    return ", ".join(words)


def _mean(values: np.ndarray) -> str:
    mean, error = values.mean(), stats.sem(values) if len(values) > 1 else 0
    if error == 0:
        return f"{mean:.3f}"
    low, high = stats.t.interval(0.95, len(values) - 1, mean, error)
    return f"{mean:.3f} [{low:.3f}, {high:.3f}]"
