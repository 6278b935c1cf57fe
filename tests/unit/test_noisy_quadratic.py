"""The program of the noisy quadratic model: its closed form is the mean of what it trains."""

import runpy
import subprocess
import sys

import numpy as np
import pytest

from tests.checkout import ROOT

PROGRAM = ROOT / "studies/literature/noisy_quadratic.py"
BATCH_SIZE, EPOCHS, TRAININGS = 32, 20, 300  # 4 updates an epoch
SIGMAS = 4.5  # of 20 epochs, which go together, none lies beyond in 999 of 1000 sets of trainings


@pytest.fixture(scope="module")
def program() -> dict:
    return runpy.run_path(str(PROGRAM))


@pytest.fixture
def begin(program) -> np.ndarray:
    return np.random.default_rng(0).normal(size=program["DIMENSIONS"])


@pytest.mark.parametrize(("learning_rate", "momentum"), [(0.9, 0), (0.3, 0.9)])
def test_the_closed_form_is_the_mean_of_many_trainings(program, begin, learning_rate, momentum):
    how = BATCH_SIZE, learning_rate, momentum, EPOCHS, begin
    losses = np.array([[*program["trained"](*how, np.random.default_rng(seed))] for seed in range(TRAININGS)])
    errors = losses.std(axis=0, ddof=1) / np.sqrt(TRAININGS)
    apart = (losses.mean(axis=0) - [*program["risk"](*how)]) / errors
    assert np.abs(apart).max() < SIGMAS
    assert (errors / losses.mean(axis=0)).max() < 0.02  # so a mistake of a tenth would show


def test_without_momentum_it_is_what_is_left_of_the_beginning_and_the_noise_that_stays(program, begin):
    rate, h = 0.9, program["CURVATURES"]
    updates = 4 * np.arange(1, EPOCHS + 1)[:, None]
    stays = rate / (BATCH_SIZE * (2 - rate * h))
    squares = (1 - rate * h) ** (2 * updates) * (begin**2 - stays) + stays
    assert [*program["risk"](BATCH_SIZE, rate, 0, EPOCHS, begin)] == pytest.approx(squares @ h / 2, rel=1e-9)


def test_without_noise_every_training_is_the_closed_form(program, begin):
    how = 10**18, 2.0, 0.9, EPOCHS, begin
    trained = [*program["trained"](*how, np.random.default_rng(0))]
    assert [*program["risk"](*how)] == pytest.approx(trained, rel=1e-6)


@pytest.mark.parametrize("how", [[], ["--risk"]])
def test_a_run_writes_its_updates_and_loss_and_that_too_large_a_rate_diverges(tmp_path, how):
    file = tmp_path / "history.csv"
    for rate, finite in (("1.8", True), ("200", False)):
        options = {"--batch-size": "64", "--learning-rate": rate, "--momentum": "0", "--seed": "1", "--epochs": "200"}
        words = [word for option in options.items() for word in option]
        subprocess.run([sys.executable, PROGRAM, *words, "--history", file, *how], check=True)
        assert file.read_text().startswith("epoch,updates,test_loss\n1,2,")
        epochs, updates, losses = np.loadtxt(file, delimiter=",", skiprows=1).T
        np.testing.assert_array_equal(updates, 2 * epochs)
        assert np.isfinite(losses).all() == finite
