"""The compiled engine: one XLA program per batch size trains a stack of replicates at once.

Python feeds it with the orders of the rows, and is left out of the training but for one call per chunk of epochs.
"""

import logging
import math
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache, partial
from itertools import takewhile

import numpy as np

from batchscope.hardware.backend import keras, tf
from batchscope.model.model_file import own_steps
from batchscope.model.models import values_per_row
from batchscope.model.schedules import start_at
from batchscope.study.spans import Part, Span
from batchscope.training.looks import NO_LOOKS, Looks
from batchscope.training.program import Program, compiled, evaluated_at_once
from batchscope.training.scoring import measure_beside
from batchscope.training.task import NOTHING, Draw, Task, Trained

_log = logging.getLogger(__name__)
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
        self._variables = [*self._non_trainable, *self._optimizer.variables]
        # Drawing weights takes long, and stacks one after the other often start from the same ones.
        self._initial_weights = lru_cache(maxsize=self._width)(task.initial_weights)
        self._epochs_at_once, parts_at_once = self._most_at_once()
        self._parts = tf.Variable(np.zeros((parts_at_once, 4), np.int32))
        self._put_out = compiled(self._run_outputs)
        self._compile()
        if task.gradient_rows:  # what cannot be compiled is to show before anything is trained
            self._sum_over_rows(self._stack([task.rows_for_gradients(task.replicates(1)[0], 0)] * self._width))

    def _compile(self) -> None:
        """Hold the rows, and make a program for each batch size."""
        task = self._task
        self._rows = tf.constant(task.x, keras.config.floatx()), tf.constant(task.y)
        self._evaluated = [tf.Variable(np.zeros((*self._lead, rows), np.int32)) for rows in task.rows[1:]]
        self._of_single_rows = compiled(lambda rows: self._sum_gradients(rows, rows.shape[-1]))
        self._programs = {
            stage.batch_size: compiled(partial(self._run_parts, stage.batch_size)) for stage in task.stages
        }
        for program in self._programs.values():
            program(self._stack_orders([]))  # compiles, trains nothing

    def _most_at_once(self) -> tuple[int, int]:
        """How many epochs, and parts of them, one call has at most: those of one measurement at least."""
        task = self._task
        epochs = max(span.parts[-1].epoch - span.parts[0].epoch + 1 for span in task.spans)
        if not task.measures_beside:  # which is done after a call
            orders_at_once = _ORDERS_AT_ONCE // (self._width * task.rows[0])
            epochs = max(epochs, min(math.ceil(task.epochs / PIECES), orders_at_once))
        parts = Counter(part.epoch for span in task.spans for part in span.parts)
        return epochs, epochs * max(parts.values())

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
        looks: Looks = NO_LOOKS,
    ) -> Trained:
        """Train a stack of these draws, at most `width`, from where it is, and say after each piece where.

        `state` is what `state()` gave when the stack was `so_far`; `looks` says when and at what to look.
        """
        members = self._filled(draws)
        self._take_on(state or self.start(members))
        start_at(self._optimizer, learning_rate)
        _, *evaluated = zip(*(self._task.split(draw.split) for draw in members))
        self._evaluate_on([self._stack(rows) for rows in evaluated])
        orders, drawn = enumerate(zip(*(self._task.batch_orders(draw) for draw in members))), {}
        measured_on = [part[: len(draws)] for part in evaluated]
        if not so_far.measurements:
            so_far = looks.look(self._task, draws, self, so_far, 0)
        while piece := self._next_piece(so_far):
            first, last = piece[0].parts[0].epoch, piece[-1].parts[-1].epoch
            while last not in drawn:
                drawn |= [next(orders)]
            drawn = {epoch: order for epoch, order in drawn.items() if epoch >= first}
            done, trained, seconds = so_far.measurements, [], 0.0
            for part in looks.cut(piece, done):
                begin = time.perf_counter()
                trained.append(self._run(part, drawn))
                metrics = measure_beside(self._task, draws, measured_on, so_far.measurements, self)
                seconds += time.perf_counter() - begin
                done += len(part)
                so_far = looks.look(self._task, draws, self, so_far, done)
            sums, updates = map(np.concatenate, zip(*trained))
            epochs = sum(map(self._task.epochs_of, piece))
            so_far = so_far.then(self._means(piece, sums)[: len(draws)], updates, epochs, seconds, metrics)
            report(so_far)
        return so_far

    def _means(self, piece: list[Span], sums: np.ndarray) -> np.ndarray:
        """Loss and accuracy of each part of the dataset, (width, spans, measures), from the sums of parts of spans."""
        sums = sums.reshape(*sums.shape[:2], self._width).astype(np.float64)
        ends = np.cumsum([len(span.parts) for span in piece])
        trained = np.add.reduceat(sums[:, :2], [0, *ends[:-1]], axis=0)
        sums = np.concatenate([trained, sums[ends - 1, 2:]], axis=1)
        rows = [[self._task.rows_trained_on(span), *self._task.rows[1:]] for span in piece]
        return sums.transpose(2, 0, 1) / np.repeat(rows, 2, axis=1)

    def start(self, draws: list[Draw]) -> list[np.ndarray]:
        """What `state` gives of a whole stack of these draws that is not trained yet."""
        begin = time.perf_counter()
        weights = list(zip(*(self._initial_weights(draw.weights) for draw in draws)))
        _log.info("drawing weights took %.2f s", time.perf_counter() - begin)
        return [*(self._stack(values) for values in weights), *self._optimizer_start]

    def state(self) -> list[np.ndarray]:
        """The weights, what else the model changes, and the optimizer of the stack."""
        return [value.numpy() for value in (*self._weights(), *self._variables)]

    def _take_on(self, state: Sequence[np.ndarray]) -> None:
        """Be where a state says."""
        weights, others = state[: len(self._trainable)], state[len(self._trainable) :]
        for variable, value in zip((*self._trainable, *self._variables), (*self._hold(weights), *others), strict=True):
            variable.assign(value)

    def weights(self, member: int) -> list[np.ndarray]:
        """The weights of a member of the stack trained last, and what else its model changes while it is trained."""
        values = [value.numpy() for value in (*self._weights(), *self._non_trainable)]
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

    def outputs_of(self, x: np.ndarray) -> np.ndarray:
        """What each member of the stack trained last puts out for rows with these features (rows, ...), which are none
        of the task's, (width, rows, outputs).

        They go in blocks as large as those of test rows, so that no further program is compiled.
        """
        size = evaluated_at_once(self._task, self._task.rows[1])
        filled = np.concatenate([x, np.repeat(x[-1:], -len(x) % size, axis=0)]).astype(keras.config.floatx())
        blocks = (self._stack([block] * self._width) for block in np.split(filled, len(filled) // size))
        outputs = np.concatenate([self._put_out(tf.constant(block)).numpy() for block in blocks], axis=-2)
        return outputs.reshape(self._width, *outputs.shape[-2:])[:, : len(x)]

    def single_gradients(self, rows: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """Of the gradients of single rows the mean of their squared norms and the squared norm of their mean, for each
        member of the stack trained last, each (members, weights).

        Args:
            rows: as `outputs` takes them.
        """
        stacked = self._stack(self._filled(rows))
        before = [variable.numpy() for variable in self._non_trainable]  # among them what layers draw at random from
        sums = self._sum_over_rows(stacked)
        for variable, value in zip(self._non_trainable, before):
            variable.assign(value)
        squares, gradients = sums[: len(self._trainable)], sums[len(self._trainable) :]
        count, members = stacked.shape[-1], len(rows)
        mean_squares = np.stack([np.reshape(each, -1) for each in squares], axis=-1) / count
        means = [np.reshape(each, (self._width, -1)) / count for each in gradients]
        return mean_squares[:members], np.stack([(mean**2).sum(axis=1) for mean in means], axis=-1)[:members]

    def _sum_over_rows(self, stacked: np.ndarray) -> list[np.ndarray]:
        """As from `_sum_gradients`, of rows (*lead, n)."""
        return [total.numpy().astype(np.float64) for total in self._of_single_rows(tf.constant(stacked))]

    def _next_piece(self, so_far: Trained) -> list[Span]:
        """What to train next in one call, all of one stage: few spans where an epoch takes long, none at the end."""
        left = self._task.spans[so_far.measurements :]
        if not left or self._task.measures_beside:
            return left[:1]
        first = left[0]
        if so_far.measurements:
            epochs, seconds = so_far.stretches[-1]
            per_epoch = seconds / epochs
        else:
            per_epoch = self._width * self._task.epoch_seconds(self._task.stages[first.stage], self._model)
        end = first.parts[0].epoch + self._epochs_at_once
        enough = first.epoch - self._task.epochs_of(first) + _SECONDS_OF_A_PIECE / per_epoch
        further = takewhile(
            lambda span: span.stage == first.stage and span.parts[-1].epoch < end and span.epoch <= enough, left[1:]
        )
        return [first, *further]

    def _evaluate_on(self, parts: list[np.ndarray]) -> None:
        """Take these rows of the parts that are not trained on, each (*lead, rows)."""
        for variable, rows in zip(self._evaluated, parts):
            variable.assign(rows)

    def _run(self, piece: list[Span], orders: dict[int, tuple[np.ndarray, ...]]) -> tuple[np.ndarray, np.ndarray]:
        """Train some spans of one stage.

        Args:
            orders: epoch -> the rows of each member in their order, of all epochs of the piece, perhaps of others.

        Returns:
            Sums of the parts, as from `_run_parts`, and the updates at the end of each span.
        """
        first = piece[0].parts[0].epoch
        orders = [order for epoch, order in orders.items() if first <= epoch <= piece[-1].parts[-1].epoch]
        parts = [(part.epoch - first, part.first, part.end, last) for part, last in parts_of(piece)]
        rows = np.zeros(self._parts.shape, np.int32)
        rows[: len(parts)] = parts
        self._parts.assign(rows)
        sums, updates = self._programs[piece[0].batch_size](self._stack_orders(orders))
        return sums.numpy()[: len(parts)], updates.numpy()[rows[:, 3] > 0]

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
        """Row orders as the program takes them, (epochs, *lead, rows); epochs that are not asked for stay zero."""
        orders = np.zeros((self._epochs_at_once, self._width, self._task.rows[0]), np.int32)
        if epochs:
            orders[: len(epochs)] = epochs
        return tf.constant(orders.reshape(self._epochs_at_once, *self._lead, -1))


def parts_of(piece: list[Span]) -> list[tuple[Part, bool]]:
    """The parts of a piece, each with whether it ends with a measurement."""
    return [(part, part is span.parts[-1]) for span in piece for part in span.parts]
