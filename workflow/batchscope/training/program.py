"""What XLA compiles: the epochs of one replicate in Keras's stateless call, mapped over a stack of replicates.

Epochs and batches are loops inside the program. Nothing here knows how it is fed, see `batchscope.training.compiled`.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from operator import ne

import numpy as np

from batchscope.hardware.backend import keras, tf
from batchscope.training.held import held_shape, reshaped
from batchscope.training.small_matmul import fast_gradients
from batchscope.training.task import Task

_LINEAR = ("SGD",)  # to which a sum of gradients is the same as one after the other
_TEST_ROWS_AT_ONCE = 1000
Rows = tf.Tensor | tuple[tf.Tensor, tf.Tensor]  # as numbers of rows, or streamed as features and targets


class Program:
    """The variables of a stack of replicates, and the steps that work on them.

    Args:
        lead: the first dimension of what each member of a stack has by itself, (width,); () without a stack.

    Who feeds it holds the features and targets in `_rows`, the numbers of the rows of each part that is not trained on
    in `_evaluated`, and in `_parts` the parts of epochs to train, (n, 4): the place of its epoch among the orders, the
    first batch, the batch that comes after the last, and whether it ends with a measurement; zeros after the last of
    them. Where each part is an epoch that does, only their number counts.
    """

    _rows: tuple[tf.Tensor, tf.Tensor]
    _evaluated: list[tf.Variable]
    _parts: tf.Variable  # an argument's values would be compiled in

    def __init__(self, task: Task, lead: tuple[int, ...]):
        self._task = task
        self._lead = lead
        self._model = task.build_replicate(0)
        self._shapes = [tuple(weight.shape) for weight in self._model.trainable_variables]
        held = [held_shape(weight, task.rows_at_once) for weight in self._model.trainable_variables]
        self._held = held if lead else self._shapes
        self._trainable = self._make_variables(self._model.trainable_variables, self._held)
        self._non_trainable = self._make_variables(
            self._model.non_trainable_variables, [variable.shape for variable in self._model.non_trainable_variables]
        )
        self._optimizer = task.build_optimizer(0.0)
        self._optimizer.build(self._trainable)
        self._class_weight = None if task.class_weight is None else tf.constant(task.class_weight)

    def _make_variables(self, variables: list[keras.Variable], shapes: Iterable[tuple]) -> list[keras.Variable]:
        if not self._lead:
            return variables
        return [
            keras.Variable(
                np.zeros(self._lead + tuple(shape), v.dtype), dtype=v.dtype, trainable=v.trainable, name=v.name
            )
            for v, shape in zip(variables, shapes, strict=True)
        ]

    def _weights(self) -> list[tf.Tensor]:
        """What is trained, as the model has it."""
        return self._reshaped(_values(self._trainable), self._shapes)

    def _hold(self, weights: Sequence) -> list:
        """Weights or their gradients, of which there may be none, as the program holds them."""
        return self._reshaped(weights, self._held)

    def _reshaped(self, values: Sequence, shapes: list[tuple]) -> list:
        held_otherwise = map(ne, self._shapes, self._held)
        return [
            reshaped(value, shape) if otherwise and value is not None else value
            for value, shape, otherwise in zip(values, shapes, held_otherwise, strict=True)
        ]

    def _run_parts(self, batch_size: int, orders: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Train the parts of epochs that are held.

        Args:
            orders: the rows of each epoch, (epochs, *lead, rows).

        Returns:
            For each part the sums over its rows, (n, 2 * parts of the dataset, *lead): loss and correct of the training
            rows, and of the others where it ends with a measurement, else 0; and the updates so far, (n,).
        """
        size, parts = self._parts.shape[0], self._parts.value()
        count = tf.math.count_nonzero(parts[:, 2], dtype=tf.int32)
        sums = tf.zeros((size, 2 * len(self._task.rows), *self._lead), keras.config.floatx())
        updates = tf.zeros(size, tf.int64)

        def evaluate():
            evaluated = [self._evaluate_rows(part.value(), part.shape[-1]) for part in self._evaluated]
            return [total for part in evaluated for total in part]

        def run(index):
            if self._task.by_epochs:
                return [*self._train_rows(orders[index], self._task.rows[0], batch_size), *evaluate()]
            epoch, first, end, measured = tf.unstack(parts[index])
            trained = self._train_rows(tf.gather(orders, epoch), self._task.rows[0], batch_size, (first, end))
            nothing = self._zeros() * len(self._evaluated)
            return [*trained, *tf.cond(measured > 0, evaluate, lambda: nothing)]

        def part(index, sums, updates):
            row = tf.stack(run(index))
            iterations = tf.cast(self._optimizer.iterations, tf.int64)
            return (
                index + 1,
                tf.tensor_scatter_nd_update(sums, [[index]], row[None]),
                tf.tensor_scatter_nd_update(updates, [[index]], iterations[None]),
            )

        return tf.while_loop(lambda index, *_: index < count, part, (0, sums, updates))[1:]

    def _train_rows(
        self, rows: Rows, count: int, batch_size: int, batches: tuple[tf.Tensor, tf.Tensor] | None = None
    ) -> Sequence[tf.Tensor]:
        """Update with one batch after the other; returns the sums over the rows: loss, correct."""

        def update(start, size):
            loss, correct, *gradients = self._differentiate(rows, start, size)
            self._optimizer.apply(self._hold(gradients), self._trainable)
            return loss, correct

        return self._sum_over_batches(count, batch_size, update, self._zeros(), batches)

    def _differentiate(self, rows: Rows, start: tf.Tensor, size: int) -> Sequence[tf.Tensor]:
        """Of one batch, micro-batch by micro-batch: the sums of loss and correct over its rows, and the gradients."""

        def differentiate(begin, micro):
            state = self._weights(), _values(self._non_trainable)
            gradients, non_trainable, loss, correct = self._map(
                partial(self._gradients, micro / size), (*state, *self._batch(rows, start + begin, micro))
            )
            for variable, value in zip(self._non_trainable, non_trainable):
                variable.assign(value)
            return loss * micro, correct, *gradients

        zeros = [*self._zeros(), *(tf.zeros_like(value) for value in self._weights())]
        return self._sum_over_batches(size, min(size, self._task.rows_at_once), differentiate, zeros)

    def _evaluate_rows(self, rows: Rows, count: int) -> Sequence[tf.Tensor]:
        """Sums over rows that are not trained on: loss, correct."""
        state = self._weights(), _values(self._non_trainable)

        def evaluate(start, size):
            loss, correct = self._map(
                lambda arguments: self._forward(*arguments, training=False)[:2],
                (*state, *self._batch(rows, start, size)),
            )
            return loss * size, correct

        return self._sum_over_batches(count, evaluated_at_once(self._task, count), evaluate, self._zeros())

    def _sum_gradients(self, rows: Rows, count: int) -> Sequence[tf.Tensor]:
        """Sums over rows, each by itself as if it were a batch: for each weight the squared norm of its gradient,
        (*lead), and then for each the gradient, shaped as it is.
        """
        weights, scale = self._weights(), self._optimizer.loss_scale_factor or 1.0

        def differentiate(start, _):
            _, _, *gradients = self._differentiate(rows, start, 1)
            gradients = [
                tf.zeros_like(weight) if gradient is None else tf.convert_to_tensor(gradient) / scale
                for weight, gradient in zip(weights, gradients)  # none where the loss does not depend on a weight
            ]
            within = [range(len(self._lead), len(gradient.shape)) for gradient in gradients]
            return [*(tf.reduce_sum(each**2, list(axes)) for each, axes in zip(gradients, within)), *gradients]

        zeros = [*(tf.zeros(self._lead, weight.dtype) for weight in weights), *map(tf.zeros_like, weights)]
        return self._sum_over_batches(count, 1, differentiate, zeros)

    def _run_outputs(self, x: tf.Tensor) -> tf.Tensor:
        state = self._weights(), _values(self._non_trainable)
        return self._map(lambda arguments: self._call(*arguments, training=False)[0], (*state, x))

    def _batch(self, rows: Rows, start: tf.Tensor, size: int) -> list[tf.Tensor]:
        """Features and targets of a batch, (*lead, size, ...), of rows that are given by number, (*lead, n)."""
        return [tf.gather(values, self._slice(rows, start, size)) for values in self._rows]

    def _slice(self, values: tf.Tensor, start: tf.Tensor, size: int) -> tf.Tensor:
        """Of values (*lead, n, ...) those of a batch, (*lead, size, ...)."""
        if not self._task.by_epochs:  # XLA would compile anew for every first batch of a slice
            return tf.gather(values, start + tf.range(size), axis=len(self._lead))
        shape = [*self._lead, size, *values.shape[len(self._lead) + 1 :]]
        return tf.slice(values, [start if axis == len(self._lead) else 0 for axis in range(len(shape))], shape)

    def _gradients(self, share: float, state_and_rows: tuple) -> tuple:
        """For one replicate and a micro-batch with this share of a batch's rows: its part of the gradients, new
        non-trainable variables, loss, correct.
        """
        trainable, non_trainable, x, y = state_and_rows
        with fast_gradients(x.graph):
            loss, correct, non_trainable = self._forward(trainable, non_trainable, x, y, training=True)
        gradients = tf.gradients(self._optimizer.scale_loss(loss) * share, trainable)
        if (self._lead or share < 1) and any(isinstance(gradient, tf.IndexedSlices) for gradient in gradients):
            # Most optimizers square the parts of such a gradient one by one, which those of a stack or a sum are not.
            if not self._task.dense_gradients and type(self._optimizer).__name__ not in _LINEAR:
                raise NotImplementedError("an embedding's gradient is sparse; `dense_gradients: true` changes that")
            gradients = [tf.convert_to_tensor(gradient) for gradient in gradients]
        return gradients, non_trainable, loss, correct

    def _forward(self, trainable: list, non_trainable: list, x: tf.Tensor, y: tf.Tensor, training: bool) -> tuple:
        """For one replicate: mean loss with penalties, number of correct rows, new non-trainable variables."""
        outputs, non_trainable, penalties = self._call(trainable, non_trainable, x, training)
        weights = tf.gather(self._class_weight, y) if training and self._class_weight is not None else None
        loss = self._task.loss_function(y, outputs, weights) + sum(penalties)
        return loss, self._task.count_correct(y, outputs), non_trainable

    def _call(self, trainable: list, non_trainable: list, x: tf.Tensor, training: bool) -> tuple:
        """For one replicate: outputs, new non-trainable variables, penalties."""
        # The call of a user's model need not take `training`.
        mode = {"training": training} if self._model._call_has_training_arg else {}
        return self._model.stateless_call(trainable, non_trainable, x, return_losses=True, **mode)

    def _map(self, function: Callable, arguments: tuple) -> tuple:
        return tf.vectorized_map(function, arguments) if self._lead else function(arguments)

    def _zeros(self) -> list[tf.Tensor]:
        """Where sums of loss and correct begin."""
        return [tf.zeros(self._lead, keras.config.floatx())] * 2

    def _sum_over_batches(
        self,
        rows: int,
        size: int,
        step: Callable,
        zeros: list[tf.Tensor],
        batches: tuple[tf.Tensor, tf.Tensor] | None = None,
    ) -> Sequence[tf.Tensor]:
        """Sums of what `step(start, size)` gives for each batch, from `zeros` on.

        A short last batch is a step of its own shape, so nothing needs padding. Of `batches` there may be some alone:
        the first, and the one that comes after the last.
        """

        def add(start, size, sums):
            return [one + other for one, other in zip(sums, step(start, size), strict=True)]

        full, rest = divmod(rows, size)
        if rows == size:
            return step(0, size)
        first, end = batches or (0, full)
        sums = tf.while_loop(
            lambda index, *_: index < tf.minimum(end, full),
            lambda index, *sums: (index + 1, *add(index * size, size, sums)),
            (first, *zeros),
        )[1:]
        if not rest:
            return sums
        if batches is None:
            return add(full * size, rest, sums)
        return tf.cond(end > full, lambda: add(full * size, rest, sums), lambda: list(sums))


def compiled(function: Callable) -> Callable:
    """The function as one XLA program for each shape of its arguments."""
    return tf.function(function, jit_compile=True, autograph=False)


def evaluated_at_once(task: Task, rows: int) -> int:
    return min(_TEST_ROWS_AT_ONCE, task.micro_batch_size or rows, rows)


def _values(variables: list[keras.Variable]) -> list[tf.Tensor]:
    return [tf.convert_to_tensor(variable.value) for variable in variables]
