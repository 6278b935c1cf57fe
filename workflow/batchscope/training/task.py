"""What all trainings of one batch size or schedule share, whichever engine runs them.

What is drawn at random, weights, batch orders and resampled rows, is drawn here, each from a seed of its own.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate, groupby
from typing import NamedTuple

import numpy as np

from batchscope.data.dataset import Dataset, Splits
from batchscope.hardware.backend import keras, tf
from batchscope.model.initial_weights import draw_weights
from batchscope.model.losses import is_regression
from batchscope.model.models import build_loss, build_model, build_optimizer, multiplications_per_epoch
from batchscope.model.schedules import Schedule, start_at
from batchscope.model.second_moment import scale_beta_2
from batchscope.study.cost import epoch_seconds
from batchscope.study.setting import times_rate
from batchscope.study.spans import Span, spans
from batchscope.training.class_weight import weights_of_classes

# The random streams of a replicate, told apart by the last word of their seeds; see `batchscope.data.new_splits` too.
_WEIGHTS, _ORDERS, _SPLIT, _GRADIENTS = 0, 1, 2, 4


class Draw(NamedTuple):
    """What a training draws at random, each by its number; without a number of a split it has the study's own split."""

    weights: int
    order: int
    split: int | None


class Stage(NamedTuple):
    """A part of a training at one batch size."""

    batch_size: int
    epochs: float  # rounded to whole updates


class Trained(NamedTuple):
    """How far a stack of replicates has been trained at one learning rate."""

    history: np.ndarray  # (replicates, measurements, measures): loss and accuracy of each part, see `results.history`
    updates: np.ndarray  # (measurements,): the optimizer's own count of its updates
    stretches: np.ndarray  # (pieces, 2): the epochs of each piece, and the seconds that they took for all replicates
    metrics: np.ndarray  # (replicates, measurements, columns): what is measured beside: `history.metric_columns`
    boundary: np.ndarray  # uint8 (moments, replicates, points, 2): classes and probabilities, as of `looks.predicted`
    confusion: np.ndarray  # int64 (moments, classes, classes): rows of a class taken for each: `looks.count_confusion`

    @property
    def measurements(self) -> int:
        return len(self.updates)

    def then(
        self,
        history: np.ndarray,
        updates: np.ndarray,
        epochs: float,
        seconds: float,
        metrics: np.ndarray | None = None,
    ) -> "Trained":
        """The same after one more piece of training, of so many epochs.

        It has a single measurement where there are `metrics` (replicates, columns) of it.
        """
        metrics = np.empty((len(history), len(updates), 0)) if metrics is None else metrics[:, None]
        return self._replace(
            history=np.concatenate([self.history.reshape(len(history), -1, history.shape[-1]), history], axis=1),
            updates=np.concatenate([self.updates, updates]),
            stretches=np.concatenate([self.stretches, [(epochs, seconds)]]),
            metrics=np.concatenate(
                [self.metrics.reshape(len(metrics), self.measurements, metrics.shape[-1]), metrics], axis=1
            ),
        )

    def seeing(self, boundary: np.ndarray, confusion: np.ndarray) -> "Trained":
        """The same with what is seen at one more moment, (replicates, points, 2) and (classes, classes)."""
        more = {"boundary": boundary[None], "confusion": confusion[None]}
        before = {name: getattr(self, name) for name in more}
        return self._replace(
            **{name: np.concatenate([before[name], more[name]]) if len(before[name]) else more[name] for name in more}
        )


NOTHING = Trained(
    np.empty((0, 0, 0)),
    np.empty(0, np.int64),
    np.empty((0, 2)),
    np.empty((0, 0, 0)),
    np.empty((0, 0, 0, 2), np.uint8),
    np.empty((0, 0, 0), np.int64),
)


@dataclass(frozen=True)
class Task:
    """The trainings of one batch size or schedule. The model, optimizer and loss are as in the config.

    Where `resampled` is true, every replicate splits the rows of the dataset anew, into parts of the same sizes; else
    `splits` are the new splits that there are beside the dataset's own.
    Batches of more than `micro_batch_size` rows are divided, and their gradients added up. Training rows have the
    weight of their class, of `class_weight` (classes,). Loss, accuracy and the `metrics` are measured at the end of
    each of `spans`, and so are the gradients of `gradient_rows` single training rows. Learning rates rise to their
    value over the share `warmup` of all updates, and go with the batch size from stage to stage by a `scaling`:
    `linear`, `sqrt` or `none`. The optimizer's `beta_2` is that of the batch size `beta_2_at`, see
    `batchscope.model.second_moment`.
    """

    dataset: Dataset
    model: list[dict | str] | dict
    optimizer: dict | str
    loss: dict | str
    stages: list[Stage]
    seed: int
    resampled: bool = False
    splits: Splits | None = None
    learning_rate_schedule: dict | str | None = None
    dense_gradients: bool = False
    micro_batch_size: int | None = None
    class_weight: np.ndarray | None = None
    metrics: Sequence[str] = ()
    evaluate_every: dict[str, float] = field(default_factory=lambda: {"epochs": 1})
    warmup: float = 0.0
    gradient_rows: int = 0
    scaling: str = "none"
    beta_2_at: int | None = None

    @cached_property
    def spans(self) -> list[Span]:
        """What is trained from one measurement to the next."""
        return spans(self.stages, self.rows[0], self.evaluate_every)

    @property
    def by_epochs(self) -> bool:
        """Whether each measurement ends an epoch, and each epoch with one."""
        return [span.epoch for span in self.spans] == [*range(1, self.epochs + 1)]

    @property
    def epochs(self) -> int:
        """How many epochs a training begins."""
        return sum(math.ceil(stage.epochs) for stage in self.stages)

    @property
    def measures_beside(self) -> bool:
        """Whether more is measured than loss and accuracy."""
        return bool(self.metrics or self.gradient_rows)

    @property
    def rows_at_once(self) -> int:
        """The most rows whose gradients are computed at once."""
        largest = max(stage.batch_size for stage in self.stages)
        return min(largest, self.micro_batch_size or largest)

    @cached_property
    def x(self) -> np.ndarray:
        """The features of the training rows, then of the test rows, then of the validation rows.

        Then the same of every new split, where something is fitted to its training rows.
        """
        return np.concatenate([*(x for x, _ in self.dataset.parts), *(self.splits.x if self._fitted_anew else [])])

    @cached_property
    def y(self) -> np.ndarray:
        """Their targets."""
        return np.concatenate([*(y for _, y in self.dataset.parts), *(self.splits.y if self._fitted_anew else [])])

    @property
    def _fitted_anew(self) -> bool:
        return self.splits is not None and self.splits.x is not None

    @property
    def rows(self) -> list[int]:
        """How many rows each part has: training, test and, where there is one, validation."""
        return [len(y) for _, y in self.dataset.parts]

    def replicates(self, count: int) -> list[Draw]:
        """The draws of the study's own replicates."""
        return [Draw(number, number, number if self.resampled else None) for number in range(count)]

    def on_new_splits(self) -> list[Draw]:
        """The draws of replicates on new splits, each on one of its own."""
        return [Draw(number, number, number) for number in range(len(self.splits.rows))]

    def build_replicate(self, weights: int) -> keras.Model:
        """The model with initial weights by their number, which are the same at every batch size."""
        self._seed_weights(weights)
        return build_model(self.model, self.dataset.x_train.shape[1:], self.dataset.outputs)

    def initial_weights(self, weights: int) -> list[np.ndarray]:
        """What the model by this number trains, as it starts, and what else it changes while it is trained."""
        if self._model_like_all is None:
            return _weights_of(self.build_replicate(weights))
        self._seed_weights(weights)
        return draw_weights(self.model, self._model_like_all)

    @cached_property
    def _model_like_all(self) -> keras.Model | None:
        """A model, where its layers by themselves draw the weights that it starts from."""
        if isinstance(self.model, dict):
            return None
        model = self.build_replicate(0)
        self._seed_weights(0)
        try:
            drawn = draw_weights(self.model, model)
        except Exception:  # of a layer that is made otherwise than by its build
            return None
        start = _weights_of(model)
        return model if len(drawn) == len(start) and all(map(np.array_equal, drawn, start)) else None

    def _seed_weights(self, weights: int) -> None:
        [seed] = np.random.SeedSequence([self.seed, weights, _WEIGHTS]).generate_state(1)
        keras.utils.set_random_seed(int(seed))

    def row_numbers(self, split: int | None) -> list[np.ndarray]:
        """The rows of each part, int32, as numbers in the dataset's own order: training, test, validation rows."""
        rows = np.arange(sum(self.rows), dtype=np.int32)
        if split is not None and self.resampled:
            np.random.default_rng([self.seed, split, _SPLIT]).shuffle(rows)
        elif split is not None:
            rows = self.splits.rows[split]
        return self._parts(rows)

    def split(self, split: int | None) -> list[np.ndarray]:
        """The rows of each part, int32, as positions in `x` and `y`."""
        if split is None or not self._fitted_anew:
            return self.row_numbers(split)
        rows = sum(self.rows)
        return self._parts(np.arange(rows * (1 + split), rows * (2 + split), dtype=np.int32))

    def unit(self, split: int | None) -> tuple[float, float]:
        """Mean and scale of a split that put numbers that are learned into their own unit, see `Dataset.unit`."""
        if split is None or self.dataset.target_scale is None:
            return self.dataset.unit
        return float(self.splits.target_mean[split]), float(self.splits.target_scale[split])

    def _parts(self, rows: np.ndarray) -> list[np.ndarray]:
        return np.split(rows, np.cumsum(self.rows)[:-1])

    def batch_orders(self, draw: Draw) -> Iterator[np.ndarray]:
        """The positions of the training rows in the order of each epoch, int32 (rows,).

        They are the same at every batch size and on every device.
        """
        generator = np.random.default_rng([self.seed, draw.order, _ORDERS])
        train_rows = self.split(draw.split)[0]
        for _ in range(self.epochs):
            yield train_rows[generator.permutation(len(train_rows))]

    def rows_for_gradients(self, draw: Draw, measurement: int) -> np.ndarray:
        """The positions of the training rows whose single gradients are measured, drawn without replacement, int32
        (rows,); all of them where there are no more.
        """
        train_rows = self.split(draw.split)[0]
        generator = np.random.default_rng([self.seed, draw.order, measurement, _GRADIENTS])
        return generator.choice(train_rows, min(self.gradient_rows, len(train_rows)), replace=False)

    def epoch_seconds(self, stage: Stage, model: keras.Model) -> float:
        """A guess at the seconds that an epoch of one replicate takes, see `batchscope.study.cost`."""
        train_rows, *others = self.rows
        shape = self.dataset.x_train.shape[1:]
        work = multiplications_per_epoch(model, shape, train_rows, sum(others))
        return epoch_seconds(train_rows, stage.batch_size, work)

    def epochs_of(self, span: Span) -> float:
        """How many epochs a span has."""
        return span.updates / math.ceil(self.rows[0] / span.batch_size)

    def rows_of_parts(self, span: Span) -> list[int]:
        """How many rows the batches of each part of a span have."""
        ends = (min(part.end * span.batch_size, self.rows[0]) for part in span.parts)
        return [end - part.first * span.batch_size for end, part in zip(ends, span.parts)]

    def rows_trained_on(self, span: Span) -> int:
        """How many rows the batches of a span have."""
        return sum(self.rows_of_parts(span))

    def updates(self, epochs: float) -> int:
        """Batches in so many epochs from the start; beyond the end, as if the last stage went on. At least 1."""
        *earlier, last = self.stages
        left, batches = epochs, 0
        for stage in [*earlier, last._replace(epochs=math.inf)]:
            here = min(stage.epochs, left)
            batches += here * math.ceil(self.rows[0] / stage.batch_size)
            left -= here
        return max(1, round(batches))

    def build_optimizer(self, learning_rate: float) -> keras.optimizers.Optimizer:
        """The optimizer, with its schedule if there is one; `batchscope.model.schedules.start_at` sets another rate."""
        spec = self.optimizer
        if self.beta_2_at is not None:
            spec = scale_beta_2(spec, self.beta_2_at, self.stages[0].batch_size)
        optimizer = build_optimizer(spec, self._schedule() or learning_rate, self.dense_gradients)
        start_at(optimizer, learning_rate)
        return optimizer

    def _schedule(self) -> Schedule | None:
        if self.learning_rate_schedule is None and not self.warmup and self.scaling == "none":
            return None
        # Keras asks for the rate by batches also where it applies the gradients of several at once.
        warmup = self.warmup * sum(span.updates for span in self.spans)
        return Schedule(self.learning_rate_schedule, self.updates, math.ceil(warmup), self._rates_of_stages())

    def _rates_of_stages(self) -> list[tuple[int, float]]:
        """From which update on the rate is how many times that of the first stage."""
        if self.scaling == "none":
            return []
        first, *later = self.stages
        of_stages = groupby(self.spans, key=lambda span: span.stage)
        updates = accumulate(sum(span.updates for span in of_stage) for _, of_stage in of_stages)
        times = (times_rate(self.scaling, stage.batch_size / first.batch_size) for stage in later)
        return [(0, 1.0), *zip(updates, times)]

    @cached_property
    def loss_function(self) -> Callable:
        return build_loss(self.loss, self.dataset.outputs)

    @cached_property
    def loss_by_row(self) -> Callable:
        return build_loss(self.loss, self.dataset.outputs, by_row=True)

    def count_correct(self, target: tf.Tensor, outputs: tf.Tensor) -> tf.Tensor:
        """How many rows have their largest output at their class; NaN for numbers, of which none is right or wrong."""
        if is_regression(self.loss):
            return tf.constant(math.nan, outputs.dtype)
        correct = tf.argmax(outputs, axis=-1, output_type=target.dtype) == target
        return tf.reduce_sum(tf.cast(correct, outputs.dtype))


def make_task(
    dataset: Dataset,
    stages: list[tuple[int, int]],
    dtype_policy: str,
    class_weight: str | dict | None = None,
    **task,
) -> Task:
    """A task from what a study says of it, in JSON; from now on Keras computes in the precision of the task."""
    keras.config.set_dtype_policy(dtype_policy)
    weights = None if class_weight is None else weights_of_classes(class_weight, dataset)
    return Task(dataset, stages=[Stage(*stage) for stage in stages], class_weight=weights, **task)


def _weights_of(model: keras.Model) -> list[np.ndarray]:
    return [variable.numpy() for variable in model.trainable_variables + model.non_trainable_variables]
