"""What is seen of networks while they train: as they are then, whichever engine trains, and without a trace on them."""

import dataclasses

import numpy as np
import pytest

from batchscope.data.dataset import Dataset
from batchscope.errors import ConfigError
from batchscope.hardware.backend import keras
from batchscope.results.network import DIVERGED
from batchscope.training import train as training
from batchscope.training.checkpoint import Checkpoint
from batchscope.training.compiled import CompiledEngine
from batchscope.training.engines import Way
from batchscope.training.looks import NO_LOOKS, Looks, check_looks, count_confusion, make_looks, moments, predicted
from batchscope.training.task import Stage, Task

BOTH = ("boundary", "confusion")
MODEL = [{"Dense": {"units": 8, "activation": "relu"}}, "BatchNormalization", {"Dropout": {"rate": 0.3}}]


pytestmark = pytest.mark.usefixtures("forget_models")


@pytest.fixture
def task(three_classes):
    return Task(three_classes, MODEL, "SGD", "SparseCategoricalCrossentropy", [Stage(250, 15)], seed=0)


def train(
    task: Task, folder, engine: str = "compiled", names=(), replicates: int = 5, rate: float = 0.1
) -> training.Result:
    looks, _ = make_looks(names, task)
    checkpoint, groups = Checkpoint(folder, "key"), {"own": task.replicates(replicates)}
    [result] = training.train(task, [rate], groups, Way(engine), 3000, checkpoint, looks={"own": looks})["own"]
    return result


def test_moments_begin_before_training_and_end_with_it():
    assert moments(1) == [0, 1]
    assert moments(5) == [0, 1, 2, 3, 4, 5]
    assert moments(200)[:7] == [0, 1, 2, 3, 4, 5, 6]
    assert moments(200)[-1] == 200
    assert [len(moments(count)) for count in (200, 10_000)] == [25, 28]
    assert np.diff(moments(10_000)).min() >= 1


def test_pieces_end_where_there_is_something_to_see():
    piece = ["a", "b", "c", "d"]  # the measurements 3 to 6
    assert [*Looks([0, 2, 3, 5, 6, 9]).cut(piece, 2)] == [["a"], ["b", "c"], ["d"]]
    assert [*Looks([0, 2, 6, 9]).cut(piece, 2)] == [piece]
    assert [*NO_LOOKS.cut(piece, 2)] == [piece]


def test_a_prediction_is_a_class_and_its_probability():
    logits = np.log([[0.2, 0.8], [0.5, 0.5], [1 - 1e-9, 1e-9]])
    assert predicted(logits).tolist() == [[1, 204], [0, 128], [0, 255]]
    assert predicted(np.array([[np.nan, 1], [np.inf, 1], [0, 1]])).tolist() == [[DIVERGED, 0], [DIVERGED, 0], [1, 186]]


def test_confusion_counts_the_true_class_first_and_leaves_out_what_diverged():
    y = np.array([[0, 0, 1], [0, 2, 2], [1, 1, 1]])
    outputs = np.eye(3)[[[0, 1, 1], [0, 2, 0], [0, 0, 0]]]
    outputs[2, 0] = np.nan
    assert count_confusion(y, outputs).tolist() == [[2, 1, 0], [0, 1, 0], [1, 0, 1]]


@pytest.mark.parametrize(("engine", "replicates"), [("compiled", 5), ("compiled alone", 4), ("fit", 1)])
def test_what_is_seen_is_what_the_networks_say_then_and_leaves_no_trace(task, tmp_path, engine, replicates):
    seen, plain = (train(task, tmp_path / str(names), engine, names, replicates) for names in (BOTH, ()))
    assert seen.history.tobytes() == plain.history.tobytes()
    assert len(seen.stretches) == len(plain.stretches)
    at = moments(15)  # 12 and 14 are among them, 13 is not; a piece has two epochs
    assert plain.boundary.size == plain.confusion.size == 0
    assert seen.boundary.shape == (len(at), min(replicates, 3), 961, 2)
    assert set(seen.confusion.sum(axis=(1, 2))) == {300 * replicates}  # all test rows, at every moment
    right = np.trace(seen.confusion[1:], axis1=1, axis2=2) / (300 * replicates)
    measured = np.array(at[1:]) - 1
    np.testing.assert_allclose(right, seen.history[:, measured, 3].mean(axis=0))  # test accuracy
    _, plane = make_looks(["boundary"], task)
    before = [task.build_replicate(replicate).predict(plane.grid, verbose=0) for replicate in range(min(replicates, 3))]
    difference = np.abs(predicted(np.stack(before)).astype(int) - seen.boundary[0])
    assert difference[..., 1].max() <= 1  # a probability that is rounded elsewhere


def test_engines_see_the_same(task, tmp_path, monkeypatch):
    task = dataclasses.replace(task, model=[{"Dense": {"units": 8}}], stages=[Stage(100, 3)])
    compiled, fit = (train(task, tmp_path / engine, engine, BOTH, replicates=1) for engine in ("compiled", "fit"))
    monkeypatch.setattr("batchscope.training.engines._SHARE_OF_DATA", 0)
    streamed = train(task, tmp_path / "streamed", "compiled", BOTH, replicates=1)
    assert "streamed" in streamed.engine
    for other in (fit, streamed):
        np.testing.assert_array_equal(other.confusion, compiled.confusion)
        np.testing.assert_array_equal(other.boundary[..., 0], compiled.boundary[..., 0])
        assert np.abs(other.boundary[..., 1].astype(int) - compiled.boundary[..., 1]).max() <= 1


def test_no_program_is_compiled_for_a_grid(task):
    engine = CompiledEngine(task, 2, stacked=True)
    looks, _ = make_looks(BOTH, task)
    draws = task.replicates(2)
    trained = engine.train(draws, 0.1, lambda _: None, looks=looks)
    assert len(trained.boundary) == len(trained.confusion) == len(looks.moments)
    assert engine._put_out.experimental_get_tracing_count() == 1
    assert [program.experimental_get_tracing_count() for program in engine._programs.values()] == [1]


def test_a_network_that_diverged_predicts_nothing(task, tmp_path):
    task = dataclasses.replace(task, model=[{"Dense": {"units": 8}}], stages=[Stage(100, 2)], optimizer="SGD")
    result = train(task, tmp_path, names=BOTH, replicates=2, rate=1e30)
    assert (result.boundary[-1] == [DIVERGED, 0]).all()
    assert result.confusion[0].sum() == 600
    assert result.confusion[-1].sum() == 0


def test_too_many_classes_and_an_embedding_are_refused():
    y, x = np.arange(40), np.zeros((40, 3), np.float32)
    embedding = keras.Sequential([keras.Input((3,)), keras.layers.Embedding(5, 2), keras.layers.Flatten()])
    dense = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])

    def check(classes: int, model: keras.Model, **asked_for):
        data = Dataset(x, y % classes, x, y % classes)
        task = Task(data, [], "SGD", "SparseCategoricalCrossentropy", [], seed=0)
        check_looks({"boundary": False, "confusion": False} | asked_for, task, model)

    check(10, dense, boundary=True)
    check(30, embedding, confusion=True)
    check(40, embedding)
    for classes, model, name, message in (
        (11, dense, "boundary", "11 classes are more than 10; take `confusion` in its place, or set it to false"),
        (31, dense, "confusion", "31 classes are more than 30; set it to false"),
        (2, embedding, "boundary", "an Embedding takes whole numbers, and the points of a plane have others; take"),
    ):
        with pytest.raises(ConfigError) as error:
            check(classes, model, **{name: True})
        assert str(error.value).startswith(f"explorer.{name}: {message}")
