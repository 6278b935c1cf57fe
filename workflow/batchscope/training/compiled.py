"""The compiled engine: one XLA program per batch size trains a stack of replicates at once.

Python feeds it with the orders of the rows, and is left out of the training but for one call per chunk of epochs.
"""

import math
import time
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache, partial
from itertools import islice

import numpy as np

from batchscope.hardware.backend import keras, tf
from batchscope.model.model_file import own_steps
from batchscope.model.models import values_per_row
from batchscope.model.schedules import start_at
from batchscope.training.program import Program, compiled, evaluated_at_once
from batchscope.training.scoring import measure_parts
from batchscope.training.task import NOTHING, Draw, Task, Trained

# Optimizers that treat every weight by itself, so that a stack of replicates is to them one larger tensor.
_ELEMENT_WISE = ("SGD", "Adam", "AdamW", "Adamax", "Nadam", "RMSprop", "Adagrad", "Adadelta", "Ftrl", "Lion")
# Optimizers that mix the values of a tensor, and are therefore shown each replicate's tensors by themselves.
_PER_TENSOR = ("Muon", "Adafactor", "Lamb")
PIECES = 10  # of a training, at least: how often its progress is told
_SECONDS_OF_A_PIECE = 30  # at most where an epoch is shorter: what is lost when a job is stopped
_ORDERS_AT_ONCE = 2**24  # row numbers handed to one call


def why_not_compiled(optimizer: keras.optimizers.Optimizer, model: keras.Model) -> str | None:
    """Why an optimizer or a model is left to `Model.fit`, or None."""
    name = type(optimizer).__name__
    if name not in _ELEMENT_WISE + _PER_TENSOR:
        return f"{name} is not known to train alike when compiled"
    if model.dtype_policy.name == "mixed_float16":
        return "a loss scale that adapts itself would be shared by the replicates"
    if steps := own_steps(model):
        return f"the model has a {steps[0]} of its own"
    return None


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


def sees_micro_batches(model: keras.Model) -> list[str]:
    """The layers to which a micro-batch is the whole batch: they norm by its statistics, or penalize its activities."""
    return [
        layer.name
        for layer in model._flatten_layers(include_self=False)
        if isinstance(layer, keras.layers.BatchNormalization) or layer.activity_regularizer is not None
    ]


def stack_width(task: Task, replicates: int, memory: int) -> int:
    """How many replicates fit into `memory` bytes at once, by a generous estimate; at least 1.

    Counted are six copies of the weights (gradient, slots of the optimizer, copies between steps) and three of the
    features, and of what the layers put out, for the rows whose gradients are computed at once.
    """
    model, shape = task.build_replicate(0), task.dataset.x_train.shape[1:]
    rows = max(task.rows_at_once, *(evaluated_at_once(task, rows) for rows in task.rows[1:]))
    per_replicate = np.dtype(keras.config.floatx()).itemsize * (
        6 * model.count_params() + 3 * rows * (math.prod(shape) + values_per_row(model, shape))
    )
    return int(min(replicates, max(1, memory // per_replicate)))


class CompiledEngine(Program):
    """Trains `width` draws at a time, stacked in one program, or one at a time where `stacked` is false.

    Raises:
        tf.errors.OpError, ValueError, TypeError, NotImplementedError: the model cannot be mapped or compiled.
    """

    def __init__(self, task: Task, width: int, stacked: bool):
        super().__init__(task, (width,) if stacked else ())
        self._width = width if stacked else 1
        self._optimizer_start = [variable.numpy() for variable in self._optimizer.variables]
        self._variables = [*self._trainable, *self._non_trainable, *self._optimizer.variables]
        # Building models takes long, and stacks one after the other often start from the same weights.
        self._initial_weights = lru_cache(maxsize=self._width)(partial(_build_weights, task))
        orders_at_once = max(1, _ORDERS_AT_ONCE // (self._width * task.rows[0]))
        self._chunk = 1 if task.metrics else min(math.ceil(task.epochs / PIECES), orders_at_once)
        self._put_out = compiled(self._run_outputs)
        self._compile()

    def _compile(self) -> None:
        """Hold the rows, and make a program for each batch size."""
        task = self._task
        self._rows = tf.constant(task.x, keras.config.floatx()), tf.constant(task.y)
        self._evaluated = [tf.Variable(np.zeros((*self._lead, rows), np.int32)) for rows in task.rows[1:]]
        self._programs = {
            stage.batch_size: compiled(partial(self._run_epochs, stage.batch_size)) for stage in task.stages
        }
        for program in self._programs.values():
            program(self._stack_orders([]), tf.constant(0))  # compiles, trains nothing

    @property
    def width(self) -> int:
        return self._width

    def train(
        self,
        draws: list[Draw],
        learning_rate: float,
        report: Callable[[Trained], None],
        so_far: Trained = NOTHING,
        state: Sequence[np.ndarray] = (),
    ) -> Trained:
        """Train a stack of these draws, at most `width`, from where it is, and say after each piece where.

        `state` is what `state()` gave when the stack was `so_far`.
        """
        members = self._filled(draws)
        for variable, value in zip(self._variables, state or self.start(members)):
            variable.assign(value)
        start_at(self._optimizer, learning_rate)
        _, *evaluated = zip(*(self._task.split(draw.split) for draw in members))
        self._evaluate_on([self._stack(rows) for rows in evaluated])
        orders = islice(zip(*(self._task.batch_orders(draw) for draw in members)), so_far.epochs, None)
        measured_on = [part[: len(draws)] for part in evaluated]
        rows = np.repeat(self._task.rows, 2)
        while so_far.epochs < self._task.epochs:
            epochs, batch_size = self._next_piece(so_far)
            drawn = [next(orders) for _ in range(epochs)]
            begin = time.perf_counter()
            sums, updates = self._run(batch_size, drawn)
            sums = sums.reshape(epochs, len(rows), self._width).astype(np.float64)
            metrics = measure_parts(self._task, measured_on, self.outputs)
            seconds = time.perf_counter() - begin
            so_far = so_far.then(sums.transpose(2, 0, 1)[: len(draws)] / rows, updates, seconds, metrics)
            report(so_far)
        return so_far

    def start(self, draws: list[Draw]) -> list[np.ndarray]:
        """What `state` gives of a whole stack of these draws that is not trained yet."""
        weights = zip(*(self._initial_weights(draw.weights) for draw in draws))
        return [*(self._stack(values) for values in weights), *self._optimizer_start]

    def state(self) -> list[np.ndarray]:
        """The weights, what else the model changes, and the optimizer of the stack."""
        return [variable.numpy() for variable in self._variables]

    def weights(self, member: int) -> list[np.ndarray]:
        """The weights of a member of the stack trained last, and what else its model changes while it is trained."""
        values = [variable.numpy() for variable in (*self._trainable, *self._non_trainable)]
        return [value[member] for value in values] if self._lead else values

    def outputs(self, rows: list[np.ndarray]) -> np.ndarray:
        """What each member of the stack trained last puts out for rows of its own, (members, rows, outputs).

        Args:
            rows: positions in the task's `x`, (rows,) for each member.
        """
        stacked = self._stack(self._filled(rows))
        size = evaluated_at_once(self._task, stacked.shape[-1])
        blocks = [self._put_out(x).numpy() for x in self._features(stacked, size)]
        outputs = np.concatenate(blocks, axis=-2)
        return outputs.reshape(self._width, *outputs.shape[-2:])[: len(rows)]

    def _next_piece(self, so_far: Trained) -> tuple[int, int]:
        """How many epochs to train next in one call, with their batch size: few where an epoch takes long."""
        done = so_far.epochs
        for stage in self._task.stages:
            if done < stage.epochs:
                break
            done -= stage.epochs
        if so_far.epochs:
            epochs, seconds = so_far.stretches[-1]
            per_epoch = seconds / epochs
        else:
            per_epoch = self._width * self._task.epoch_seconds(stage, self._model)
        piece = min(self._chunk, stage.epochs - done, max(1, int(_SECONDS_OF_A_PIECE / per_epoch)))
        return piece, stage.batch_size

    def _evaluate_on(self, parts: list[np.ndarray]) -> None:
        """Take these rows of the parts that are not trained on, each (*lead, rows)."""
        for variable, rows in zip(self._evaluated, parts):
            variable.assign(rows)

    def _run(self, batch_size: int, orders: list[tuple[np.ndarray, ...]]) -> tuple[np.ndarray, np.ndarray]:
        """Train an epoch for each of these orders of the members' rows; returns what `_run_epochs` does."""
        sums, updates = self._programs[batch_size](self._stack_orders(orders), tf.constant(len(orders)))
        return sums.numpy()[: len(orders)], updates.numpy()[: len(orders)]

    def _filled(self, members: list) -> list:
        """As many members as the stack is wide: the last one stands where there are fewer."""
        return [*members, *[members[-1]] * (self._width - len(members))]

    def _features(self, rows: np.ndarray, size: int) -> Iterable[tf.Tensor]:
        """The features of rows (*lead, n), in blocks of (*lead, size, ...)."""
        return (tf.gather(self._rows[0], rows[..., start : start + size]) for start in range(0, rows.shape[-1], size))

    def _stack(self, values: list[np.ndarray]) -> np.ndarray:
        """What belongs to each member of a stack, as the program takes it."""
        return np.stack(values) if self._lead else values[0]

    def _stack_orders(self, epochs: list[tuple[np.ndarray, ...]]) -> tf.Tensor:
        """Row orders as the program takes them, (chunk, *lead, rows); epochs that are not asked for stay zero."""
        orders = np.zeros((self._chunk, self._width, self._task.rows[0]), np.int32)
        if epochs:
            orders[: len(epochs)] = epochs
        return tf.constant(orders.reshape(self._chunk, *self._lead, -1))


def _build_weights(task: Task, weights: int) -> list[np.ndarray]:
    """Initial weights by their number, and what else the model changes while it is trained."""
    model = task.build_replicate(weights)
    return [variable.numpy() for variable in model.trainable_variables + model.non_trainable_variables]
