"""A model from a file of the user's, through the real Snakemake: what it is made of counts, what trains it is said."""

import csv

import pytest

from tests.checkout import Checkout, make_checkout

CONFIG = """
studies:
  own:
    dataset: {make_blobs: {n_samples: 90, centers: 3, random_state: 2}}
    split: {train: 45, order: as_given}
    model: {file: models/mine.py, files: [models/start.keras]}
    optimizer: Adam
    epochs: 2
    replicates: 2
    batch_sizes: [15]
    learning_rates: [0.01]
figures: {formats: [svg]}
"""
MODEL = """
import pathlib

import keras
from layers_of_mine import hidden


def build(input_shape, outputs):
    start = keras.models.load_model("models/start.keras")
    features = keras.Input(input_shape)
    return keras.Model(features, keras.layers.Dense(outputs)(hidden()(start(features))))
"""
LAYERS = """
import keras


def hidden():
    return keras.layers.SpectralNormalization(keras.layers.Dense(4))
"""
HISTORY = "results/own/history/batch_size_15.parquet"


def save_start(checkout: Checkout, value: float) -> None:
    from batchscope.hardware.backend import keras

    dense = keras.layers.Dense(2, kernel_initializer=keras.initializers.Constant(value))
    keras.Sequential([keras.Input((2,)), dense]).save(checkout.folder / "models/start.keras")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory) -> Checkout:
    checkout = make_checkout(tmp_path_factory.mktemp("own_model"), CONFIG)
    (checkout.folder / "models").mkdir()
    (checkout.folder / "models/mine.py").write_text(MODEL)
    (checkout.folder / "models/layers_of_mine.py").write_text(LAYERS)
    save_start(checkout, 0.1)
    return checkout


def test_what_a_model_is_made_of_trains_anew_when_it_changes(checkout):
    checkout.run("--cores", "2", HISTORY)
    assert checkout.rules_due(HISTORY) == set()
    layers = checkout.folder / "models/layers_of_mine.py"
    layers.write_text(LAYERS.replace("Dense(4)", "Dense(5)"))
    assert checkout.rules_due(HISTORY) == {"train_batch_size_15"}
    layers.write_text(LAYERS)
    assert checkout.rules_due(HISTORY) == set()
    save_start(checkout, 0.2)
    assert checkout.rules_due(HISTORY) == {"train_batch_size_15"}
    save_start(checkout, 0.1)


def test_what_trained_it_and_why_is_said(checkout):
    checkout.run("--cores", "2", HISTORY)
    why = "training with Model.fit: when it is compiled, its train loss after 3 updates is"
    log = (checkout.folder / "results/own/logs/train_batch_size_15.log").read_text()
    assert why in log
    assert len(log.splitlines()) < 40
    with open(checkout.folder / "results/own/timing/batch_size_15.csv", newline="") as file:
        assert all(row["engine"].startswith(why) for row in csv.DictReader(file))


def test_a_file_that_it_reads_without_a_word_is_asked_for(checkout, tmp_path):
    silent = checkout.copy(tmp_path / "silent")
    silent.change_config(lambda config: config["studies"]["own"]["model"].pop("files"))
    done = silent.snakemake("--dry-run")
    assert done.returncode == 1
    assert (
        "studies.own.model.files: build in models/mine.py reads models/start.keras; name it, so that a change of it "
        "trains anew: files: [models/start.keras]" in done.stderr
    )


def test_a_model_that_crashes_the_check_hides_no_mistake_of_another_study(checkout, tmp_path):
    two = checkout.copy(tmp_path / "two")
    (two.folder / "models/layers_of_mine.py").write_text(LAYERS.replace("Dense(4)", "Dense(-4)"))
    two.change_config(
        lambda config: config["studies"].update(
            other=config["studies"]["own"] | {"model": [{"Dens": {"units": 3}}], "title": "other"}
        )
    )
    done = two.snakemake("--dry-run")
    assert "studies.own.model.function: models/mine.py" in done.stderr
    assert "studies.other.model[0]: keras.layers has no 'Dens'; did you mean 'Dense'?" in done.stderr
    assert "Traceback" not in done.stderr
