"""The program in NumPy that ships trains as Keras does: alike from the same weights, and but for luck from its own."""

import runpy

import numpy as np
import pytest

from batchscope.data.prepare import make_dataset
from batchscope.study.config import check_config
from batchscope.study.keras_plan import KerasPlan
from batchscope.training.checkpoint import Checkpoint
from batchscope.training.engines import Way
from batchscope.training.task import Task, make_task
from batchscope.training.train import train
from tests.checkout import ROOT

PROGRAMS = ROOT / "studies/programs"
LEARNING_RATE, EPOCHS, TRAININGS = 0.01, 30, 30
SIGMAS = 3.5  # the eight means of a test lie within it in 99 of 100 sets of trainings
NETWORK = {
    "dataset": {"make_blobs": {"n_samples": 1000, "centers": 3, "n_features": 2, "cluster_std": 2, "random_state": 2}},
    "split": {"train": 500, "order": "as_given"},
    "model": [{"Dense": {"units": 50, "activation": "relu", "kernel_initializer": "he_uniform"}}],
    "optimizer": {"SGD": {"momentum": 0.9}},
    "epochs": EPOCHS,
    "batch_sizes": [8, 32, 500],
    "learning_rates": [LEARNING_RATE],
}


def keras_task(batch_size: int, **changes) -> Task:
    [spec] = check_config({"studies": {"blobs": NETWORK}})["studies"].values()
    data = make_dataset(spec["dataset"], spec["split"])
    study = KerasPlan("blobs", spec, train_rows=500, multiplications=1)
    return make_task(data, **study.training(str(batch_size))["task"] | changes)


def trained_by_keras(task: Task, trainings: int, folder) -> np.ndarray:
    """Loss and accuracy of the training rows and of the test rows, shaped (trainings, epochs, 4)."""
    groups = {"own": task.replicates(trainings)}
    [result] = train(task, [LEARNING_RATE], groups, Way("compiled"), 3000, Checkpoint(folder, "key"))["own"]
    return result.history


def sigmas(some: np.ndarray, others: np.ndarray) -> np.ndarray:
    """How many standard errors the means over trainings lie apart, by epoch and measure."""
    variances = [np.var(each, axis=0, ddof=1) / len(each) for each in (some, others)]
    return (some.mean(axis=0) - others.mean(axis=0)) / np.sqrt(sum(variances))


@pytest.fixture
def numpy_program() -> dict:
    return runpy.run_path(str(PROGRAMS / "numpy_blobs.py"))


def test_numpy_trains_on_full_batches_as_keras_does_from_the_same_weights(numpy_program, float64, tmp_path):
    task = keras_task(500, dtype_policy="float64")
    [expected] = trained_by_keras(task, 1, tmp_path)
    weights = task.build_replicate(0).get_weights()
    numpy_program["train"].__globals__["make_weights"] = lambda generator: weights
    history = numpy_program["train"](500, LEARNING_RATE, 0, EPOCHS)
    np.testing.assert_array_equal(history[:, 0], np.arange(1, EPOCHS + 1))
    np.testing.assert_allclose(history[:, 1:], expected, rtol=1e-5)  # Keras is given the features in single precision


def test_numpy_draws_weights_as_keras_does(numpy_program):
    task = keras_task(500)
    ours = [numpy_program["make_weights"](np.random.default_rng(seed)) for seed in range(20)]
    theirs = [task.build_replicate(number).get_weights() for number in range(20)]
    for some, others in zip(map(np.abs, map(np.array, zip(*ours))), map(np.abs, map(np.array, zip(*theirs)))):
        assert some.max() == pytest.approx(others.max(), rel=0.02)  # of 2000 and more uniform draws
        assert some.mean() == pytest.approx(others.mean(), rel=0.05)


def test_numpy_trains_on_batches_as_keras_does_but_for_luck(numpy_program, tmp_path):
    histories = [numpy_program["train"](32, LEARNING_RATE, seed, EPOCHS)[:, 1:] for seed in range(TRAININGS)]
    apart = sigmas(np.array(histories), trained_by_keras(keras_task(32), TRAININGS, tmp_path))
    assert np.abs(apart[[0, -1]]).max() < SIGMAS
