"""The way that is found to train a model is the fastest one that trains it as `Model.fit` does."""

import dataclasses

import numpy as np
import pytest

from batchscope.data.prepare import make_dataset
from batchscope.errors import ConfigError
from batchscope.hardware.backend import keras
from batchscope.training import agreement
from batchscope.training import train as training
from batchscope.training.agreement import find_way
from batchscope.training.checkpoint import Checkpoint
from batchscope.training.engines import Way
from batchscope.training.fit import FitEngine
from batchscope.training.task import Stage, Task

MODELS = "tests/unit/training/odd_models.py"
LOSS = "SparseCategoricalCrossentropy"
STACKED, ALONE, FIT, EAGERLY = (Way(name) for name in ("compiled", "compiled alone", "fit", "fit eagerly"))


pytestmark = pytest.mark.usefixtures("forget_models")


@pytest.fixture(scope="module")
def digits():
    return make_dataset("load_digits", {"train": 200, "test": 100, "order": "shuffled", "seed": 0})


@pytest.fixture
def make_task(digits):
    def make(model: str | list, optimizer="Adam", epochs=3, **changes) -> Task:
        if isinstance(model, str):
            model = {"file": MODELS, "function": model, "arguments": {}}
        return Task(digits, model, optimizer, LOSS, [Stage(48, epochs)], seed=0, **changes)

    return make


@pytest.mark.parametrize(
    ("model", "name", "why"),
    [
        ("spectral", "fit", "when it is compiled, its train loss after 3 updates is"),
        ("standardized", "fit", "when it is compiled"),
        ("read_after_write", "fit", "when it is compiled"),
        ("counting", "fit", "when it is compiled, its test loss"),
        ("counting_outside_keras", "fit", ""),
        ("unseeded_noise", "fit", "when it is compiled"),
        ("fourier_features", "fit", "when it is compiled"),
        ("penalty", "fit", "when it is compiled, its test loss"),
        ("own_train_step", "fit", "the model has a train_step of its own"),
        ("own_compile", "compiled", ""),
        ("eager", "fit eagerly", "it can only be called eagerly"),
        ("same_start", "compiled", ""),
        ("dictionary", "compiled", ""),
        ("words", "compiled alone", "an embedding's gradient is sparse; `dense_gradients: true` changes that"),
    ],
)
def test_a_model_that_no_program_trains_rightly_is_left_to_a_slower_way(make_task, model, name, why):
    way, outputs = find_way(make_task(model), STACKED)
    assert way.name == name
    assert why in way.why
    assert outputs.shape == (40, 10)


DENSE = {"Dense": {"units": 12, "activation": "gelu"}}
IMAGE = {"Reshape": {"target_shape": [8, 8, 1]}}
CONVOLUTION = {"Conv2D": {"filters": 3, "kernel_size": 3}}


@pytest.mark.parametrize(
    ("model", "optimizer"),
    [
        ([DENSE, {"Dropout": {"rate": 0.3}}], "Adam"),
        ([{"GaussianNoise": {"stddev": 0.3}}, DENSE], "SGD"),
        # The gradient of this bias is nothing but rounding, which Adam blows up to a whole step.
        ([IMAGE, CONVOLUTION, "BatchNormalization", "Flatten"], "Adam"),
        ([{"Dense": {"units": 5, "kernel_regularizer": "l2", "activity_regularizer": "l1"}}], "RMSprop"),
        ([DENSE], {"SGD": {"momentum": 0.9, "use_ema": True}}),
        ([DENSE], {"Adam": {"gradient_accumulation_steps": 2}}),
    ],
    ids=str,
)
def test_a_model_that_a_program_trains_rightly_keeps_the_fastest_way(make_task, model, optimizer):
    assert find_way(make_task(model, optimizer), STACKED)[0] == STACKED


def test_half_precision_is_no_reason_for_a_slower_way(make_task):
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        assert find_way(make_task([DENSE, DENSE]), STACKED)[0] == STACKED
        assert keras.config.dtype_policy().name == "mixed_bfloat16"
    finally:
        keras.config.set_dtype_policy("float32")


def test_few_rows_and_one_class_more_in_the_test_part_are_enough(make_task, digits):
    rows = np.flatnonzero(digits.y_train < 9)[:4]
    few = digits._replace(x_train=digits.x_train[rows], y_train=digits.y_train[rows])
    way, outputs = find_way(dataclasses.replace(make_task([DENSE]), dataset=few), STACKED)
    assert (way, outputs.shape[1]) == (STACKED, 10)


def test_embeddings_are_stacked_where_that_is_the_same_or_asked_for(make_task):
    assert find_way(make_task("words", {"SGD": {"momentum": 0.9}}), STACKED)[0] == STACKED
    assert find_way(make_task("words", "Adam", dense_gradients=True), STACKED)[0] == STACKED


def test_dense_gradients_differ_from_sparse_ones_in_both_engines_alike(make_task, tmp_path):
    task = make_task("words", "Adam", dense_gradients=True)
    groups = {"own": task.replicates(2)}
    [result] = training.train(task, [0.01], groups, STACKED, 3000, Checkpoint(tmp_path, "key"))["own"]
    assert result.engine == "compiled to train 2 replicates at a time"
    [dense], [sparse] = (
        FitEngine(each).train(groups["own"][1:], 0.01, lambda _: None).history
        for each in (task, make_task("words", "Adam"))
    )
    np.testing.assert_allclose(result.history[1], dense, rtol=1e-4)
    assert np.abs(dense - sparse).max() > 1e-3


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("two_in_a_dictionary", r"puts out the shape \(10,\) and \(64,\); expected \(10,\)"),
        ("fixed_batch", "takes batches of exactly 10 rows, and a study trains and evaluates with others"),
        ("silent_test", "its test_step returns no (loss|accuracy); end it with `return self.compute_metrics"),
        ("two_optimizers", r"its compile\(\) asks for d_optimizer, g_optimizer"),
    ],
)
def test_what_cannot_be_trained_at_all_is_told_in_one_line(make_task, model, message):
    with pytest.raises(ConfigError, match=message) as error:
        find_way(make_task(model), STACKED)
    assert "\n" not in str(error.value)


def test_what_the_config_asks_for_is_not_made_faster(make_task):
    asked = Way("fit", "as the config asks")
    assert find_way(make_task([DENSE]), asked)[0] == asked


def test_replicates_that_start_alike_are_told(make_task, tmp_path):
    def engine(model) -> str:
        task = make_task(model, epochs=1)
        groups = {"own": task.replicates(2)}
        return training.train(task, [0.01], groups, STACKED, 3000, Checkpoint(tmp_path / str(model), "k"))["own"][
            0
        ].engine

    assert "all replicates start alike in all weights" in engine("same_start")
    seeded = {"class_name": "GlorotUniform", "config": {"seed": 1}}
    partly = engine([{"Dense": {"units": 4, "kernel_initializer": seeded, "name": "seeded"}}, DENSE])
    assert "all replicates start alike in seeded/kernel:" in partly
    assert "start" not in engine([DENSE])


@pytest.mark.parametrize("model", ["own_train_step", "unseeded_noise", "eager", "own_compile"])
def test_odd_models_train_and_have_what_a_study_needs(make_task, tmp_path, model):
    task = make_task(model, epochs=2)
    way, _ = find_way(task, STACKED)
    [result] = training.train(task, [0.01], {"own": task.replicates(2)}, way, 3000, Checkpoint(tmp_path, "k"))["own"]
    assert np.isfinite(result.history[:, :, [0, 2, 3]]).all()
    assert (result.rows["test"].correct.mean(axis=1) == result.history[:, -1, 3]).all()


@pytest.mark.parametrize("engine", ["compiled", "fit"])
def test_averaged_weights_are_not_what_a_later_stage_or_the_row_scores_go_on_with(make_task, tmp_path, engine):
    """Keras ends every call of `fit` with them, and a training has one for each stage."""
    optimizer = {"SGD": {"momentum": 0.9, "use_ema": True, "ema_momentum": 0.9}}
    task = dataclasses.replace(make_task([DENSE], optimizer), stages=[Stage(20, 2), Stage(50, 2)])
    plain = dataclasses.replace(task, optimizer={"SGD": {"momentum": 0.9}})
    results = [
        training.train(
            each, [0.003], {"own": each.replicates(2)}, Way(engine), 3000, Checkpoint(tmp_path / str(n), "k")
        )
        for n, each in enumerate((task, plain))
    ]
    averaged, expected = (result["own"][0] for result in results)
    np.testing.assert_allclose(averaged.history, expected.history, rtol=1e-4)
    assert (averaged.rows["test"].correct.mean(axis=1) == averaged.history[:, -1, 3]).all()


def test_the_check_takes_no_long_time(make_task):
    """As it is made before anything runs: with few updates, of few rows."""
    task = agreement._small(make_task([DENSE], epochs=10**6))
    assert (task.epochs, task.rows) == (3, [24, 40])
