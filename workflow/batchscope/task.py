"""What all trainings at one batch size share, whichever engine runs them: weights, batch orders, optimizer and loss."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from batchscope.backend import keras
from batchscope.data import Dataset
from batchscope.models import build_loss, build_model, build_optimizer

# The two random streams of a replicate, told apart by the last word of their seeds.
_WEIGHTS, _ORDERS = 0, 1


@dataclass(frozen=True)
class Task:
    """One batch size of a study. The model, optimizer and loss are as in the config."""

    dataset: Dataset
    model: list[dict | str]
    optimizer: dict | str
    loss: dict | str
    epochs: int
    seed: int
    batch_size: int

    def build_replicate(self, replicate: int) -> keras.Model:
        """The model with the initial weights of a replicate, which are the same at every batch size."""
        [seed] = np.random.SeedSequence([self.seed, replicate, _WEIGHTS]).generate_state(1)
        keras.utils.set_random_seed(int(seed))
        return build_model(self.model, self.dataset.x_train.shape[1:], self.dataset.classes)

    def batch_orders(self, replicate: int) -> Iterator[np.ndarray]:
        """The order of the training rows in each epoch, int32 (rows,), the same at every batch size and device."""
        generator = np.random.default_rng([self.seed, replicate, _ORDERS])
        for _ in range(self.epochs):
            yield generator.permutation(len(self.dataset.y_train)).astype(np.int32)

    def build_optimizer(self, learning_rate: float) -> keras.optimizers.Optimizer:
        return build_optimizer(self.optimizer, learning_rate)

    @cached_property
    def loss_function(self) -> Callable:
        return build_loss(self.loss, self.dataset.classes)
