"""Gradients of single rows are those of a plain loop with `GradientTape`, row by row, in every way of training."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from batchscope.data.prepare import make_dataset
from batchscope.errors import ConfigError
from batchscope.hardware.backend import keras, tf
from batchscope.training import streaming
from batchscope.training.compiled import CompiledEngine
from batchscope.training.fit import FitEngine
from batchscope.training.gradients import check_single_gradients, layers_of_weights
from batchscope.training.streaming import StreamingEngine
from batchscope.training.task import Stage, Task

pytestmark = pytest.mark.usefixtures("float64")

DENSE = [{"Dense": {"units": 7, "activation": "relu"}}]
CONVOLUTION = [
    {"Reshape": {"target_shape": [4, 4, 1]}},
    {"Conv2D": {"filters": 3, "kernel_size": 3, "activation": "relu"}},
    "Flatten",
]
PENALIZED = [{"Dense": {"units": 5, "kernel_regularizer": "l2"}}]
ROWS, RATE = 20, 0.003


@pytest.fixture(scope="module")
def dataset():
    features = {"n_samples": 200, "n_features": 16, "n_informative": 6, "n_classes": 3, "random_state": 2}
    return make_dataset({"make_classification": features}, {"train": 100, "order": "as_given"})


@pytest.fixture
def make_task(dataset):
    def make(model=DENSE, **more):
        return Task(
            dataset, model, "Adam", "SparseCategoricalCrossentropy", [Stage(10, 3)], 0, gradient_rows=ROWS, **more
        )

    return make


def by_loop(task: Task, model: keras.Model, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Means of the squared norms of gradients and squared norms of mean gradients, by weight, from their definition."""
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    gradients = []
    for row in rows:
        with tf.GradientTape() as tape:
            value = loss(task.y[row : row + 1], model(task.x[row : row + 1], training=True))
            value *= 1 if task.class_weight is None else task.class_weight[task.y[row]]
            value += sum(model.losses)
        gradients.append([each.numpy() for each in tape.gradient(value, model.trainable_weights)])
    by_weight = [np.stack(of_weight).reshape(len(rows), -1) for of_weight in zip(*gradients)]
    squares = [(of_weight**2).sum(axis=1).mean() for of_weight in by_weight]
    return np.array(squares), np.array([(of_weight.mean(axis=0) ** 2).sum() for of_weight in by_weight])


def assert_as_by_loop(task: Task, engine, tolerance: float = 1e-9) -> None:
    """What was measured last of the draws, while they were trained, is what a loop finds of their weights."""
    draws = task.replicates(2)[: engine.width]
    trained = engine.train(draws, RATE, lambda _: None)
    measured = trained.metrics[:, -1].reshape(len(draws), 2, -1)
    for member, draw in enumerate(draws):
        model = task.build_replicate(draw.weights)
        for variable, value in zip([*model.trainable_weights, *model.non_trainable_weights], engine.weights(member)):
            variable.assign(value)
        rows = task.rows_for_gradients(draw, len(task.spans) - 1)
        assert len({*rows}) == ROWS
        np.testing.assert_allclose(measured[member], by_loop(task, model, rows), rtol=tolerance)


@pytest.mark.parametrize(
    ("model", "stacked"),
    [(DENSE, True), (DENSE, False), (CONVOLUTION, True), (PENALIZED, True)],
    ids=["Dense", "Dense, alone", "Conv2D", "penalized"],
)
def test_the_compiled_engine_has_those_of_a_loop(make_task, model, stacked):
    task = make_task(model)
    assert_as_by_loop(task, CompiledEngine(task, 2, stacked))


def test_so_has_it_with_weights_of_classes_and_within_epochs(make_task):
    weights = np.array([1.0, 2.0, 0.5])
    task = make_task(class_weight=weights, evaluate_every={"epochs": 0.3})
    assert_as_by_loop(task, CompiledEngine(task, 2, stacked=True))


def test_so_has_the_engine_that_streams(make_task, monkeypatch):
    monkeypatch.setattr(streaming, "_BYTES_OF_A_BLOCK", 16 * 8 * 2 * 10)
    task = make_task()
    assert_as_by_loop(task, StreamingEngine(task, 2, stacked=True))


@pytest.mark.parametrize("eagerly", [False, True])
def test_so_has_model_fit(make_task, eagerly):
    task = make_task()
    assert_as_by_loop(task, FitEngine(task, eagerly))


def test_measuring_changes_nothing_that_is_trained(make_task):
    """Not even what Dropout draws later."""
    task = make_task([*DENSE, {"Dropout": {"rate": 0.5}}])
    for make in (lambda task: CompiledEngine(task, 2, stacked=True), FitEngine):
        measured, plain = (
            make(each).train(task.replicates(1), RATE, lambda _: None).history
            for each in (task, dataclasses.replace(task, gradient_rows=0))
        )
        np.testing.assert_array_equal(measured, plain)


def test_dropout_is_drawn_for_every_row(make_task, monkeypatch):
    """One row taken often has as many gradients as draws."""
    task = make_task([*DENSE, {"Dropout": {"rate": 0.5}}])
    monkeypatch.setattr(Task, "rows_for_gradients", lambda *_: np.zeros(ROWS, np.int32))
    measured = CompiledEngine(task, 1, stacked=True).train(task.replicates(1), RATE, lambda _: None).metrics
    squares, means = measured[0, -1].reshape(2, -1).sum(axis=1)
    assert squares > 1.1 * means


def test_rows_are_others_each_time_and_all_where_there_are_no_more(make_task):
    task = make_task()
    [draw, other] = task.replicates(2)
    first, second, others = (task.rows_for_gradients(*which) for which in ((draw, 0), (draw, 1), (other, 0)))
    assert {*first} != {*second}
    assert {*first} != {*others}
    assert sorted(dataclasses.replace(task, gradient_rows=500).rows_for_gradients(draw, 0)) == [*range(100)]


@pytest.mark.parametrize(
    "model", [["BatchNormalization"], [{"Dense": {"units": 5, "activity_regularizer": "l2"}}]], ids=str
)
def test_layers_that_mix_the_rows_of_a_batch_are_refused(make_task, model):
    with pytest.raises(ConfigError, match=r"not the mean of those of its rows, by (batch_normalization|dense)"):
        check_single_gradients(make_task(model))


MODELS = """
import keras

class Spare(keras.layers.Layer):
    def build(self, input_shape):
        self.spare = self.add_weight(shape=(3,), name="spare")

    def call(self, x):
        return x

def spare(input_shape, outputs):
    return keras.Sequential([keras.Input(input_shape), Spare(), keras.layers.Dense(outputs)])

def functional(input_shape, outputs):
    x = rows = keras.Input(input_shape)
    x = keras.Sequential([keras.layers.Dense(5), keras.layers.Dense(4)])(x)
    x = keras.layers.Dense(6, name="wide")(x)
    return keras.Model(rows, keras.layers.Dense(outputs)(x))

class Centred(keras.layers.Layer):
    def call(self, x):
        return x - keras.ops.mean(x, axis=0)

class OwnStep(keras.Sequential):
    def train_step(self, data):
        return super().train_step(data)

def centred(input_shape, outputs):
    return keras.Sequential([keras.Input(input_shape), Centred(), keras.layers.Dense(outputs)])

class Squeezed(keras.layers.Layer):
    def call(self, x):
        return keras.ops.squeeze(x[:, None])

    def compute_output_shape(self, shape):
        return shape

def squeezed(input_shape, outputs):
    return keras.Sequential([keras.Input(input_shape), Squeezed(), keras.layers.Dense(outputs)])

def own_step(input_shape, outputs):
    return OwnStep([keras.Input(input_shape), keras.layers.Dense(outputs)])
"""


@pytest.mark.parametrize(
    ("function", "why"),
    [
        ("centred", "not the mean"),
        ("own_step", "a train_step of its own"),
        ("squeezed", "noise_scale: the model fails on a single row: .*; leave `noise_scale` out"),
    ],
)
def test_so_are_layers_and_models_of_the_users_that_do(make_task, tmp_path, function, why):
    with pytest.raises(ConfigError, match=why):
        check_single_gradients(make_task(in_file(tmp_path, function)))


def in_file(folder: Path, function: str) -> dict:
    (folder / "model.py").write_text(MODELS)
    return {"file": str(folder / "model.py"), "function": function, "arguments": {}}


def test_a_weight_that_nothing_depends_on_has_a_gradient_of_0(make_task, tmp_path):
    task = make_task(in_file(tmp_path, "spare"))
    check_single_gradients(task)
    for engine in (FitEngine(task, run_eagerly=False), CompiledEngine(task, 1, stacked=True)):
        [trained] = engine.train(task.replicates(1), RATE, lambda _: None).metrics
        mean_squares, squares_of_means = np.split(trained, 2, axis=1)
        assert (mean_squares[:, 0] == 0).all()
        assert (squares_of_means[:, 1:] > 0).all()


def test_a_loss_that_the_optimizer_scales_has_the_same_gradients(make_task):
    task = dataclasses.replace(make_task(), optimizer={"Adam": {"loss_scale_factor": 128.0}})
    assert_as_by_loop(task, CompiledEngine(task, 2, stacked=True))


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_rounding_in_half_precision_mixes_no_rows(make_task, policy):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        check_single_gradients(make_task())
        assert keras.config.dtype_policy().name == policy
    finally:
        keras.config.set_dtype_policy(before)


@pytest.mark.parametrize("model", [DENSE, CONVOLUTION, PENALIZED, [{"Dropout": {"rate": 0.5}}]], ids=str)
def test_others_are_taken(make_task, model):
    check_single_gradients(make_task(model))


def test_layers_have_the_same_names_in_every_model(make_task):
    task = make_task([*DENSE, "LayerNormalization", {"Dense": {"units": 3, "name": "narrow"}}])
    names = [
        "1 dense",
        "1 dense",
        "2 layer_normalization",
        "2 layer_normalization",
        "3 narrow",
        "3 narrow",
        "4 dense",
        "4 dense",
    ]
    for _ in range(2):
        assert layers_of_weights(task.build_replicate(0)) == names


def test_so_have_those_of_a_functional_model(make_task, tmp_path):
    layers = layers_of_weights(make_task(in_file(tmp_path, "functional")).build_replicate(0))
    assert layers[::2] == ["1 sequential/dense", "2 sequential/dense", "3 wide", "4 dense"]
    assert layers[1::2] == layers[::2]
