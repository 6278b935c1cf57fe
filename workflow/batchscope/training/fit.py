"""The yardstick: plain `Model.fit`, one replicate after the other, on the same weights, batch orders and splits."""

import inspect
import logging
import math
import time
from collections.abc import Callable, Sequence
from functools import partial
from itertools import groupby, islice

import numpy as np
from keras.src.random.seed_generator import global_seed_generator

from batchscope.hardware.backend import keras, tf
from batchscope.model.losses import is_regression, score_of
from batchscope.model.model_file import own_steps
from batchscope.study.spans import Span
from batchscope.training.gradients import gradients_by_tape
from batchscope.training.looks import NO_LOOKS, Looks
from batchscope.training.scoring import measure_beside
from batchscope.training.task import NOTHING, Draw, Task, Trained

_log = logging.getLogger(__name__)


class FitEngine:
    """Trains with `keras.Model.fit`; has the same methods as `CompiledEngine`.

    Its arguments are those of `keras.Model.compile`.
    """

    width = 1

    def __init__(self, task: Task, run_eagerly: bool = False, jit_compile: bool | str = "auto"):
        if task.micro_batch_size:
            _log.warning("Model.fit trains whole batches: micro_batch_size does not count")
        self._task = task
        self._how = {"run_eagerly": run_eagerly, "jit_compile": jit_compile}
        self._model: keras.Model | None = None

    def train(
        self,
        draws: list[Draw],
        learning_rate: float,
        report: Callable[[Trained], None],
        so_far: Trained = NOTHING,
        state: Sequence[np.ndarray] = (),
        looks: Looks = NO_LOOKS,
    ) -> Trained:
        task, [draw] = self._task, draws
        self._model = task.build_replicate(draw.weights)
        _compile(
            self._model,
            optimizer=task.build_optimizer(learning_rate),
            loss=task.loss_function if task.class_weight is None else _WeightedLoss(task.loss_function),
            metrics=[] if is_regression(task.loss) else [keras.metrics.SparseCategoricalAccuracy(name="accuracy")],
            **self._how,
        )
        self._model.optimizer.build(self._model.trainable_variables)
        if "train_step" in own_steps(self._model):  # which need not update metrics, and Keras asks them nevertheless
            self._model.evaluate(task.x[:1], task.y[:1], verbose=0)
        for variable, value in zip(self._variables(), state):
            variable.assign(value)
        self._differentiate = gradients_by_tape(task, self._model, self._how["run_eagerly"])
        _, *evaluated = task.split(draw.split)
        test, *validation = [(task.x[rows], task.y[rows]) for rows in evaluated]
        measure = partial(measure_beside, task, draws, [[rows] for rows in evaluated], engine=self)
        look = partial(looks.look, task, draws, self)
        record = _Record(so_far if so_far.measurements else look(so_far, 0), task, validation, measure, look, report)
        left = task.spans[so_far.measurements :]
        for (updates, _), group in groupby(left, key=lambda span: (span.updates, span.stage)):
            alike, done = list(group), record.so_far.measurements  # to Keras each is an epoch
            try:
                self._model.fit(
                    _batches(task, draw, alike),
                    steps_per_epoch=updates,
                    validation_data=test,
                    initial_epoch=done,
                    epochs=done + len(alike),
                    shuffle=False,  # the batches come in the draw's order already
                    class_weight=None if task.class_weight is None else dict(enumerate(task.class_weight)),
                    callbacks=[record],
                    verbose=0,
                )
            except tf.errors.ResourceExhaustedError as error:
                raise MemoryError("out of memory, and Model.fit trains whole batches; take smaller ones") from error
        return record.so_far._replace(stretches=record.so_far.stretches.sum(axis=0, keepdims=True))

    def state(self) -> list[np.ndarray]:
        return [variable.numpy() for variable in self._variables()]

    def weights(self, member: int) -> list[np.ndarray]:
        model = self._model
        return [variable.numpy() for variable in (*model.trainable_variables, *model.non_trainable_variables)]

    def outputs(self, rows: list[np.ndarray]) -> np.ndarray:
        [positions] = rows
        return self._model.predict(self._task.x[positions], verbose=0)[None]

    def outputs_of(self, x: np.ndarray) -> np.ndarray:
        return self._model.predict(x, verbose=0)[None]

    def single_gradients(self, rows: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        [positions] = rows
        before = self.state()
        squares, means = 0, 0
        for gradients in map(self._differentiate, positions[:, None]):
            wide = [gradient.astype(np.float64) / len(positions) for gradient in gradients]
            squares = squares + np.array([np.sum(gradient**2) for gradient in wide]) * len(positions)
            means = [total + gradient for total, gradient in zip(means or [0] * len(wide), wide)]
        for variable, value in zip(self._variables(), before):
            variable.assign(value)
        return squares[None], np.array([[np.sum(mean**2) for mean in means]])

    def _variables(self) -> list[keras.Variable]:
        return [
            *self._model.trainable_variables,
            *self._model.non_trainable_variables,
            *self._model.optimizer.variables,
            global_seed_generator().state,  # of layers that draw at random without a generator of their own
        ]


class _WeightedLoss(keras.losses.Loss):
    """A loss that takes weights of rows as Keras gives them; of a plain function Keras would weight the mean."""

    def __init__(self, function: Callable):
        super().__init__()
        self._function = function

    def __call__(self, y_true: tf.Tensor, y_pred: tf.Tensor, sample_weight: tf.Tensor | None = None) -> tf.Tensor:
        return self._function(y_true, y_pred, sample_weight)


def _compile(model: keras.Model, **arguments) -> None:
    """Compile a model, which may have a `compile` of its own that takes less.

    Raises:
        ValueError: or that asks for more.
    """
    parameters = inspect.signature(model.compile).parameters.values()
    asked = [each.name for each in parameters if each.default is each.empty and each.kind is not each.VAR_KEYWORD]
    if more := [name for name in asked if name not in arguments]:
        raise ValueError(f"its compile() asks for {', '.join(more)}, which a study does not have")
    if not any(each.kind is each.VAR_KEYWORD for each in parameters):
        arguments = {each.name: arguments[each.name] for each in parameters if each.name in arguments}
    model.compile(**arguments)


class _Record(keras.callbacks.Callback):
    """Adds every measurement, the end of an epoch to Keras, to what has been trained so far."""

    def __init__(
        self,
        so_far: Trained,
        task: Task,
        validation: list[tuple[np.ndarray, np.ndarray]],
        measure: Callable[[int], np.ndarray],
        look: Callable[[Trained, int], Trained],
        report: Callable[[Trained], None],
    ):
        super().__init__()
        self.so_far = so_far
        self._task = task
        self._validation = validation
        self._measure = measure
        self._look = look
        self._report = report

    def on_train_begin(self, logs: dict | None = None) -> None:
        self._begin = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        parts = [logs, {name.removeprefix("val_"): value for name, value in logs.items() if name.startswith("val_")}]
        parts += [self.model.evaluate(x, y, return_dict=True, verbose=0) for x, y in self._validation]
        for name in ("loss", score_of(self._task.loss)):
            if any(name not in part for part in parts[1:]):
                raise ValueError(
                    f"its test_step returns no {name}; end it with `return self.compute_metrics(x, y, outputs)`, "
                    "and let a `compile` of its own take `metrics`"
                )
        row = np.array([part.get(name, math.nan) for part in parts for name in ("loss", "accuracy")], np.float64)
        span = self._task.spans[self.so_far.measurements]
        rows = np.array([self._task.rows_trained_on(span), *self._task.rows[1:]])
        # Keras gives a rounded quotient; the number of correct rows behind it is whole.
        row[1::2] = np.rint(row[1::2] * rows) / rows
        updates = int(keras.ops.convert_to_numpy(self.model.optimizer.iterations))
        metrics = self._measure(self.so_far.measurements)
        seconds = time.perf_counter() - self._begin
        epochs = self._task.epochs_of(span)
        self.so_far = self.so_far.then(row[None, None], np.array([updates]), epochs, seconds, metrics)
        self.so_far = self._look(self.so_far, self.so_far.measurements)
        self._report(self.so_far)
        if self.model.optimizer.use_ema:
            self._weights = [variable.numpy() for variable in self.model.trainable_variables]
        self._begin = time.perf_counter()

    def on_train_end(self, logs: dict | None = None) -> None:
        """Take back what Keras ends with where the optimizer averages weights: what was measured is without it."""
        if self.model.optimizer.use_ema:
            for variable, value in zip(self.model.trainable_variables, self._weights):
                variable.assign(value)


def _batches(task: Task, draw: Draw, spans: list[Span]) -> tf.data.Dataset:
    """The batches of spans of one stage in one stream, each epoch in the draw's own order."""
    first, last, batch_size = spans[0].parts[0], spans[-1].parts[-1], spans[0].batch_size
    per_epoch = math.ceil(task.rows[0] / batch_size)
    orders = tf.data.Dataset.from_generator(
        lambda: islice(task.batch_orders(draw), first.epoch, last.epoch + 1),
        output_signature=tf.TensorSpec([task.rows[0]], tf.int32),
    )
    batches = orders.flat_map(lambda order: tf.data.Dataset.from_tensor_slices(order).batch(batch_size))
    batches = batches.take((last.epoch - first.epoch) * per_epoch + last.end).skip(first.first)
    with tf.device("CPU"):  # from where the batches are streamed
        x, y = tf.constant(task.x), tf.constant(task.y)
    return batches.map(lambda rows: (tf.gather(x, rows), tf.gather(y, rows))).prefetch(tf.data.AUTOTUNE)
