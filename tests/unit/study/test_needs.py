"""The estimates are rough: these tests hold them to what is really made, within a factor."""

import numpy as np
import pyarrow.parquet
import yaml

from batchscope.results.history import history_table, write_history
from batchscope.study.config import check_config
from batchscope.study.keras_plan import KerasPlan
from batchscope.study.needs import Need, Size, disk, memory_of_layers, memory_of_training, size_in_config

SPEC = """
dataset: {make_blobs: {n_samples: 1000, n_features: 2, random_state: 1}}
split: {train: 0.5}
model: [{Dense: {units: 4}}]
optimizer: SGD
epochs: 100
batch_sizes: [8]
learning_rates: [0.1, 0.01]
"""
SIZE = Size([500, 500], features=2, outputs=3, parameters=1000, values_per_row=7)


def plan(changes: str = "{}") -> KerasPlan:
    spec = yaml.safe_load(SPEC) | yaml.safe_load(changes)
    return KerasPlan("mine", check_config({"studies": {"mine": spec}})["studies"]["mine"], 500, multiplications=10**6)


def test_a_need_is_a_product_whose_largest_factor_is_its_place():
    need = Need(8, {"epochs": 100, "replicates": 30})
    assert (need.amount, need.place) == (24_000, "epochs")


def test_the_size_of_data_that_is_made_stands_in_the_config():
    assert size_in_config(plan().spec) == Size([500, 500], features=2)
    size = size_in_config(plan("{dataset: {make_blobs: {n_samples: [50, 30]}}, split: {train: 60}}").spec)
    assert size == Size([60, 20], features=2)
    assert size_in_config(plan("{dataset: load_iris}").spec) == Size([1, 1])
    assert size_in_config(plan("{dataset: {make_blobs: {n_samples: many}}}").spec).rows == [1, 0]


def test_a_history_takes_about_the_memory_and_the_disk_that_are_estimated(tmp_path):
    study = plan("epochs: 5000")
    history = np.random.default_rng(0).random((30, 5000, 4))
    history[..., 1::2] = history[..., 1::2].round(3)  # of some hundred rows
    tables = [history_table(setting, np.arange(1, 5001), history, np.arange(5000)) for setting in study.settings]
    held = sum(table.nbytes for table in tables) + 2 * history.nbytes * len(tables)
    assert held / 2 < sum(need.amount for need in memory_of_training(study, SIZE)) < held * 2
    write_history(pyarrow.concat_tables(tables), tmp_path / "history.parquet")
    written = 2 * (tmp_path / "history.parquet").stat().st_size
    assert written / 2 < sum(need.amount for need in disk(study, SIZE)) < written * 2


def test_every_part_of_a_study_counts():
    def needed(changes: str, needs=memory_of_training) -> float:
        return sum(need.amount for need in needs(plan(changes), SIZE))

    for changes in (
        "replicates: 60",
        "new_splits: {}",
        "{keep: {predictions: true}}",
        "metrics: [roc_auc]",
        "ensembles: {batch_size: 8}",
        "variance: {batch_sizes: [8]}",
        "noise_scale: {}",
    ):
        assert needed(changes) > needed("{}")
    assert needed("{keep: {predictions: true}}", disk) > needed("{}", disk)
    assert needed("{keep: {models: recommended}}", disk) > needed("{}", disk)
    assert needed("{new_splits: {}, scaler: StandardScaler}") > needed("new_splits: {}")
    assert needed("micro_batch_size: 2") < needed("{}")


def test_the_weights_of_the_output_layer_are_those_of_the_last_hidden_one():
    places = ["model[0]", "model[0]", "model[1]", "model[1]", "model[1]", "model[1]"]
    assert [need.place for need in memory_of_layers([5, 7, 3], [1, 2, 3])] == places
    assert [need.place for need in memory_of_layers([3], [1])] == ["model", "model"]
