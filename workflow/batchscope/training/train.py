"""All trainings of one batch size, stack by stack."""

import logging
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from itertools import zip_longest
from types import MappingProxyType
from typing import NamedTuple, TypeVar

import numpy as np

from batchscope.ending import exit_if_told, exit_later
from batchscope.hardware.backend import keras, tf
from batchscope.model.losses import can_be_divided
from batchscope.results.row_scores import RowScores, join
from batchscope.training.checkpoint import Checkpoint
from batchscope.training.compiled import stack_width
from batchscope.training.engines import Engine, Way, make_engines
from batchscope.training.ensembles import ensemble_accuracies
from batchscope.training.looks import NO_LOOKS, Looks
from batchscope.training.progress import Progress
from batchscope.training.scoring import outputs_of_parts, score_rows
from batchscope.training.task import Draw, Task, Trained

_T = TypeVar("_T")
_log = logging.getLogger(__name__)
_MB_OF_TENSORFLOW = 1200  # what a process needs before it trains anything
_WIDEST = 128  # wider stacks take as long per replicate, and leave less to see of the progress


class Result(NamedTuple):
    """The trainings of one setting."""

    learning_rate: float
    history: np.ndarray  # (replicates, measurements, measures): loss and accuracy of each part, see `results.history`
    updates: np.ndarray  # (measurements,): updates of the optimizer so far
    stretches: list[tuple[int, float, float]]  # pieces of the training: replicates, epochs, seconds without compiling
    engine: str  # what trained, and why nothing faster did, in words
    rows: dict[str, RowScores]  # the scores of the test rows and, where there are any, of the validation rows
    metrics: np.ndarray  # (replicates, measurements, columns): what is measured beside: `history.metric_columns`
    outputs: dict[
        str, np.ndarray
    ]  # of each part (replicates, rows, outputs), where they are kept; NaN of diverged ones
    boundary: np.ndarray  # what the first replicates predict at moments, and how many test rows of a class all of them
    confusion: np.ndarray  # take for each, as `Trained` has them; no moments where it is not looked at them


def train(
    task: Task,
    learning_rates: list[float],
    groups: dict[str, list[Draw]],
    way: Way,
    memory_mb: int,
    checkpoint: Checkpoint,
    kept: Collection[str] = (),
    looks: Mapping[str, Looks] = MappingProxyType({}),
) -> dict[str, list[Result]]:
    """Train every draw of some named groups at every learning rate, from where a checkpoint of the job has them.

    The first group decides how many are trained at once, so its results do not depend on the others.

    They are trained in this `way`, or in the next slower one where it cannot be; the log says which and why. Stacks
    that do not fit into `memory_mb`, or into what there is, are trained in groups. What the replicates of the groups
    `kept` put out is in their results, and so is what is seen of groups that have `looks`.
    """

    def work(task: Task, width: int) -> dict[str, list[Result]]:
        stacks = {name: {rate: [] for rate in learning_rates} for name in groups}
        engines, words = make_engines(task, groups, way, width, memory_mb)
        for name, rate, draws, trained in _train_stacks(engines, task, learning_rates, groups, checkpoint, looks):
            outputs = outputs_of_parts(task, draws, engines[name].outputs)
            stacks[name][rate].append((trained, score_rows(task, draws, outputs), outputs if name in kept else {}))
        return {
            name: [_join(rate, *zip(*trained), words[name]) for rate, trained in of_rates.items()]
            for name, of_rates in stacks.items()
        }

    first, *_ = groups.values()
    return in_memory(work, task, width=equal_stacks(task, len(first), memory_mb))


def train_ensembles(
    task: Task,
    learning_rate: float,
    members: int,
    repeats: int,
    way: Way,
    memory_mb: int,
    checkpoint: Checkpoint,
) -> list[list[tuple[int, float, float, float]]]:
    """Train `repeats` ensembles of `members` replicates, no two with the same one; see `ensemble_accuracies`."""
    data = task.dataset
    groups = {"ensembles": task.replicates(members * repeats)}
    _, test_rows, validation_rows = task.split(None)
    rows = np.concatenate([test_rows, validation_rows])

    def work(task: Task, width: int) -> list[np.ndarray]:
        predictions = []
        engines, _ = make_engines(task, groups, way, width, memory_mb)
        for name, _, draws, _ in _train_stacks(engines, task, [learning_rate], groups, checkpoint):
            outputs = engines[name].outputs([rows] * len(draws))
            predictions += list(keras.ops.convert_to_numpy(keras.ops.softmax(outputs)))
        return predictions

    predictions = in_memory(work, task, width=equal_stacks(task, members * repeats, memory_mb))
    ensembles = np.reshape(predictions, (repeats, members, len(rows), data.classes))
    test, validation = np.split(ensembles, [len(data.x_test)], axis=2)
    return [
        list(ensemble_accuracies(on_test, data.y_test, on_validation, data.y_validation))
        for on_test, on_validation in zip(test, validation)
    ]


def train_model(
    task: Task,
    learning_rate: float,
    replicates: int,
    chosen: int,
    way: Way,
    memory_mb: int,
    checkpoint: Checkpoint,
) -> keras.Model:
    """One of the replicates that `train` trains, by itself: trained in the same stack, so it has the same weights."""
    draws = task.replicates(replicates)

    def work(task: Task, width: int) -> keras.Model:
        [engine] = make_engines(task, {"model": draws}, way, width, memory_mb)[0].values()
        first = chosen // engine.width * engine.width
        stack = {"model": draws[first : first + engine.width]}
        [_] = _train_stacks({"model": engine}, task, [learning_rate], stack, checkpoint)
        model = task.build_replicate(draws[chosen].weights)
        variables = [*model.trainable_variables, *model.non_trainable_variables]
        for variable, value in zip(variables, engine.weights(chosen - first), strict=True):
            variable.assign(value)
        return model

    return in_memory(work, task, width=equal_stacks(task, replicates, memory_mb))


def equal_stacks(task: Task, replicates: int, memory_mb: int) -> int:
    """The width of a stack that fits into memory, such that one program serves all stacks."""
    width = stack_width(task, min(replicates, _WIDEST), memory=(memory_mb - _MB_OF_TENSORFLOW) * 2**20)
    stacks = -(-replicates // width)
    return -(-replicates // stacks)


def in_memory(work: Callable[[Task, int], _T], task: Task, width: int) -> _T:
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
            elif task.rows_at_once > 1 and can_be_divided(task.loss, weighted=task.class_weight is not None):
                task = replace(task, micro_batch_size=-(-task.rows_at_once // 2))
                _log.warning("out of memory; trying again with micro-batches of %d rows", task.micro_batch_size)
            else:
                raise


def _train_stacks(
    engines: dict[str, Engine],
    task: Task,
    learning_rates: list[float],
    groups: dict[str, list[Draw]],
    checkpoint: Checkpoint,
    looks: Mapping[str, Looks] = MappingProxyType({}),
) -> Iterator[tuple[str, float, list[Draw], Trained]]:
    """Every stack of every group at every learning rate, trained as far as the checkpoint does not have it yet.

    The engine of the group has the weights of the stack that is yielded.
    """
    progress = Progress(task, [*groups], len(learning_rates) * sum(map(len, groups.values())))
    for name, first, draws in _stacks(groups, engines):
        for rate in learning_rates:
            engine, stack = engines[name], (name, engines[name].width, first, rate)
            so_far, state = checkpoint.load(stack)
            progress.begin(len(draws), so_far)

            def report(so_far: Trained, engine: Engine = engine, stack: tuple = stack) -> None:
                progress.report(stack[0], stack[-1], so_far)
                if checkpoint.due():
                    checkpoint.save(stack, so_far, engine.state())
                    exit_if_told()

            with exit_later():
                trained = engine.train(draws, rate, report, so_far, state, looks.get(name, NO_LOOKS))
                _log.info("training took %.2f s", trained.stretches[len(so_far.stretches) :, 1].sum())
                if so_far.measurements < len(task.spans):
                    checkpoint.save(stack, trained, engine.state())
            progress.finish(len(draws))
            yield name, rate, draws, trained


def _stacks(groups: dict[str, list[Draw]], engines: dict[str, Engine]) -> Iterator[tuple[str, int, list[Draw]]]:
    """The stacks of all groups: the first of each, which may start from the same weights, then the second of each."""
    stacks = [
        [(name, first, draws[first : first + width]) for first in range(0, len(draws), width)]
        for name, draws, width in ((name, draws, engines[name].width) for name, draws in groups.items())
    ]
    for together in zip_longest(*stacks):
        yield from filter(None, together)


def _join(
    learning_rate: float,
    stacks: list[Trained],
    scores: list[dict[str, RowScores]],
    outputs: list[dict[str, np.ndarray]],
    engine: str,
) -> Result:
    """The stacks of one setting together."""
    history = _mark_diverged(np.concatenate([trained.history for trained in stacks]))
    metrics = np.concatenate([trained.metrics for trained in stacks])
    diverged = np.isnan(history[:, -1, 0])
    put_out = {part: np.concatenate([of_stack[part] for of_stack in outputs]) for part in outputs[0]}
    return Result(
        learning_rate,
        history,
        stacks[0].updates,
        [(len(trained.history), float(epochs), seconds) for trained in stacks for epochs, seconds in trained.stretches],
        engine,
        {part: join([of_stack[part] for of_stack in scores]).without(diverged) for part in scores[0]},
        np.where(np.isnan(history[..., :1]), np.nan, metrics),
        {part: np.where(diverged[:, None, None], np.float32(np.nan), values) for part, values in put_out.items()},
        np.concatenate([trained.boundary for trained in stacks], axis=1),
        sum(trained.confusion for trained in stacks),
    )


def _mark_diverged(history: np.ndarray) -> np.ndarray:
    """From the first loss on that is not finite a replicate has no loss and no accuracy: both become NaN."""
    diverged = np.logical_or.accumulate(~np.isfinite(history[..., 0::2]).all(axis=-1), axis=1)
    return np.where(diverged[..., None], np.nan, history)
