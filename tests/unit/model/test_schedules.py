"""Learning-rate schedules are Keras's own, started at a setting's learning rate."""

import dataclasses

import numpy as np
import pytest

from batchscope.data.dataset import Dataset
from batchscope.errors import ConfigError
from batchscope.hardware.backend import keras
from batchscope.model.schedules import Schedule, start_at
from batchscope.training.task import Stage, Task

SCHEDULES = {
    "CosineDecay": {"decay_steps": 20, "alpha": 0.1},
    "CosineDecayRestarts": {"first_decay_steps": 7},
    "ExponentialDecay": {"decay_steps": 5, "decay_rate": 0.5, "staircase": True},
    "InverseTimeDecay": {"decay_steps": 5, "decay_rate": 0.5},
    "PolynomialDecay": {"decay_steps": 20, "end_learning_rate": 0.001},
}


def rates(schedule) -> np.ndarray:
    return np.array([float(schedule(step)) for step in range(30)])


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_schedule_is_that_of_keras_from_any_learning_rate(name):
    schedule = Schedule({name: SCHEDULES[name]}, updates=round)
    for rate in (0.1, 0.03):
        schedule.start_at(rate)
        expected = getattr(keras.optimizers.schedules, name)(rate, **SCHEDULES[name])
        np.testing.assert_allclose(rates(schedule), rates(expected), rtol=1e-6)


def test_every_schedule_of_keras_is_known():
    names = {name for name in dir(keras.optimizers.schedules) if name[0].isupper()}
    assert names == SCHEDULES.keys() | {"LearningRateSchedule", "PiecewiseConstantDecay"}


def test_values_are_ratios_to_the_first():
    schedule = Schedule({"PiecewiseConstantDecay": {"boundaries": [10, 20], "values": [2, 1, 0.2]}}, updates=round)
    schedule.start_at(0.1)
    np.testing.assert_allclose(rates(schedule)[[0, 10, 11, 20, 21]], [0.1, 0.1, 0.05, 0.05, 0.01], rtol=1e-6)


@pytest.fixture
def task() -> Task:
    x, y = np.zeros((100, 2), np.float32), np.arange(100) % 2
    stages = [Stage(10, 4), Stage(50, 6)]
    decay = {"CosineDecay": {"decay_epochs": 5}}
    return Task(Dataset(x, y, x, y), [], "SGD", "CategoricalCrossentropy", stages, 0, learning_rate_schedule=decay)


def test_epochs_become_the_updates_that_are_made_in_them(task):
    assert [task.updates(epochs) for epochs in (0.5, 4, 5, 10, 11)] == [5, 40, 42, 52, 54]
    optimizer = task.build_optimizer(0.1)
    assert optimizer._learning_rate._arguments == {"decay_steps": 42}
    start_at(optimizer, 0.2)
    assert float(optimizer.learning_rate) == pytest.approx(0.2)


def test_a_schedule_is_as_long_where_gradients_are_accumulated(task):
    accumulating = dataclasses.replace(task, optimizer={"SGD": {"gradient_accumulation_steps": 4}}, warmup=0.2)
    optimizer = accumulating.build_optimizer(0.1)
    variable = keras.Variable(0.0)
    optimizer.build([variable])
    rates = []
    for _ in range(40):
        before = float(variable)
        optimizer.apply([np.float32(-1)], [variable])
        rates.append(float(variable) - before)
    cosine = 0.05 * (1 + np.cos(np.pi * np.arange(3, 40, 4) / 42))
    rising = np.minimum(1, np.arange(4, 41, 4) / 11)  # a fifth of 52 batches
    np.testing.assert_allclose(rates[3::4], cosine * rising, rtol=1e-5)


@pytest.mark.parametrize(("scaling", "times"), [("linear", 5), ("sqrt", 5**0.5)])
def test_a_rate_goes_with_the_batch_size_of_each_stage(task, scaling, times):
    """40 updates at 10, then as many as are asked for at 50; a warm-up and a schedule go on as they are."""
    constant = dataclasses.replace(task, learning_rate_schedule=None, scaling=scaling)
    steps = [0, 39, 40, 41, 60]
    held = [float(constant.build_optimizer(0.1)._learning_rate(step)) for step in steps]
    np.testing.assert_allclose(held, [0.1, 0.1, 0.1 * times, 0.1 * times, 0.1 * times], rtol=1e-6)
    both = dataclasses.replace(task, scaling=scaling, warmup=0.9)
    decayed, held = (
        [float(each.build_optimizer(0.1)._learning_rate(step)) for step in steps]
        for each in (dataclasses.replace(both, scaling="none"), both)
    )
    np.testing.assert_allclose(held, np.multiply(decayed, [1, 1, times, times, times]), rtol=1e-6)


def test_it_does_with_the_first_update_of_a_stage_where_epochs_are_fractions(task):
    """Each stage is rounded to whole updates: 1.2 and 1.4 to one each, though 2.6 are three."""
    stages = [Stage(50, 0.6), Stage(10, 0.14), Stage(100, 2)]
    scaled = dataclasses.replace(task, learning_rate_schedule=None, stages=stages, scaling="linear")
    rates = [float(scaled.build_optimizer(0.1)._learning_rate(step)) for step in range(4)]
    by_spans = np.repeat([stage.batch_size for stage in stages], [1, 1, 2]) / 50
    assert [span.stage for span in scaled.spans for _ in range(span.updates)] == [0, 1, 2, 2]
    np.testing.assert_allclose(rates, 0.1 * by_spans, rtol=1e-6)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("CosinDecay", "learning_rate_schedule: .* has no 'CosinDecay'; did you mean 'CosineDecay'?"),
        ("CosineDecay", "learning_rate_schedule.CosineDecay: .*decay_steps"),
        ({"CosineDecay": {"decay_step": 5}}, "no argument 'decay_step'; did you mean 'decay_steps'?"),
        ({"CosineDecay": {"initial_learning_rate": 5}}, "goes under the study's `learning_rates`"),
        (
            {"CosineDecay": {"decay_epochs": "long"}},
            "decay_epochs: 'long' does not fit; expected numbers of epochs above 0",
        ),
        ({"CosineDecay": {"decay_epochs": 5, "decay_steps": 9}}, "give one of `decay_steps` and `decay_epochs`"),
        ({"PiecewiseConstantDecay": {"boundaries": [1], "values": [1]}}, "PiecewiseConstantDecay: .*boundaries"),
    ],
    ids=str,
)
def test_what_keras_does_not_take_is_told_in_one_line(spec, message):
    with pytest.raises(ConfigError, match=message):
        Schedule(spec, updates=round)
