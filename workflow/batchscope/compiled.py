"""The compiled engine: one XLA program per batch size trains a stack of replicates at once.

The program is written for one replicate with Keras's stateless call and mapped over the stack. Epochs and batches are
loops inside it, so Python is left out of the training but for one call per chunk of epochs.
"""

import math
import time
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from batchscope.backend import keras, tf
from batchscope.models import values_per_row
from batchscope.small_matmul import fast_gradients
from batchscope.task import Task

# Optimizers that treat every weight by itself, so that a stack of replicates is to them one larger tensor.
_ELEMENT_WISE = ("SGD", "Adam", "AdamW", "Adamax", "Nadam", "RMSprop", "Adagrad", "Adadelta", "Ftrl", "Lion")
# Optimizers that mix the values of a tensor, and are therefore shown each replicate's tensors by themselves.
_PER_TENSOR = ("Muon", "Adafactor", "Lamb")
_TEST_ROWS_AT_ONCE = 1000
_PROGRESS_REPORTS = 10
_ORDERS_AT_ONCE = 2**24  # row numbers handed to one call


def why_not_compiled(optimizer: keras.optimizers.Optimizer) -> str | None:
    """Why an optimizer is left to `Model.fit`, or None."""
    name = type(optimizer).__name__
    return None if name in _ELEMENT_WISE + _PER_TENSOR else f"{name} is not known to train alike when compiled"


def why_not_stacked(optimizer: keras.optimizers.Optimizer, model: keras.Model) -> str | None:
    """Why replicates cannot share one stacked variable, or None."""
    name = type(optimizer).__name__
    if name not in _ELEMENT_WISE:
        return f"{name} mixes the values of a tensor"
    if optimizer.clipnorm is not None or optimizer.global_clipnorm is not None:
        return "clipping by norm mixes the values of a tensor"
    if any(variable.constraint is not None for variable in model.trainable_variables):
        return "a weight has a constraint"
    return None


def stack_width(task: Task, replicates: int, memory: int) -> int:
    """How many replicates fit into `memory` bytes at once, by a generous estimate; at least 1.

    Counted are six copies of the weights (gradient, slots of the optimizer, copies between steps) and three of what the
    layers put out for a batch.
    """
    model = task.build_replicate(0)
    rows = max(task.batch_size, min(_TEST_ROWS_AT_ONCE, len(task.dataset.y_test)))
    per_replicate = np.dtype(keras.config.floatx()).itemsize * (
        6 * model.count_params() + 3 * rows * values_per_row(model)
    )
    return int(min(replicates, max(1, memory // per_replicate)))


class CompiledEngine:
    """Trains `width` replicates at a time, stacked in one program, or one at a time where `stacked` is false.

    Raises:
        tf.errors.OpError, ValueError, TypeError, NotImplementedError: the model cannot be mapped or compiled.
    """

    def __init__(self, task: Task, width: int, stacked: bool):
        self._task = task
        self._width = width if stacked else 1
        self._lead = (width,) if stacked else ()
        self._model = task.build_replicate(0)
        self._trainable = self._make_variables(self._model.trainable_variables)
        self._non_trainable = self._make_variables(self._model.non_trainable_variables)
        self._optimizer = task.build_optimizer(0.0)
        self._optimizer.build(self._trainable)
        self._optimizer_start = [variable.numpy() for variable in self._optimizer.variables]
        dtype = keras.config.floatx()
        self._train = tf.constant(task.dataset.x_train, dtype), tf.constant(task.dataset.y_train)
        self._test = tf.constant(task.dataset.x_test, dtype), tf.constant(task.dataset.y_test)
        orders_at_once = max(1, _ORDERS_AT_ONCE // (self._width * len(task.dataset.y_train)))
        self._chunk = min(math.ceil(task.epochs / _PROGRESS_REPORTS), orders_at_once)
        self._program = tf.function(self._run_epochs, jit_compile=True, autograph=False)
        self._program(self._stack_orders([]), tf.constant(0))  # compiles, trains nothing

    def train(
        self, replicates: int, learning_rates: Sequence[float], report: Callable[[float, int, np.ndarray], None]
    ) -> Iterator[tuple[float, int, np.ndarray, float]]:
        """Train replicates 0, 1, ... at each learning rate, a stack at a time.

        Yields:
            learning rate, first replicate of the stack, its history (replicates, epochs, 4), seconds of training. The
            last axis is train loss, train accuracy, test loss, test accuracy.
        """
        for first in range(0, replicates, self._width):
            members = range(first, first + self._width)  # beyond the last replicate only to fill the stack
            start = self._initial_weights(members)
            for learning_rate in learning_rates:
                begin = time.perf_counter()
                self._reset(start, learning_rate)
                history = self._train_stack(members, lambda done, chunk, rate=learning_rate: report(rate, done, chunk))
                yield learning_rate, first, history[: replicates - first], time.perf_counter() - begin

    def _train_stack(self, members: range, report: Callable[[int, np.ndarray], None]) -> np.ndarray:
        orders = zip(*(self._task.batch_orders(replicate) for replicate in members))
        chunks = []
        done = 0
        while done < self._task.epochs:
            epochs = min(self._chunk, self._task.epochs - done)
            sums = self._program(self._stack_orders([next(orders) for _ in range(epochs)]), tf.constant(epochs))
            sums = sums.numpy()[:epochs].reshape(epochs, 4, self._width).astype(np.float64)
            rows = np.repeat([len(self._task.dataset.y_train), len(self._task.dataset.y_test)], 2)
            chunks.append(sums.transpose(2, 0, 1) / rows)
            done += epochs
            report(done, chunks[-1])
        return np.concatenate(chunks, axis=1)

    def _stack_orders(self, epochs: list[tuple[np.ndarray, ...]]) -> tf.Tensor:
        """Row orders as the program takes them, (chunk, *lead, rows); epochs that are not asked for stay zero."""
        orders = np.zeros((self._chunk, self._width, len(self._task.dataset.y_train)), np.int32)
        if epochs:
            orders[: len(epochs)] = epochs
        return tf.constant(orders.reshape(self._chunk, *self._lead, -1))

    def _make_variables(self, variables: list[keras.Variable]) -> list[keras.Variable]:
        if not self._lead:
            return variables
        return [
            keras.Variable(
                np.zeros(self._lead + tuple(v.shape), v.dtype), dtype=v.dtype, trainable=v.trainable, name=v.name
            )
            for v in variables
        ]

    def _initial_weights(self, members: range) -> list[np.ndarray]:
        replicates = []
        for replicate in members:
            model = self._task.build_replicate(replicate)
            variables = model.trainable_variables + model.non_trainable_variables
            replicates.append([variable.numpy() for variable in variables])
        return [np.stack(values) if self._lead else values[0] for values in zip(*replicates)]

    def _reset(self, weights: list[np.ndarray], learning_rate: float) -> None:
        for variable, value in zip(self._trainable + self._non_trainable, weights):
            variable.assign(value)
        for variable, value in zip(self._optimizer.variables, self._optimizer_start):
            variable.assign(value)
        self._optimizer.learning_rate = learning_rate

    # From here on: the program.

    def _run_epochs(self, orders: tf.Tensor, epochs: tf.Tensor) -> tf.Tensor:
        """Sums over the rows of each epoch, (chunk, 4, *lead): train loss, correct, test loss, correct."""
        sums = tf.zeros((self._chunk, 4, *self._lead), keras.config.floatx())

        def epoch(index, sums):
            row = tf.stack([*self._train_epoch(orders[index]), *self._evaluate()])
            return index + 1, tf.tensor_scatter_nd_update(sums, [[index]], row[None])

        return tf.while_loop(lambda index, _: index < epochs, epoch, (0, sums))[1]

    def _train_epoch(self, order: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        def update(start, size):
            rows = tf.slice(order, [0] * len(self._lead) + [start], [*self._lead, size])
            state = _values(self._trainable), _values(self._non_trainable)
            gradients, non_trainable, loss, correct = self._map(self._gradients, (*state, rows))
            self._optimizer.apply(gradients, self._trainable)
            for variable, value in zip(self._non_trainable, non_trainable):
                variable.assign(value)
            return loss, correct

        return self._sum_over_batches(len(self._task.dataset.y_train), self._task.batch_size, update)

    def _evaluate(self) -> tuple[tf.Tensor, tf.Tensor]:
        state = _values(self._trainable), _values(self._non_trainable)
        features, classes = self._test

        def evaluate(start, size):
            x = tf.slice(features, [start] + [0] * (len(features.shape) - 1), [size, *features.shape[1:]])
            y = tf.slice(classes, [start], [size])
            return self._map(lambda state: self._forward(*state, x, y, training=False)[:2], state)

        return self._sum_over_batches(len(classes), min(_TEST_ROWS_AT_ONCE, len(classes)), evaluate)

    def _gradients(self, state_and_rows: tuple) -> tuple:
        """For one replicate and one batch: gradients, new non-trainable variables, loss, correct."""
        trainable, non_trainable, rows = state_and_rows
        x, y = (tf.gather(values, rows) for values in self._train)
        with fast_gradients(rows.graph):
            loss, correct, non_trainable = self._forward(trainable, non_trainable, x, y, training=True)
        gradients = tf.gradients(self._optimizer.scale_loss(loss), trainable)
        if self._lead and any(isinstance(gradient, tf.IndexedSlices) for gradient in gradients):
            # Optimizers square the parts of such a gradient one by one, so it cannot be made dense for the stack.
            raise NotImplementedError("the gradient of an embedding is sparse")
        return gradients, non_trainable, loss, correct

    def _forward(self, trainable: list, non_trainable: list, x: tf.Tensor, y: tf.Tensor, training: bool) -> tuple:
        """For one replicate: mean loss with penalties, number of correct rows, new non-trainable variables."""
        logits, non_trainable, penalties = self._model.stateless_call(
            trainable, non_trainable, x, training=training, return_losses=True
        )
        loss = self._task.loss_function(y, logits) + sum(penalties)
        correct = tf.reduce_sum(tf.cast(tf.argmax(logits, axis=-1, output_type=y.dtype) == y, loss.dtype))
        return loss, correct, non_trainable

    def _map(self, function: Callable, arguments: tuple) -> tuple:
        return tf.vectorized_map(function, arguments) if self._lead else function(arguments)

    def _sum_over_batches(self, rows: int, size: int, step: Callable) -> tuple[tf.Tensor, tf.Tensor]:
        """Sums over rows of the mean loss and the number correct that `step(start, size)` gives for each batch.

        A short last batch is a step of its own shape, so nothing needs padding.
        """

        def add(start, size, loss, correct):
            batch_loss, batch_correct = step(start, size)
            return loss + batch_loss * size, correct + batch_correct

        zero = tf.zeros(self._lead, keras.config.floatx())
        full, rest = divmod(rows, size)
        sums = tf.while_loop(
            lambda index, *_: index < full,
            lambda index, *sums: (index + 1, *add(index * size, size, *sums)),
            (0, zero, zero),
        )[1:]
        return add(full * size, rest, *sums) if rest else sums


def _values(variables: list[keras.Variable]) -> list[tf.Tensor]:
    return [tf.convert_to_tensor(variable.value) for variable in variables]
