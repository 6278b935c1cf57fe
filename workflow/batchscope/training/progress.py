"""How far the trainings of a job are, in its log."""

import logging
import time

import numpy as np

from batchscope.model.losses import score_of
from batchscope.results.history import MEASURES
from batchscope.training.task import Task, Trained

_log = logging.getLogger(__name__)
_SECONDS_OF_SILENCE = 30


class Progress:
    """A line in the log for every tenth of a stack's training, and now and then where those take long."""

    def __init__(self, task: Task, groups: list[str], trainings: int):
        self._task = task
        first, *others = groups
        self._where = {first: ""} | {name: f" on {name}" for name in others}
        self._trainings = trainings
        self._score = f"test_{score_of(task.loss)}"
        self._finished = 0
        self._given = 0.0  # trainings that a checkpoint had
        self._begin = self._said = time.perf_counter()

    def begin(self, members: int, so_far: Trained) -> None:
        self._given += members * so_far.measurements / len(self._task.spans)

    def report(self, group: str, learning_rate: float, so_far: Trained) -> None:
        now, measured, due = time.perf_counter(), so_far.measurements, len(self._task.spans)
        tenth = measured == due or measured % -(-due // 10) == 0
        if not tenth and now - self._said < _SECONDS_OF_SILENCE:
            return
        self._said = now
        done = self._finished + len(so_far.history) * measured / due
        left = (now - self._begin) * (self._trainings - done) / (done - self._given)
        finite = np.isfinite(so_far.history[:, :, 0::2]).all(axis=(1, 2))
        score = so_far.history[finite, -1, MEASURES.index(self._score)]
        reached = [f"{self._score.replace('_', ' ')} {np.mean(score):.3f}"] if finite.any() else []
        reached += [] if finite.all() else [f"{np.sum(~finite)} diverged"]
        now_at, end = self._task.spans[measured - 1], self._task.spans[-1]
        batch_size = ", then ".join(str(stage.batch_size) for stage in self._task.stages)
        _log.info(
            f"batch size {batch_size}, learning rate {learning_rate:g}{self._where[group]}: "
            f"epoch {now_at.epoch:.4g} of {end.epoch:.4g}, {', '.join(reached)}; "
            f"{self._finished} of {self._trainings} trainings done, {left:.0f} s left"
        )

    def finish(self, trainings: int) -> None:
        self._finished += trainings
