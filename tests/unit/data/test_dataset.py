import numpy as np
import pandas as pd
import pytest

from batchscope.data.dataset import load_dataset, save_arrays
from batchscope.data.prepare import make_dataset
from batchscope.errors import ConfigError


def test_the_first_rows_train_and_the_others_test(blobs_spec, first_500):
    from sklearn.datasets import make_blobs

    x, y = make_blobs(**blobs_spec["make_blobs"])
    dataset = make_dataset(blobs_spec, first_500)
    np.testing.assert_array_equal(dataset.x_train, x[:500].astype(np.float32))
    np.testing.assert_array_equal(dataset.x_test, x[500:].astype(np.float32))
    np.testing.assert_array_equal(np.concatenate([dataset.y_train, dataset.y_test]), y)
    assert (dataset.x_train.dtype, dataset.y_train.dtype, dataset.classes) == (np.float32, np.int64, 3)


def test_shuffled_rows_follow_the_seed(blobs_spec):
    one, same, other = (
        make_dataset(blobs_spec, {"train": 0.8, "order": "shuffled", "seed": seed}).x_train for seed in (0, 0, 1)
    )
    assert len(one) == 800
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)


def test_stratified_parts_have_the_same_share_of_each_class(blobs_spec):
    dataset = make_dataset(blobs_spec, {"train": 300, "test": 300, "order": "stratified", "seed": 0})
    assert len(dataset.y_test) == 300
    assert np.ptp(np.bincount(dataset.y_train)) <= 1
    assert np.ptp(np.bincount(dataset.y_test)) <= 1


def test_a_saved_dataset_comes_back_and_has_the_same_bytes_again(blobs_spec, first_500, tmp_path):
    dataset = make_dataset(blobs_spec, first_500)
    for name in ("one.npz", "two.npz"):
        save_arrays(dataset, tmp_path / name)
    for loaded, made in zip(load_dataset(tmp_path / "one.npz"), dataset):
        np.testing.assert_array_equal(loaded, made)
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()


def test_a_truncated_dataset_is_refused(blobs_spec, first_500, tmp_path):
    path = tmp_path / "dataset.npz"
    save_arrays(make_dataset(blobs_spec, first_500), path)
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(ValueError, match=r"is no whole dataset .* delete it and run again"):
        load_dataset(path)


@pytest.mark.parametrize("order", ["as_given", "stratified"])
def test_validation_rows_stand_between_the_others(blobs_spec, order):
    parts = make_dataset(blobs_spec, {"train": 500, "validation": 0.1, "test": 300, "order": order, "seed": 0})
    assert [len(y) for y in (parts.y_train, parts.y_validation, parts.y_test)] == [500, 100, 300]
    rows = np.concatenate([parts.x_train, parts.x_validation, parts.x_test])
    assert len(np.unique(rows, axis=0)) == 900
    if order == "as_given":
        whole = make_dataset(blobs_spec, {"train": 900, "order": order, "seed": 0})
        np.testing.assert_array_equal(rows, whole.x_train)


def test_a_dataset_with_validation_rows_comes_back(blobs_spec, tmp_path):
    dataset = make_dataset(blobs_spec, {"train": 500, "validation": 100, "order": "shuffled", "seed": 0})
    save_arrays(dataset, tmp_path / "dataset.npz")
    for loaded, made in zip(load_dataset(tmp_path / "dataset.npz"), dataset):
        np.testing.assert_array_equal(loaded, made)


@pytest.mark.parametrize("rows", [1, 2, 3])
def test_a_class_of_too_few_rows_to_be_in_all_parts_is_told_by_its_name(tmp_path, rows):
    y = np.array(["yes", "no"] * 40 + ["?"] * rows)
    pd.DataFrame({"x": np.arange(len(y)), "y": y}).to_csv(tmp_path / "table.csv", index=False)
    table = {"table": {"path": str(tmp_path / "table.csv"), "target": "y", "missing": []}}
    split = {"train": 0.5, "validation": 0.2, "seed": 0}
    with pytest.raises(ConfigError, match=r"no training row is of the class '\?', of \d rows?; take ") as error:
        make_dataset(table, split | {"order": "as_given"})
    assert ("`order: stratified`" in str(error.value)) == (rows == 3)  # which would refuse fewer
    if rows < 3:
        with pytest.raises(ConfigError, match=rf"of every class in each of 3 parts, .* '\?' has {rows} in all; take"):
            make_dataset(table, split | {"order": "stratified"})


@pytest.mark.parametrize("order", ["as_given", "stratified"])
def test_many_numbers_of_which_some_are_rare_may_be_meant_to_be_learned_as_numbers(tmp_path, order):
    y = np.array([*np.tile(np.arange(25), 20), 99])
    pd.DataFrame({"x": np.arange(len(y)) % 7, "y": y}).to_csv(tmp_path / "table.csv", index=False)
    table = {"table": {"path": str(tmp_path / "table.csv"), "target": "y"}}
    with pytest.raises(ConfigError, match=r"the class '99'.*; to learn numbers set `loss`"):
        make_dataset(table, {"train": 0.5, "order": order, "seed": 0})
