"""All trainings of one batch size: the engine that can do it, progress in the log, and the results in one table."""

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from batchscope.backend import tf
from batchscope.checkpoint import Checkpoint
from batchscope.compiled import (
    CompiledEngine,
    sees_micro_batches,
    stack_width,
    why_not_compiled,
    why_not_stacked,
)
from batchscope.ensembles import ensemble_accuracies
from batchscope.errors import reason
from batchscope.fit import FitEngine
from batchscope.history import MEASURES
from batchscope.losses import is_a_sum, score_of
from batchscope.streaming import StreamingEngine
from batchscope.task import Task, Trained

_log = logging.getLogger(__name__)
_MB_OF_TENSORFLOW = 1200  # what a process needs before it trains anything
_SHARE_OF_DATA = 0.25  # of the memory; data that takes more of it stays on the host and is streamed
_SECONDS_OF_SILENCE = 30
_WIDEST = 128  # wider stacks take as long per replicate, and leave less to see of the progress
_CANNOT_COMPILE = (
    tf.errors.InvalidArgumentError,
    tf.errors.UnimplementedError,
    ValueError,
    TypeError,
    NotImplementedError,
)


class Result(NamedTuple):
    """The trainings of one setting."""

    learning_rate: float
    history: np.ndarray  # (replicates, epochs, measures): loss and accuracy of each part, see `batchscope.history`
    updates: np.ndarray  # (epochs,): updates of the optimizer up to the end of each epoch
    stretches: list[tuple[int, int, float]]  # the training in pieces: replicates, epochs, seconds (compiling left out)
    engine: str  # what trained, and why nothing faster did, in words


def train(
    task: Task, learning_rates: list[float], replicates: int, engine: str, memory_mb: int, checkpoint: Checkpoint
) -> list[Result]:
    """Train every replicate at every learning rate, from where a checkpoint of the job has them.

    Where `engine` is "compiled", the fastest way is taken that trains as `Model.fit` would: stacked, else compiled one
    replicate at a time, else `Model.fit`. The log says which and why. Stacks that do not fit into `memory_mb`, or into
    what there is, are trained in groups.
    """

    def work(task: Task, width: int) -> list[Result]:
        stacks = {rate: [] for rate in learning_rates}
        ready, words = make_engine(task, engine, width, memory_mb)
        for rate, trained in _train_stacks(ready, task, learning_rates, replicates, checkpoint):
            stacks[rate].append(trained)
        return [_join(rate, trained, words) for rate, trained in stacks.items()]

    return _in_memory(work, task, width=_equal_groups(task, replicates, memory_mb))


def train_ensembles(
    task: Task,
    learning_rate: float,
    members: int,
    repeats: int,
    engine: str,
    memory_mb: int,
    checkpoint: Checkpoint,
) -> list[list[tuple[int, float, float, float]]]:
    """Train `repeats` ensembles of `members` replicates, no two with the same one; see `ensemble_accuracies`."""
    data = task.dataset
    rows = np.concatenate([data.x_test, data.x_validation])

    def work(task: Task, width: int) -> list[np.ndarray]:
        predictions = []
        ready, _ = make_engine(task, engine, width, memory_mb)
        for _, trained in _train_stacks(ready, task, [learning_rate], members * repeats, checkpoint, keep_weights=True):
            predictions += list(ready.predict(rows)[: len(trained.history)])
        return predictions

    predictions = _in_memory(work, task, width=_equal_groups(task, members * repeats, memory_mb))
    ensembles = np.reshape(predictions, (repeats, members, len(rows), data.classes))
    test, validation = np.split(ensembles, [len(data.x_test)], axis=2)
    return [
        list(ensemble_accuracies(on_test, data.y_test, on_validation, data.y_validation))
        for on_test, on_validation in zip(test, validation)
    ]


def _equal_groups(task: Task, replicates: int, memory_mb: int) -> int:
    """The width of a stack that fits into memory, such that one program serves all groups."""
    width = stack_width(task, min(replicates, _WIDEST), memory=(memory_mb - _MB_OF_TENSORFLOW) * 2**20)
    groups = -(-replicates // width)
    return -(-replicates // groups)


def _in_memory(work: Callable[[Task, int], list], task: Task, width: int) -> list:
    """Work with stacks of this width, or of half of it where memory runs out, and so on.

    Where it runs out for one replicate, half the rows of a batch make a micro-batch, and so on.
    """
    while True:
        try:
            return work(task, width)
        except tf.errors.ResourceExhaustedError:
            if width > 1:
                width = -(-width // 2)
                _log.warning("out of memory; trying again with %d replicates at a time", width)
            elif task.rows_at_once > 1 and not is_a_sum(task.loss):
                task = replace(task, micro_batch_size=-(-task.rows_at_once // 2))
                _log.warning("out of memory; trying again with micro-batches of %d rows", task.micro_batch_size)
            else:
                raise


def make_engine(task: Task, engine: str, width: int, memory_mb: int) -> tuple[CompiledEngine | FitEngine, str]:
    """The fastest engine that is right for the task, and in words which it is and why.

    It streams the rows where they take much of the memory.
    """
    said = []

    def say(text: str) -> None:
        _log.info(text)
        said.append(text)

    return _choose_engine(task, engine, width, memory_mb, say), "; ".join(said)


def _choose_engine(
    task: Task, engine: str, width: int, memory_mb: int, say: Callable[[str], None]
) -> CompiledEngine | FitEngine:
    if engine == "fit":
        say("training with Model.fit, as the config asks")
        return FitEngine(task)
    optimizer, model = task.build_optimizer(0.0), task.build_replicate(0)
    if why := why_not_compiled(optimizer, model):
        say(f"training with Model.fit: {why}")
        return FitEngine(task)
    compiled_engine = CompiledEngine
    if task.x.nbytes > _SHARE_OF_DATA * memory_mb * 2**20:
        say(f"the rows are streamed: {task.x.nbytes / 2**20:.0f} MB are much of the {memory_mb} MB of memory")
        compiled_engine = StreamingEngine
    ways: list[tuple[str, Callable[[], CompiledEngine]]] = [
        (f"{width} replicates at a time", lambda: compiled_engine(task, width, stacked=True)),
        ("one replicate at a time", lambda: compiled_engine(task, 1, stacked=False)),
    ]
    if why := why_not_stacked(optimizer, model):
        say(f"the replicates are not stacked: {why}")
        ways = ways[1:]
    for way, make in ways:
        begin = time.perf_counter()
        try:
            compiled = make()
        except _CANNOT_COMPILE as error:
            say(f"cannot be compiled to train {way}: {reason(error)}")
            continue
        say(f"compiled to train {way}")
        _log.info("compiling took %.1f s", time.perf_counter() - begin)
        if task.rows_at_once < max(stage.batch_size for stage in task.stages):
            say(f"the gradients of larger batches are added up from micro-batches of {task.rows_at_once} rows")
            if layers := sees_micro_batches(model):
                say(f"to these layers a micro-batch is the whole batch: {', '.join(layers)}")
        return compiled
    say("training with Model.fit, as nothing faster can train this model")
    return FitEngine(task)


def _train_stacks(
    engine: CompiledEngine | FitEngine,
    task: Task,
    learning_rates: list[float],
    replicates: int,
    checkpoint: Checkpoint,
    keep_weights: bool = False,
) -> Iterator[tuple[float, Trained]]:
    """Every stack at every learning rate, trained as far as the checkpoint does not have it yet.

    Where the weights are kept, the engine has those of the stack that it yields.
    """
    progress = _Progress(task, replicates * len(learning_rates))
    for first in range(0, replicates, engine.width):
        members = min(engine.width, replicates - first)  # beyond the last replicate a stack is only filled
        for rate in learning_rates:
            stack = (engine.width, first, rate)
            so_far, state = checkpoint.load(stack)
            progress.begin(members, so_far)

            def report(so_far: Trained, stack: tuple = stack) -> None:
                progress.report(stack[-1], so_far)
                if checkpoint.due():
                    checkpoint.save(stack, so_far, engine.state())

            if so_far.epochs < task.epochs or keep_weights:
                so_far = engine.train(first, rate, report, so_far, state)
                checkpoint.save(stack, so_far, engine.state() if keep_weights else [])
            progress.finish(members)
            yield rate, so_far._replace(history=so_far.history[:members])


def _join(learning_rate: float, stacks: list[Trained], engine: str) -> Result:
    """The stacks of one setting together."""
    return Result(
        learning_rate,
        _mark_diverged(np.concatenate([trained.history for trained in stacks])),
        stacks[0].updates,
        [(len(trained.history), int(epochs), seconds) for trained in stacks for epochs, seconds in trained.stretches],
        engine,
    )


def _mark_diverged(history: np.ndarray) -> np.ndarray:
    """From the first epoch on whose loss is not finite a replicate has no loss and no accuracy: both become NaN."""
    diverged = np.logical_or.accumulate(~np.isfinite(history[..., 0::2]).all(axis=-1), axis=1)
    return np.where(diverged[..., None], np.nan, history)


class _Progress:
    """A line in the log for every tenth of a stack's epochs, and now and then where those take long."""

    def __init__(self, task: Task, trainings: int):
        self._task = task
        self._trainings = trainings
        self._score = f"test_{score_of(task.loss)}"
        self._finished = 0
        self._given = 0.0  # trainings that a checkpoint had
        self._begin = self._said = time.perf_counter()

    def begin(self, members: int, so_far: Trained) -> None:
        self._given += members * so_far.epochs / self._task.epochs

    def report(self, learning_rate: float, so_far: Trained) -> None:
        now, epochs = time.perf_counter(), self._task.epochs
        tenth = so_far.epochs == epochs or so_far.epochs % -(-epochs // 10) == 0
        if not tenth and now - self._said < _SECONDS_OF_SILENCE:
            return
        self._said = now
        done = min(self._finished + len(so_far.history) * so_far.epochs / epochs, self._trainings)
        left = (now - self._begin) * (self._trainings - done) / (done - self._given)
        score = so_far.history[:, -1, MEASURES.index(self._score)]
        batch_size = ", then ".join(str(stage.batch_size) for stage in self._task.stages)
        _log.info(
            f"batch size {batch_size}, learning rate {learning_rate:g}: "
            f"epoch {so_far.epochs} of {epochs}, {self._score.replace('_', ' ')} {np.mean(score):.3f}; "
            f"{self._finished} of {self._trainings} trainings done, {left:.0f} s left"
        )

    def finish(self, trainings: int) -> None:
        self._finished += trainings
