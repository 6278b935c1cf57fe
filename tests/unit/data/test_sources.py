"""Rows from scikit-learn, from Keras and from arrays in a file."""

import gzip
import os
import subprocess
import sys

import numpy as np
import pytest

from batchscope.data.prepare import make_dataset
from batchscope.data.sources import KERAS, read_rows
from batchscope.errors import ConfigError
from batchscope.imports import LIBRARY

HALF = {"train": 0.5, "order": "stratified", "seed": 0}


@pytest.mark.parametrize(
    ("dataset", "labels"),
    [
        ("load_iris", ["setosa", "versicolor", "virginica"]),
        ("load_breast_cancer", ["malignant", "benign"]),
        ("load_wine", ["class_0", "class_1", "class_2"]),
        ({"make_hastie_10_2": {"n_samples": 50, "random_state": 0}}, ["-1", "1"]),
    ],
)
def test_classes_keep_their_names(dataset, labels):
    assert make_dataset(dataset, HALF).labels.tolist() == labels


@pytest.mark.parametrize("dataset", [{"make_blobs": {"random_state": 0}}, {"load_digits": {"n_class": 3}}])
def test_classes_that_are_called_by_their_numbers_have_no_other_names(dataset):
    made = make_dataset(dataset, HALF)
    assert (made.classes, made.labels) == (3, None)


@pytest.mark.parametrize("name", ["make_low_rank_matrix", "make_multilabel_classification", "load_linnerud"])
def test_what_has_not_one_target_for_each_row_is_refused(name):
    arguments = {} if name == "load_linnerud" else {"random_state": 0}
    with pytest.raises(ConfigError, match=f"^dataset.{name}: ") as error:
        make_dataset({name: arguments}, HALF)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("y", "labels"),
    [
        (["cat", "dög", "cat", "dög"], ["cat", "dög"]),
        ([True, False, True, False], ["False", "True"]),
        ([10, 9, 10, 9], ["9", "10"]),
        ([[1], [2], [1], [2]], ["1", "2"]),
        ([0.5, 1.0, 0.5, 1.0], ["0.5", "1"]),
    ],
)
def test_labels_of_any_kind_in_arrays(tmp_path, y, labels):
    np.savez(tmp_path / "a b.npz", rows=np.eye(4), kind=np.array(y))
    dataset = make_dataset({"npz": {"path": str(tmp_path / "a b.npz"), "x": "rows", "y": "kind"}}, HALF)
    assert dataset.labels.tolist() == labels
    assert sorted(dataset.y_train) == [0, 1]


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"X": np.eye(4), "y": range(4)}, "dataset.npz.x: {path} has no array 'x'; did you mean 'X'?"),
        (
            {"x": np.eye(4), "y": [1, 2]},
            "dataset.npz.y: the target has the shape (2,); one for each of 4 rows is needed",
        ),
        ({"x": np.eye(4), "y": np.eye(4)}, "dataset.npz.y: the target has the shape (4, 4); one for each of 4 rows"),
        ({"x": range(4), "y": range(4)}, "dataset.npz.x: the features have the shape (4,); (rows, features) is needed"),
        ({"x": [["a"], ["b"]], "y": [0, 1]}, "dataset.npz.x: the features are no numbers, but <U1"),
        ({"x": [[np.nan], [1]], "y": [0, 1]}, "dataset.npz.x: the features have missing or infinite values"),
        ({"x": [[np.inf], [1]], "y": [0, 1]}, "dataset.npz.x: the features have missing or infinite values"),
        ({"x": np.eye(3), "y": [0, 1, np.nan]}, "dataset.npz.y: the target has missing or infinite values"),
        ({"x": np.eye(3), "y": [0.5, 1.5, 2.5]}, "dataset.npz.y: the target holds numbers; to learn numbers set"),
        ({"x": [[1e300], [1]] * 2, "y": [0, 1] * 2}, "dataset: some features are too large for float32"),
        ({"x": np.eye(2), "y": np.array([{}, {}])}, "dataset.npz.path: {path} cannot be read: Object arrays cannot"),
        ({"x": np.eye(0), "y": []}, "dataset.npz.x: the features have the shape (0, 0); "),
    ],
)
@pytest.mark.filterwarnings("ignore:overflow")
def test_a_mistake_in_arrays_is_one_line(tmp_path, arrays, message):
    path = str(tmp_path / "arrays.npz")
    np.savez(path, **{name: np.asarray(array) for name, array in arrays.items()})
    with pytest.raises(ConfigError) as error:
        make_dataset({"npz": {"path": path}}, HALF)
    assert str(error.value).startswith(message.format(path=repr(path)))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("save", [lambda path: np.save(path, np.eye(3)), lambda path: path.write_bytes(b"x,y\n1,2\n")])
def test_a_file_that_holds_no_named_arrays_is_told_in_one_line(tmp_path, save):
    path = tmp_path / "arrays.npy"
    save(path)
    with pytest.raises(ConfigError, match=r"^dataset.npz.path: .* is no npz file, such as numpy.savez writes$"):
        read_rows({"npz": {"path": str(path)}})


def test_groups_are_those_of_a_table():
    with pytest.raises(ConfigError, match=r"^split.groups: rows are grouped by a column of a table"):
        make_dataset("load_iris", HALF | {"groups": "species"})


def test_the_data_sets_of_keras_are_all_known():
    from batchscope.hardware.backend import keras

    assert set(KERAS) == {name for name in dir(keras.datasets) if hasattr(getattr(keras.datasets, name), "load_data")}


@pytest.mark.slow
def test_the_rows_of_keras_are_read_from_where_it_keeps_them(tmp_path):
    """Its own loading code, on images laid where it would lay those it downloads."""
    random = np.random.default_rng(0)
    images = {
        "train": random.integers(0, 256, (8, 28, 28), np.uint8),
        "t10k": random.integers(0, 256, (4, 28, 28), np.uint8),
    }
    folder = tmp_path / "datasets/fashion-mnist"
    folder.mkdir(parents=True)
    for part, x in images.items():
        with gzip.open(folder / f"{part}-images-idx3-ubyte.gz", "wb") as file:
            file.write(bytes(16) + x.tobytes())
        with gzip.open(folder / f"{part}-labels-idx1-ubyte.gz", "wb") as file:
            file.write(bytes(8) + (np.arange(len(x), dtype=np.uint8) % 2).tobytes())
    program = (
        "from batchscope.data.prepare import make_dataset; from batchscope.data.dataset import save_arrays;"
        "save_arrays(make_dataset('fashion_mnist', {'train': 8, 'order': 'as_given', 'seed': 0}), 'made.npz')"
    )
    environment = os.environ | {"KERAS_HOME": str(tmp_path), "PYTHONPATH": str(LIBRARY.parent)}
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, env=environment, check=True, capture_output=True)
    with np.load(tmp_path / "made.npz") as made:
        np.testing.assert_array_equal(made["x_train"], images["train"].astype(np.float32))
        np.testing.assert_array_equal(made["x_test"], images["t10k"].astype(np.float32))
        np.testing.assert_array_equal(made["y_train"], [0, 1] * 4)


@pytest.fixture
def imdb(monkeypatch):
    """Reviews of different length in place of those that Keras downloads."""
    from batchscope.hardware.backend import keras

    def reviews(lengths):
        return np.array([list(range(1, length + 1)) for length in lengths], object)

    def load_data(num_words=None, maxlen=None):
        assert maxlen is None  # it would leave out longer reviews
        if num_words == 0:
            raise Exception("URL fetch failure on\nhttps://example.org")
        return (reviews([1, 3, 2, 4]), np.array([0, 1, 0, 1])), (reviews([5, 1]), np.array([1, 0]))

    monkeypatch.setattr(keras.datasets.imdb, "load_data", load_data)


def test_sequences_are_cut_and_padded_to_one_length(imdb):
    dataset = make_dataset({"imdb": {"maxlen": 3}}, {"train": 4, "order": "as_given", "seed": 0})
    np.testing.assert_array_equal(dataset.x_train, [[0, 0, 1], [1, 2, 3], [0, 1, 2], [2, 3, 4]])
    np.testing.assert_array_equal(dataset.x_test, [[3, 4, 5], [0, 0, 1]])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "dataset.imdb: its sequences differ in length; add maxlen, such as maxlen: 100"),
        ({"num_word": 5}, "dataset.imdb: no argument 'num_word'; did you mean 'num_words'?"),
        (
            {"num_words": 0},
            "dataset.imdb: Keras, which needs the network once, could not load it: URL fetch failure on https://example.org",
        ),
    ],
)
def test_a_mistake_with_keras_is_one_line(imdb, arguments, message):
    with pytest.raises(ConfigError) as error:
        make_dataset({"imdb": arguments}, HALF)
    assert str(error.value) == message
