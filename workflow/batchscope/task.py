"""What all trainings of one batch size or schedule share, whichever engine runs them.

Weights, batch orders and splits of the rows are drawn here, each replicate's from a seed of its own.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from batchscope.backend import keras
from batchscope.cost import epoch_seconds
from batchscope.data import Dataset
from batchscope.models import build_loss, build_model, build_optimizer, multiplications_per_epoch

# The random streams of a replicate, told apart by the last word of their seeds.
_WEIGHTS, _ORDERS, _SPLIT = 0, 1, 2


class Stage(NamedTuple):
    """A part of a training at one batch size."""

    batch_size: int
    epochs: int


class Trained(NamedTuple):
    """How far a stack of replicates has been trained at one learning rate."""

    history: np.ndarray  # (replicates, epochs, 4): train loss, train accuracy, test loss, test accuracy
    updates: np.ndarray  # (epochs,): the optimizer's own count of its updates, after each epoch
    stretches: np.ndarray  # (pieces, 2): the epochs of each piece, and the seconds that they took for all replicates

    @property
    def epochs(self) -> int:
        return len(self.updates)

    def then(self, history: np.ndarray, updates: np.ndarray, seconds: float) -> "Trained":
        """The same after one more piece."""
        return Trained(
            np.concatenate([self.history.reshape(len(history), -1, 4), history], axis=1),
            np.concatenate([self.updates, updates]),
            np.concatenate([self.stretches, [(len(updates), seconds)]]),
        )


NOTHING = Trained(np.empty((0, 0, 4)), np.empty(0, np.int64), np.empty((0, 2)))


@dataclass(frozen=True)
class Task:
    """The trainings of one batch size or schedule. The model, optimizer and loss are as in the config.

    Where `resampled` is true, every replicate splits the rows of the dataset anew, into as many training and test rows.
    """

    dataset: Dataset
    model: list[dict | str]
    optimizer: dict | str
    loss: dict | str
    stages: list[Stage]
    seed: int
    resampled: bool = False

    @property
    def epochs(self) -> int:
        return sum(stage.epochs for stage in self.stages)

    @cached_property
    def x(self) -> np.ndarray:
        """The features of the training rows, then of the test rows."""
        return np.concatenate([self.dataset.x_train, self.dataset.x_test])

    @cached_property
    def y(self) -> np.ndarray:
        """The classes of the training rows, then of the test rows."""
        return np.concatenate([self.dataset.y_train, self.dataset.y_test])

    def build_replicate(self, replicate: int) -> keras.Model:
        """The model with the initial weights of a replicate, which are the same at every batch size."""
        [seed] = np.random.SeedSequence([self.seed, replicate, _WEIGHTS]).generate_state(1)
        keras.utils.set_random_seed(int(seed))
        return build_model(self.model, self.dataset.x_train.shape[1:], self.dataset.classes)

    def split(self, replicate: int) -> tuple[np.ndarray, np.ndarray]:
        """The training and the test rows of a replicate, int32, as positions in `x` and `y`."""
        rows = np.arange(len(self.y), dtype=np.int32)
        if self.resampled:
            np.random.default_rng([self.seed, replicate, _SPLIT]).shuffle(rows)
        return rows[: len(self.dataset.y_train)], rows[len(self.dataset.y_train) :]

    def batch_orders(self, replicate: int) -> Iterator[np.ndarray]:
        """The order of the training rows in each epoch, int32 (rows,), the same at every batch size and device."""
        generator = np.random.default_rng([self.seed, replicate, _ORDERS])
        train_rows, _ = self.split(replicate)
        for _ in range(self.epochs):
            yield train_rows[generator.permutation(len(train_rows))]

    def epoch_seconds(self, stage: Stage, model: keras.Model) -> float:
        """A guess at the seconds that an epoch of one replicate takes, see `batchscope.cost`."""
        train_rows, test_rows = len(self.dataset.y_train), len(self.dataset.y_test)
        return epoch_seconds(train_rows, stage.batch_size, multiplications_per_epoch(model, train_rows, test_rows))

    def build_optimizer(self, learning_rate: float) -> keras.optimizers.Optimizer:
        return build_optimizer(self.optimizer, learning_rate)

    @cached_property
    def loss_function(self) -> Callable:
        return build_loss(self.loss, self.dataset.classes)


def make_task(dataset: Dataset, stages: list[tuple[int, int]], **task) -> Task:
    """A task from what a study says of it, in JSON."""
    return Task(dataset, stages=[Stage(*stage) for stage in stages], **task)
