"""Weights that are drawn without a model are those that it would have."""

import numpy as np
import pytest

from batchscope.data.prepare import make_dataset
from batchscope.training.task import Stage, Task

DENSE = {"Dense": {"units": 12, "kernel_initializer": "he_uniform"}}
GROUPS = {"GroupNormalization": {"groups": 3}}
IMAGE = {"Reshape": {"target_shape": [8, 8, 1]}}
ROWS = {"Reshape": {"target_shape": [8, 8]}}
SAME_START = {"class_name": "HeNormal", "config": {"seed": 3}}

pytestmark = pytest.mark.usefixtures("forget_models")


@pytest.fixture(scope="module")
def digits():
    return make_dataset("load_digits", {"train": 200, "test": 100, "order": "shuffled", "seed": 0})


def _of_model(task: Task, number: int) -> list[np.ndarray]:
    model = task.build_replicate(number)
    return [variable.numpy() for variable in model.trainable_variables + model.non_trainable_variables]


@pytest.mark.parametrize(
    ("model", "models"),
    [
        ([], 1),
        ([DENSE, "BatchNormalization", {"Dropout": {"rate": 0.5}}, {"GaussianNoise": {"stddev": 1.0}}], 1),
        ([IMAGE, {"Conv2D": {"filters": 3, "kernel_size": 3}}, GROUPS, "Flatten", DENSE], 1),
        ([IMAGE, {"SeparableConv2D": {"filters": 32, "kernel_size": 3}}, "GlobalAveragePooling2D"], 1),
        ([ROWS, {"LSTM": {"units": 3}}], 1),
        ([{"Dense": {"units": 5, "kernel_initializer": SAME_START}}, DENSE], 1),
        ({"file": "tests/unit/training/models.py", "function": "subclass", "arguments": {}}, 3),
    ],
    ids=str,
)
def test_they_have_the_bytes_of_those_of_a_model(digits, model, models, monkeypatch):
    task = Task(digits, model, "SGD", "SparseCategoricalCrossentropy", [Stage(48, 1)], seed=7)
    expected = [_of_model(task, number) for number in (0, 3, 1)]
    made, build = [], Task.build_replicate
    monkeypatch.setattr(Task, "build_replicate", lambda task, number: made.append(number) or build(task, number))
    drawn = [task.initial_weights(number) for number in (0, 3, 1)]
    assert len(made) == models
    for ours, theirs in zip(drawn, expected, strict=True):
        assert [value.dtype for value in ours] == [value.dtype for value in theirs]
        assert [value.tobytes() for value in ours] == [value.tobytes() for value in theirs]
    assert all(np.array_equal(*pair) for pair in zip(_of_model(task, 3), expected[1], strict=True))


def _others(spec, model):
    return [np.zeros(variable.shape) for variable in model.variables]


def _none(spec, model):
    raise TypeError("build() missing 1 required positional argument")


@pytest.mark.parametrize("draw", [_others, _none])
def test_where_layers_by_themselves_draw_others_a_model_is_made(digits, draw, monkeypatch):
    task = Task(digits, [DENSE], "SGD", "SparseCategoricalCrossentropy", [Stage(48, 1)], seed=7)
    monkeypatch.setattr("batchscope.training.task.draw_weights", draw)
    assert all(np.array_equal(*pair) for pair in zip(task.initial_weights(3), _of_model(task, 3), strict=True))
