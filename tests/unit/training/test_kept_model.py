"""A model that is kept has the very weights of its training, and its preprocessing makes the very features."""

import json

import joblib
import numpy as np
import pandas as pd
import pytest

from batchscope.data.prepare import fit_preprocessing, fitted_dataset, make_dataset, read_split_rows
from batchscope.errors import ConfigError
from batchscope.hardware.backend import keras
from batchscope.training import engines
from batchscope.training import train as training
from batchscope.training.checkpoint import Checkpoint
from batchscope.training.engines import Way
from batchscope.training.kept_model import check_savable, describe, save
from batchscope.training.task import Stage, Task

BLOBS = {"make_blobs": {"n_samples": 90, "centers": 3, "random_state": 0}}
SPLIT = {"train": 50, "validation": 20, "order": "shuffled", "seed": 0}
LAYERS = [{"Dense": {"units": 5, "activation": "relu"}}, "BatchNormalization", {"Dropout": {"rate": 0.2}}]
LOSS = "SparseCategoricalCrossentropy"


pytestmark = pytest.mark.usefixtures("forget_models")


@pytest.mark.parametrize("way", ["compiled", "compiled alone", "fit", "streamed"])
def test_it_has_the_bits_of_the_replicate_that_was_trained(tmp_path, monkeypatch, way):
    monkeypatch.setattr(training, "_WIDEST", 2)  # replicates 2 and 3 are the second stack, 4 the third
    if way == "streamed":
        monkeypatch.setattr(engines, "_SHARE_OF_DATA", 0)
    task = Task(make_dataset(BLOBS, SPLIT), LAYERS, "Adam", LOSS, [Stage(10, 2)], seed=0)
    how = {"way": Way("compiled" if way == "streamed" else way), "memory_mb": 3000}
    whole = Checkpoint(tmp_path / "whole", "key")
    [result] = training.train(task, [0.01], {"own": task.replicates(5)}, **how, checkpoint=whole, kept=["own"])["own"]
    for chosen in (3, 4):
        one = Checkpoint(tmp_path / str(chosen), "key")
        model = training.train_model(task, 0.01, 5, chosen, **how, checkpoint=one)
        weights = [variable.numpy() for variable in (*model.trainable_variables, *model.non_trainable_variables)]
        width = 2 if way in ("compiled", "streamed") else 1
        _, state = whole.load(("own", width, chosen // width * width, 0.01))
        for value, kept in zip(weights, state):
            assert value.tobytes() == (kept[chosen % width] if width > 1 else kept).tobytes()
        for part, x in {"test": task.dataset.x_test, "validation": task.dataset.x_validation}.items():
            np.testing.assert_allclose(model.predict(x, verbose=0), result.outputs[part][chosen], rtol=1e-4, atol=1e-5)


def test_outputs_are_kept_of_the_groups_that_are_asked_for_alone(tmp_path):
    task = Task(make_dataset(BLOBS, SPLIT), [], "SGD", LOSS, [Stage(50, 1)], seed=0)
    groups = {"own": task.replicates(2), "other": task.replicates(1)}
    results = training.train(task, [0.1], groups, Way("compiled"), 3000, Checkpoint(tmp_path, "key"), kept=["own"])
    assert {part: values.shape for part, values in results["own"][0].outputs.items()} == {
        "test": (2, 20, 3),
        "validation": (2, 20, 3),
    }
    assert results["other"][0].outputs == {}


@pytest.fixture(params=["table", "images", "numbers"])
def described(request, tmp_path) -> tuple:
    """Dataset, split, scaler and whether numbers are learned."""
    rows = np.arange(90)
    if request.param == "images":
        pixels = np.random.default_rng(0).integers(0, 256, (90, 4, 3)).astype(np.uint8)
        np.savez(tmp_path / "images.npz", x=pixels, y=rows % 2)
        return {"npz": {"path": str(tmp_path / "images.npz")}}, SPLIT, {"MinMaxScaler": {"clip": True}}, False
    texts = np.array([f"{row % 7}" if row % 4 else "-" for row in rows])
    table = pd.DataFrame({"age": rows**1.5, "kind": np.where(rows % 9 == 0, None, texts), "y": rows * 10.0})
    table.to_csv(tmp_path / "table.csv", index=False)
    kind = {"categories": ["kind"]} if request.param == "table" else {"drop": ["kind"]}
    return {"table": {"path": str(tmp_path / "table.csv"), "target": "y"} | kind}, SPLIT, None, True


def test_the_preprocessing_makes_the_features_of_the_dataset_and_knows_nothing_of_batchscope(described, tmp_path):
    rows = read_split_rows(*described)
    dataset = fitted_dataset(rows)
    joblib.dump(fit_preprocessing(rows, rows.x.take(rows.parts["train"], axis=0)), tmp_path / "kept.joblib")
    assert b"batchscope" not in (tmp_path / "kept.joblib").read_bytes()
    kept = joblib.load(tmp_path / "kept.joblib")
    for part, positions in rows.parts.items():
        features = kept.transform(rows.x.take(positions, axis=0))
        assert features.astype(np.float32).tobytes() == getattr(dataset, f"x_{part}").tobytes()


def test_what_a_model_takes_and_learned_is_described(described):
    rows = read_split_rows(*described)
    about = json.loads(json.dumps(describe(rows, fitted_dataset(rows), described[0])))
    if rows.is_table:
        assert about["columns"]["age"] == "float64"
        assert {"", "?", "NA"} <= set(about["missing"]["age"])
        assert about["target_mean"] == pytest.approx(rows.y[rows.parts["train"]].mean())
    else:
        assert (about["shape"], about["classes"]) == ([4, 3], ["0", "1"])


def test_a_text_that_is_a_category_is_not_missing(tmp_path):
    table = pd.DataFrame({"sign": ["+", "-", "?"] * 30, "y": np.arange(90) % 2})
    table.to_csv(tmp_path / "table.csv", index=False)
    spec = {"table": {"path": str(tmp_path / "table.csv"), "target": "y"}}
    rows = read_split_rows(spec, SPLIT, None, regression=False)
    missing = describe(rows, fitted_dataset(rows), spec)["missing"]["sign"]
    assert "-" not in missing
    assert "?" in missing


def test_files_and_how_to_load_them_are_written(tmp_path):
    rows = read_split_rows(BLOBS, SPLIT, None, regression=False)
    dataset = fitted_dataset(rows)
    model = Task(dataset, [], "SGD", LOSS, [Stage(50, 1)], seed=0).build_replicate(0)
    about = {"title": "A study", "batch_sizes": "8", "learning_rate": 0.1, "replicate": 3}
    save(model, rows, about | describe(rows, dataset, BLOBS), tmp_path)
    text = (tmp_path / "README.md").read_text()
    assert "Batch size 8, learning rate 0.1, replicate 3" in text
    assert 'np.load("new.npy")  # (rows, 2)' in text
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == [
        *("README.md", "model.json", "model.keras", "preprocessing.joblib"),
    ]


class Unsavable(keras.layers.Layer):
    def call(self, x):
        return x


def test_a_model_that_keras_does_not_load_again_is_a_mistake(tmp_path):
    inputs = keras.Input((2,))
    check_savable(keras.Model(inputs, keras.layers.Dense(1)(inputs)), tmp_path / "model.keras")
    with pytest.raises(
        ConfigError, match=r"^keep.models: Keras cannot save this model and load it: Could not locate class 'Unsavable'"
    ):
        check_savable(keras.Model(inputs, Unsavable()(inputs)), tmp_path / "model.keras")
