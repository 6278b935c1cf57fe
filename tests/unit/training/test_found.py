"""The line on the terminal of what a training job found."""

import dataclasses

import numpy as np
import pytest

from batchscope.training.found import what_was_found
from batchscope.training.task import Stage, Task
from batchscope.training.train import Result


@pytest.fixture
def task() -> Task:
    fields = {field.name: None for field in dataclasses.fields(Task)}
    return Task(**fields | {"loss": "SparseCategoricalCrossentropy", "stages": [Stage(32, 5)]})


def result(learning_rate: float, accuracies: list[float]) -> Result:
    history = np.array([[[0.1, 0.9, 0.2, accuracy]] for accuracy in accuracies])
    stretches, nothing = [(len(accuracies), 1, 0.95)] * 2, np.empty(0)
    return Result(learning_rate, history, np.ones(1), stretches, "", {}, nothing, {}, nothing, nothing)


def test_a_single_setting_has_its_mean_and_interval(task):
    found = what_was_found(task, [result(0.01, [0.8, 0.82, 0.84])])
    assert found == "batch size 32: 3 trainings in 1.9 s, test accuracy 0.820 [0.770, 0.870]"


def test_of_several_settings_the_best_is_told_and_what_diverged(task):
    found = what_was_found(task, [result(0.01, [0.8, np.nan]), result(0.1, [np.nan, np.nan])])
    assert found == (
        "batch size 32: 4 trainings in 3.8 s, test accuracy 0.800 at learning rate 0.01, the best of 2, 3 diverged"
    )


def test_of_those_on_new_splits_it_is_said_how_many(task):
    found = what_was_found(task, [result(0.01, [0.8, 0.8])], on_new_splits=2)
    assert found == "batch size 32: 2 trainings in 1.9 s, test accuracy 0.800, 2 more on new splits"


def test_where_all_diverged_there_is_no_mean(task):
    assert what_was_found(task, [result(1, [np.nan])]) == "batch size 32: 1 training in 1.9 s, 1 diverged"
