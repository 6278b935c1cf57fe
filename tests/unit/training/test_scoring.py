"""What replicates get right row by row adds up to what their histories say, in single precision as in a study."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from scipy.special import softmax
from sklearn.metrics import (
    balanced_accuracy_score,
    f1_score,
    mean_absolute_error,
    roc_auc_score,
    root_mean_squared_error,
)
from sklearn.preprocessing import StandardScaler

from batchscope.data.new_splits import draw_splits
from batchscope.data.prepare import make_dataset
from batchscope.hardware.backend import keras
from batchscope.model import losses
from batchscope.model.models import build_loss
from batchscope.study.scores import METRICS
from batchscope.training import engines, streaming
from batchscope.training import train as training
from batchscope.training.checkpoint import Checkpoint
from batchscope.training.engines import Way
from batchscope.training.task import Stage, Task

DENSE = [{"Dense": {"units": 20, "activation": "relu"}}]
BLOBS = {"make_blobs": {"n_samples": 2100, "centers": 5, "cluster_std": 4, "random_state": 2}}
SPLIT = {"train": 300, "validation": 130, "order": "stratified", "seed": 0}
LOSS = "SparseCategoricalCrossentropy"
RATES = [0.01, 0.001]
CLIPPED = {"Adam": {"clipnorm": 1.0}}  # one replicate at a time


pytestmark = pytest.mark.usefixtures("forget_models")


@pytest.fixture(scope="module")
def dataset():
    """More test rows than are evaluated at once, and classes that are often mistaken for each other."""
    return make_dataset(BLOBS, SPLIT)


@pytest.fixture
def make_task(dataset):
    def make(optimizer="Adam", batch_size=70, loss=LOSS, **changes):
        return Task(dataset, DENSE, optimizer, loss, [Stage(batch_size, 3)], seed=0, **changes)

    return make


@pytest.fixture
def train(tmp_path):
    def run(task: Task, engine: str = "compiled", replicates: int = 3) -> list[training.Result]:
        groups = {"own": task.replicates(replicates)}
        return training.train(task, RATES, groups, Way(engine), 3000, Checkpoint(tmp_path, str(task.resampled)))["own"]

    return run


@pytest.mark.parametrize(
    ("way", "changes"),
    [
        ("3 replicates at a time", {}),
        ("2 replicates at a time", {"resampled": True, "batch_size": 300}),
        ("one replicate at a time", {"optimizer": CLIPPED}),
        ("streamed", {}),
        ("Model.fit", {}),
    ],
)
def test_what_is_right_adds_up_to_the_last_accuracy_of_the_history(make_task, train, monkeypatch, way, changes):
    if way.startswith("2"):
        monkeypatch.setattr(training, "_WIDEST", 2)  # the second stack has one replicate
    if way == "streamed":
        monkeypatch.setattr(engines, "_SHARE_OF_DATA", 0)
        monkeypatch.setattr(streaming, "_BYTES_OF_A_BLOCK", 3 * 200 * 2 * 4)  # three replicates, two features
    task = make_task(**changes)
    for result in train(task, "fit" if way == "Model.fit" else "compiled"):
        assert way in result.engine
        for part, loss, accuracy in (("test", 2, 3), ("validation", 4, 5)):
            scores = result.rows[part]
            assert scores.correct.mean(axis=1).tolist() == result.history[:, -1, accuracy].tolist()
            np.testing.assert_allclose(scores.loss.mean(axis=1), result.history[:, -1, loss], rtol=1e-5)
            assert [array.dtype for array in (scores.rows, scores.correct, scores.loss)] == [np.int32, bool, np.float32]
            assert scores.error is None


@pytest.mark.parametrize(
    ("way", "changes"),
    [
        ("2 replicates at a time", {"resampled": True}),
        ("one replicate at a time", {"optimizer": CLIPPED}),
        ("streamed", {}),
        ("Model.fit", {}),
    ],
)
def test_metrics_are_measured_after_every_epoch_and_add_up_row_by_row(make_task, train, monkeypatch, way, changes):
    if way.startswith("2"):
        monkeypatch.setattr(training, "_WIDEST", 2)
    if way == "streamed":
        monkeypatch.setattr(engines, "_SHARE_OF_DATA", 0)
    task = make_task(**changes, metrics=METRICS)
    for result in train(task, "fit" if way == "Model.fit" else "compiled"):
        assert way in result.engine
        assert result.metrics.shape == (3, 3, 6)
        for start, part in ((0, "test"), (3, "validation")):
            for column, metric in enumerate(METRICS, start):
                scores = result.rows[part].metrics[metric]
                assert scores.dtype == np.float32
                np.testing.assert_allclose(scores.mean(axis=1), result.metrics[:, -1, column], rtol=1e-4)
        # Of 1670 rows one may be rounded to another side.
        np.testing.assert_allclose(result.metrics[1, :, :3], by_sklearn(task, result.learning_rate), atol=2e-3)


def by_sklearn(task: Task, rate: float) -> np.ndarray:
    """The metrics of replicate 1 on test rows after every epoch, written out with Keras and scikit-learn."""
    model, draw = task.build_replicate(1), task.replicates(2)[1]
    model.compile(task.build_optimizer(rate), task.loss_function)
    rows, measured = task.split(draw.split)[1], []
    for order in task.batch_orders(draw):
        model.fit(task.x[order], task.y[order], task.stages[0].batch_size, shuffle=False, verbose=0)
        outputs = model.predict(task.x[rows], verbose=0)
        y, predicted, probabilities = task.y[rows], outputs.argmax(axis=1), softmax(outputs.astype(float), axis=1)
        measured.append(
            [
                balanced_accuracy_score(y, predicted),
                f1_score(y, predicted, average="macro"),
                roc_auc_score(y, probabilities, multi_class="ovr"),
            ]
        )
    return np.array(measured)


def test_rows_are_named_by_their_numbers_in_the_order_of_the_dataset(make_task, train):
    own, _ = train(make_task(), replicates=1)
    assert own.rows["test"].rows.tolist() == [[*range(300, 1970)]]
    assert own.rows["validation"].rows.tolist() == [[*range(1970, 2100)]]
    task = make_task(resampled=True)
    resampled, _ = train(task, replicates=2)
    assert resampled.rows["test"].rows[1].tolist() == task.split(1)[1].tolist()


@pytest.mark.parametrize(("engine", "scaler"), [("compiled", "none"), ("compiled", "StandardScaler"), ("fit", "none")])
def test_rows_of_new_splits_add_up_and_have_their_numbers(make_task, tmp_path, engine, scaler):
    splits = draw_splits(BLOBS, SPLIT, scaler, regression=False, seed=0, replicates=2)
    task = dataclasses.replace(make_task(), splits=splits)
    groups = {"own": task.replicates(1), "new": task.on_new_splits()}
    results = training.train(task, RATES, groups, Way(engine), 3000, Checkpoint(tmp_path, "key"))["new"]
    for result in results:
        scores = result.rows["test"]
        assert scores.correct.mean(axis=1).tolist() == result.history[:, -1, 3].tolist()
        np.testing.assert_array_equal(scores.rows, splits.rows[:, 300:1970])
        np.testing.assert_array_equal(result.rows["validation"].rows, splits.rows[:, 1970:])


def test_a_replicate_that_diverged_has_no_losses_and_nothing_right(make_task, train):
    class Poisoned(Task):
        def initial_weights(self, weights):
            first, *others = super().initial_weights(weights)
            return [np.full_like(first, np.nan) if weights == 1 else first, *others]

    task = make_task()
    result, _ = train(Poisoned(**{field.name: getattr(task, field.name) for field in dataclasses.fields(task)}))
    scores = result.rows["test"]
    assert np.isnan(scores.loss).all(axis=1).tolist() == [False, True, False]
    assert scores.correct.any(axis=1).tolist() == [True, False, True]


def test_numbers_are_neither_right_nor_wrong(dataset, make_task, train):
    numbers = dataset._replace(**{f"y_{part}": getattr(dataset, f"x_{part}")[:, 0] for part in
                                  ("train", "test", "validation")})  # fmt: skip
    result, _ = train(dataclasses.replace(make_task(loss="MeanSquaredError"), dataset=numbers))
    scores = result.rows["test"]
    assert scores.correct is None
    np.testing.assert_allclose(scores.loss.mean(axis=1), result.history[:, -1, 2], rtol=1e-5)


def test_errors_are_those_by_hand_in_the_unit_of_the_target_on_every_split(tmp_path):
    """With pandas, scikit-learn and Keras alone, from the table to the root mean squared error."""
    generator = np.random.default_rng(0)
    table = pd.DataFrame(generator.normal(5, 3, (90, 2)), columns=["width", "height"])
    table["price"] = 1000 + 40 * table["width"] + generator.normal(0, 30, 90)
    table.to_csv(tmp_path / "table.csv", index=False)
    described = {"table": {"path": str(tmp_path / "table.csv"), "target": "price"}}, {"train": 60, "order": "as_given"}
    splits = draw_splits(*described, scaler=None, regression=True, seed=0, replicates=2)
    data = make_dataset(*described, regression=True)
    task = Task(data, [], "SGD", "MeanSquaredError", [Stage(10, 3)], seed=0, splits=splits)
    groups = {"own": task.replicates(2), "new": task.on_new_splits()}
    results = training.train(task, [0.02], groups, Way("compiled"), 3000, Checkpoint(tmp_path / "work", "key"))
    for name, draws in groups.items():
        for draw, error in zip(draws, results[name][0].rows["test"].error):
            rows = np.arange(90) if draw.split is None else splits.rows[draw.split]
            train, test = table.iloc[rows[:60]], table.iloc[rows[60:]]
            x, y = (StandardScaler().fit(train[columns]) for columns in (["width", "height"], ["price"]))
            model = task.build_replicate(draw.weights)
            model.compile(keras.optimizers.SGD(0.02), "mse")
            for order in task.batch_orders(draw):
                mixed = train.iloc[order - order.min()]  # positions in all splits, one after the other
                features, target = x.transform(mixed[["width", "height"]]), y.transform(mixed[["price"]])
                model.fit(features, target, batch_size=10, shuffle=False, verbose=0)
            predicted = y.inverse_transform(model.predict(x.transform(test[["width", "height"]]), verbose=0))[:, 0]
            np.testing.assert_allclose(error, predicted - test["price"], rtol=1e-4, atol=1e-2)
            assert root_mean_squared_error(test["price"], predicted) == pytest.approx(np.sqrt(np.mean(error**2)), 1e-5)
            assert mean_absolute_error(test["price"], predicted) == pytest.approx(np.mean(np.abs(error)), 1e-5)


@pytest.mark.parametrize("name", losses.OF_CLASSES + losses.OF_NUMBERS)
@pytest.mark.parametrize("reduction", [{}, {"reduction": "sum"}], ids=["mean", "sum"])
def test_a_loss_by_row_is_what_that_of_a_batch_is_made_of(name, reduction):
    generator = np.random.default_rng(0)
    numbers = name in losses.OF_NUMBERS
    outputs = generator.normal(size=(7, 1 if numbers else 3)).astype(np.float32)
    y = generator.normal(size=7).astype(np.float32) if numbers else np.array([0, 1, 2, 0, 1, 2, 1])
    by_row = build_loss({name: reduction}, outputs.shape[1], by_row=True)(y, outputs).numpy()
    assert by_row.shape == (7,)
    whole = by_row.sum() if reduction else by_row.mean()
    np.testing.assert_allclose(whole, build_loss({name: reduction}, outputs.shape[1])(y, outputs), rtol=1e-5)
