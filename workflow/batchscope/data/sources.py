"""Where the rows of a dataset come from: scikit-learn, Keras, arrays in a file, or a table."""

import inspect
import zipfile
from collections.abc import Callable

import numpy as np
import sklearn.datasets

from batchscope.data.rows import Rows, rows_of_arrays
from batchscope.data.table import read_table
from batchscope.errors import ConfigError, check_arguments, one_line, suggestion
from batchscope.names import name_and_arguments

# The modules of keras.datasets, listed here so that only who asks for one waits for Keras.
KERAS = ("boston_housing", "california_housing", "cifar10", "cifar100", "fashion_mnist", "imdb", "mnist", "reuters")


def read_rows(spec: dict | str, groups: str | None = None, numbers: bool = False) -> Rows:
    """The rows that a study's `dataset` describes.

    Args:
        spec: as in the config.
        groups: the column that rows are grouped by; of a table only.
        numbers: whether numbers are learned.

    Raises:
        ConfigError: there is no such dataset, its arguments are refused, or nothing can be learned from what it holds.
    """
    name, arguments = name_and_arguments(spec)
    if name == "table":
        return read_table(**arguments, groups=groups, numbers=numbers)
    if groups is not None:
        raise ConfigError("split.groups", "rows are grouped by a column of a table, and this dataset is none")
    if name == "npz":
        return _read_arrays(**arguments)
    if name in KERAS:
        return _load_keras(name, arguments)
    return _generate(name, arguments)


def _generate(name: str, arguments: dict) -> Rows:
    """Rows that a function of sklearn.datasets makes, or that scikit-learn ships."""
    functions = {key: getattr(sklearn.datasets, key) for key in sklearn.datasets.__all__}
    known = {key: each for key, each in functions.items() if key.startswith("make_") or _loads_targets(key, each)}
    if name not in known:
        close = suggestion(name, [*known, *KERAS, "table", "npz"])
        raise ConfigError("dataset", f"neither sklearn.datasets nor keras.datasets has {name!r}{close}")
    place, function = f"dataset.{name}", known[name]
    parameters = inspect.signature(function).parameters
    check_arguments(arguments, parameters.keys() - {"return_X_y", "as_frame"}, place)
    if "random_state" in parameters and arguments.get("random_state") is None:
        raise ConfigError(place, "it draws at random; add random_state, such as random_state: 0")
    try:
        made = function(**arguments)
    except Exception as error:  # whatever scikit-learn says of the arguments is for the user
        raise ConfigError(place, one_line(error)) from None
    if name.startswith("load_"):
        return rows_of_arrays(np.asarray(made.data), np.asarray(made.target), place, place, made.get("target_names"))
    if not isinstance(made, tuple) or len(made) != 2:
        raise ConfigError(place, "it makes no rows with one target each; take one that does, such as make_blobs")
    return rows_of_arrays(*map(np.asarray, made), place, place)


def _loads_targets(name: str, function: Callable) -> bool:
    return name.startswith("load_") and "return_X_y" in inspect.signature(function).parameters


def _load_keras(name: str, arguments: dict) -> Rows:
    """The training rows of a module of keras.datasets, then its test rows; sequences are cut or padded to `maxlen`."""
    from batchscope.hardware.backend import keras

    place = f"dataset.{name}"
    load = getattr(keras.datasets, name).load_data
    check_arguments(arguments, inspect.signature(load).parameters, place)
    try:
        parts = load(**{key: value for key, value in arguments.items() if key != "maxlen"})
    except Exception as error:  # of the network, or what Keras says of the arguments
        raise ConfigError(place, f"Keras, which needs the network once, could not load it: {one_line(error)}") from None
    x, y = (np.concatenate(arrays) for arrays in zip(*parts))
    if x.dtype == object:
        if "maxlen" not in arguments:
            raise ConfigError(place, "its sequences differ in length; add maxlen, such as maxlen: 100")
        x = keras.utils.pad_sequences(x, maxlen=arguments["maxlen"])
    return rows_of_arrays(x, y, place, place)


def _read_arrays(path: str, x: str = "x", y: str = "y") -> Rows:
    """Rows of the arrays named `x` and `y` in a file of NumPy's."""
    if not zipfile.is_zipfile(path):
        raise ConfigError("dataset.npz.path", f"{path!r} is no npz file, such as numpy.savez writes")
    try:
        with np.load(path, allow_pickle=False) as file:
            known = list(file)
            arrays = {name: file[name] for name in (x, y) if name in known}
    except Exception as error:  # another kind of zip file, or pickled objects
        raise ConfigError("dataset.npz.path", f"{path!r} cannot be read: {one_line(error)}") from None
    for key, name in {"x": x, "y": y}.items():
        if name not in known:
            raise ConfigError(f"dataset.npz.{key}", f"{path!r} has no array {name!r}{suggestion(name, known)}")
    return rows_of_arrays(arrays[x], arrays[y], "dataset.npz.x", "dataset.npz.y")
