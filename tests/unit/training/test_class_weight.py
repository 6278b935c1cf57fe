"""Weights of classes are those of scikit-learn, and train as `Model.fit(class_weight=...)` does."""

import dataclasses
from itertools import product

import numpy as np
import pytest
from sklearn.utils.class_weight import compute_class_weight

from batchscope.data.prepare import make_dataset
from batchscope.errors import ConfigError
from batchscope.hardware.backend import keras
from batchscope.training import streaming
from batchscope.training.agreement import find_way
from batchscope.training.class_weight import weights_of_classes
from batchscope.training.compiled import CompiledEngine
from batchscope.training.engines import STACKED, Way
from batchscope.training.fit import FitEngine
from batchscope.training.program import Program
from batchscope.training.streaming import StreamingEngine
from batchscope.training.task import Draw, Stage, Task

pytestmark = pytest.mark.usefixtures("float64")

DENSE = [{"Dense": {"units": 8, "activation": "relu", "kernel_initializer": "he_uniform"}}]
SHARES = {2: [0.85, 0.15], 3: [0.7, 0.2, 0.1]}
DRAWS = [Draw(0, 0, None), Draw(1, 1, None)]
RATE = 0.01


def unbalanced(classes: int):
    rows = {"n_samples": 500, "n_features": 6, "n_informative": 4, "random_state": 1}
    return make_dataset(
        {"make_classification": {**rows, "n_classes": classes, "weights": SHARES[classes]}},
        {"train": 330, "order": "stratified", "seed": 0},
    )


def make_task(classes: int = 3, optimizer: str = "SGD", loss: dict | str = "SparseCategoricalCrossentropy") -> Task:
    data = unbalanced(classes)
    weights = weights_of_classes("balanced", data)
    return Task(data, DENSE, optimizer, loss, [Stage(100, 3)], seed=0, class_weight=weights)


def by_keras(task: Task, draw: Draw, loss: keras.losses.Loss, rate: float = RATE) -> np.ndarray:
    """Written out with Keras and its own loss: loss and accuracy of training and of test rows, epoch by epoch."""
    model = task.build_replicate(draw.weights)
    model.compile(task.build_optimizer(rate), loss, metrics=["accuracy"])
    weights, rows = dict(enumerate(task.class_weight.tolist())), []
    test = task.dataset.x_test, task.dataset.y_test
    for order in task.batch_orders(draw):
        how = {"class_weight": weights, "validation_data": test, "shuffle": False, "verbose": 0}
        logs = model.fit(task.x[order], task.y[order], 100, **how).history
        rows.append([logs[name][0] for name in ("loss", "accuracy", "val_loss", "val_accuracy")])
    return np.array(rows)


def pytest_generate_tests(metafunc) -> None:
    """Every three of an engine, an optimizer, classes and micro-batches together; with --thorough all four."""
    names = ("engine", "optimizer", "classes", "micro_batch_size")
    if set(names) <= set(metafunc.fixturenames):
        choices = ((CompiledEngine, StreamingEngine), ("SGD", "Adam"), (2, 3), (None, 30))
        cases = list(product(*choices))
        if not metafunc.config.getoption("thorough"):
            cases = [case for case, numbers in zip(cases, product(range(2), repeat=4)) if sum(numbers) % 2 == 0]
        metafunc.parametrize(names, cases)


def test_compiled_programs_weight_classes_as_model_fit_does(monkeypatch, engine, optimizer, classes, micro_batch_size):
    monkeypatch.setattr(streaming, "_BYTES_OF_A_BLOCK", 1)  # every batch, or micro-batch, is a block
    task = dataclasses.replace(make_task(classes, optimizer), micro_batch_size=micro_batch_size)
    history = engine(task, 2, stacked=True).train(DRAWS, RATE, lambda _: None).history
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    expected = np.array([by_keras(task, draw, loss) for draw in DRAWS])
    np.testing.assert_allclose(history, expected, rtol=1e-7)


@pytest.mark.parametrize("reduction", ["sum_over_batch_size", "sum", "mean_with_sample_weight"])
@pytest.mark.parametrize("make", [lambda task: CompiledEngine(task, 1, stacked=False), FitEngine])
def test_every_reduction_of_keras_weights_rows_alike(make, reduction):
    task = make_task(loss={"SparseCategoricalCrossentropy": {"reduction": reduction}})
    history = make(task).train(DRAWS[:1], RATE / 100, lambda _: None).history
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction=reduction)
    expected = by_keras(task, DRAWS[0], loss, RATE / 100)
    weighted = [0, 1, 3]  # a test loss that is a sum depends on how many rows are evaluated at once
    np.testing.assert_allclose(history[0][:, weighted], expected[:, weighted], rtol=1e-7)


def test_the_check_of_the_engine_sees_weights_that_a_program_leaves_out(monkeypatch):
    task = make_task()
    assert find_way(task, Way(STACKED))[0].name == STACKED
    made = Program.__init__

    def without_weights(self, *arguments) -> None:
        made(self, *arguments)
        self._class_weight = None

    monkeypatch.setattr(Program, "__init__", without_weights)
    assert find_way(task, Way(STACKED))[0].name == "fit"


def test_balanced_is_that_of_scikit_learn_on_the_training_rows():
    data = unbalanced(3)
    expected = compute_class_weight("balanced", classes=np.arange(3), y=data.y_train)
    np.testing.assert_allclose(weights_of_classes("balanced", data), expected, rtol=1e-6)


def test_a_mapping_goes_by_the_names_of_the_classes_and_the_others_weigh_1():
    data = unbalanced(3)
    assert weights_of_classes({2: 5, "0": 0.5}, data).tolist() == [0.5, 1, 5]
    named = data._replace(labels=np.array(["ham", "spam", "eggs"]))
    assert weights_of_classes({"spam": 3}, named).tolist() == [1, 3, 1]


def test_a_class_that_there_is_not_is_a_mistake_and_so_are_weights_of_numbers():
    data = unbalanced(3)._replace(labels=np.array(["ham", "spam", "eggs"]))
    with pytest.raises(ConfigError, match=r"^class_weight: there is no class 'spm'; did you mean 'spam'\?$"):
        weights_of_classes({"spm": 3}, data)
    numbers = data._replace(y_train=data.y_train.astype(np.float32))
    with pytest.raises(ConfigError, match=r"^class_weight: numbers are learned here; leave it out$"):
        weights_of_classes("balanced", numbers)
