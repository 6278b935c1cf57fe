"""Which way of training is right for a model: the fastest one that gives what `Model.fit` gives, found by trying.

Replicate 1 of two is trained for some updates, and evaluated, by the program that would train it and by `Model.fit`,
from the same weights. Where they differ by more than rounding the next slower way is tried.
"""

from dataclasses import replace
from functools import cache, partial
from typing import NamedTuple

import numpy as np

from batchscope.data.dataset import Dataset
from batchscope.errors import ConfigError, reason
from batchscope.hardware.backend import keras
from batchscope.results.history import MEASURES
from batchscope.training.compiled import CompiledEngine
from batchscope.training.engines import EAGERLY, FIT, STACKED, Way, ways_from
from batchscope.training.fit import FitEngine
from batchscope.training.task import Draw, Stage, Task

_BATCH_SIZE, _BATCHES, _EPOCHS = 8, 3, 3
_TEST_ROWS = 40  # more than Keras evaluates at once
_RATES = (0.01, 1e-4)  # the second one where the first one diverges
_ROUNDING = 1e-5  # of the largest value: no more than this is rounding in float32
_TIMES_ROUNDING = 100  # and as many times what rounding the initial weights changes
_DRAWS = [Draw(0, 0, None), Draw(1, 1, None)]


class _Trained(NamedTuple):
    """What comes of training replicate 1."""

    losses: np.ndarray  # (epochs, parts)
    state: list[np.ndarray]  # the trainable variables first, then the others of the model


class _Reference(NamedTuple):
    """The same with `Model.fit`, and how it had to be trained."""

    trained: _Trained
    outputs: np.ndarray  # (test rows, outputs)
    learning_rate: float
    untraceable: str  # why only eagerly


def find_way(task: Task, fastest: Way) -> tuple[Way, np.ndarray]:
    """The fastest way, from `fastest` on, that trains as `Model.fit` does, and why none that is faster.

    Also what the model puts out for the test rows that were tried, (rows, outputs).

    Raises:
        ConfigError: not even `Model.fit` can train the model.
    """
    task = _small(task)
    reference = _train_with_fit(task)
    if reference.untraceable:
        return Way(EAGERLY, f"it can only be called eagerly: {reference.untraceable}"), reference.outputs
    ways = ways_from(task, fastest)
    if (policy := keras.config.dtype_policy()).name == keras.config.floatx():
        return _fastest_that_agrees(task, ways, reference), reference.outputs
    keras.config.set_dtype_policy(keras.config.floatx())  # rounding in half precision would hide much
    try:
        return _fastest_that_agrees(task, ways, _train_with_fit(task)), reference.outputs
    finally:
        keras.config.set_dtype_policy(policy)


def _small(task: Task) -> Task:
    """The same with a few rows of each class from each part of the dataset, and a few batches."""
    batch_size = max(1, min(_BATCH_SIZE, len(task.dataset.y_train) // _BATCHES))

    def some(x: np.ndarray, y: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
        chosen = np.linspace(0, len(y) - 1, min(count, len(y))).astype(int)
        rows = np.argsort(y, kind="stable")[chosen]  # the last class is among them, so there are as many outputs
        return x[rows], y[rows]

    train, test, *_ = task.dataset.parts
    dataset = Dataset(*some(*train, batch_size * _BATCHES), *some(*test, _TEST_ROWS))
    return replace(task, dataset=dataset, splits=None, stages=[Stage(batch_size, _EPOCHS)], metrics=())


def _fastest_that_agrees(task: Task, ways: list[Way], reference: _Reference) -> Way:
    with_xla = cache(partial(_train_with_fit, task, jit_compile=True))
    why = ways[0].why
    for way in ways:
        if way.name == FIT:
            break
        try:
            programs = _train_with_program(task, reference.learning_rate, stacked=way.name == STACKED)
        except Exception as error:  # whatever cannot be compiled is left to a slower way
            why = f"it cannot be compiled{' to train a stack' if way.name == STACKED else ''}: {reason(error)}"
            continue
        fault = _fault(task, *programs, reference.trained)
        # XLA draws other random numbers: a model that draws any has to agree where `Model.fit` draws the same.
        if fault is None or _fault(task, *programs, with_xla().trained) is None:
            break
        why = fault
    return Way(way.name, why)


def _train_with_fit(task: Task, jit_compile: bool | str = "auto") -> _Reference:
    refused = None
    for eagerly in (False, True):
        engine = FitEngine(task, eagerly, jit_compile)
        try:
            for rate in _RATES:
                [history] = engine.train(_DRAWS[1:], rate, lambda _: None).history
                if np.isfinite(history[:, 0::2]).all():
                    break
            trained = _Trained(history[:, 0::2], engine.state())
            [outputs] = engine.outputs([task.split(None)[1]])
            return _Reference(trained, outputs, rate, reason(refused) if refused else "")
        except ConfigError:
            raise
        except Exception as error:  # whatever Keras says of the combination is for the user
            refused = refused or error
            jit_compile = False  # which cannot be where nothing is traced
    raise ConfigError("model", f"an update fails with this dataset, optimizer and loss: {reason(refused)}") from None


def _train_with_program(task: Task, learning_rate: float, stacked: bool) -> list[_Trained]:
    """What comes of training twice from the same weights, and once from the same but for rounding."""
    draws = _DRAWS if stacked else _DRAWS[1:]
    engine = CompiledEngine(task, len(draws), stacked)
    trainings = []
    for start in (engine.start(draws), engine.start(draws), _rounded(engine.start(draws))):
        history = engine.train(draws, learning_rate, lambda _: None, state=start).history
        state = [value[-1] if stacked and value.ndim else value for value in engine.state()]
        trainings.append(_Trained(history[-1, :, 0::2], state))
    return trainings


def _rounded(state: list[np.ndarray]) -> list[np.ndarray]:
    """The same values but for rounding."""
    signs = np.random.default_rng(0)
    return [
        (value * (1 + np.finfo(value.dtype).eps * signs.choice([-1, 1], value.shape))).astype(value.dtype)
        if value.dtype.kind == "f"
        else value
        for value in state
    ]


def _fault(task: Task, compiled: _Trained, again: _Trained, rounded: _Trained, fit: _Trained) -> str | None:
    """In what a program differs from `Model.fit`, in words, if in anything."""
    if not np.array_equal(compiled.losses, again.losses, equal_nan=True):
        return "when it is compiled, it trains otherwise a second time"
    for epoch, part in zip(*np.nonzero(_differ(compiled.losses, fit.losses, rounded.losses))):
        return (
            f"when it is compiled, its {MEASURES[2 * part].replace('_', ' ')} after {(epoch + 1) * _BATCHES} updates "
            f"is {compiled.losses[epoch, part]:.5g}, and {fit.losses[epoch, part]:.5g} with Model.fit"
        )
    model = task.build_replicate(1)
    variables = model.trainable_variables + model.non_trainable_variables
    for variable, *values in zip(variables, compiled.state, fit.state, rounded.state):
        if values[0].dtype.kind == "f" and _differ(*values).any():
            return f"when it is compiled, its {variable.path} becomes another one than with Model.fit"
    return None


def _differ(values: np.ndarray, expected: np.ndarray, rounded: np.ndarray) -> np.ndarray:
    """Where values differ from the expected ones by more than comes of rounding, as that of the start shows."""
    grown = np.nanmax(np.abs(values - rounded), initial=0)
    largest = np.nanmax(np.abs(expected), initial=0)
    unlike = np.abs(values - expected) > _TIMES_ROUNDING * grown + _ROUNDING * largest
    return unlike | (np.isnan(values) != np.isnan(expected))
