"""A dataset from its description: a function of scikit-learn, split into training and test rows."""

import inspect
from pathlib import Path
from typing import NamedTuple

import numpy as np

from batchscope.errors import ConfigError, suggestion
from batchscope.files import replacing


class Dataset(NamedTuple):
    """Features are float32, (rows, ...); classes are int64 from 0, (rows,). The validation rows may be none."""

    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    x_validation: np.ndarray | None = None
    y_validation: np.ndarray | None = None

    @property
    def parts(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Features and targets of the training rows, of the test rows and, if there are any, of the validation rows."""
        parts = [(self.x_train, self.y_train), (self.x_test, self.y_test), (self.x_validation, self.y_validation)]
        return [(x, y) for x, y in parts if x is not None]

    @property
    def classes(self) -> int:
        return int(max(y.max() for _, y in self.parts)) + 1


def make_dataset(spec: dict | str, split: dict) -> Dataset:
    """Make and split the dataset that a study's `dataset` and `split` describe.

    Raises:
        ConfigError: scikit-learn has no such function or refuses its arguments, there are no classes to learn, or the
            split leaves no rows.
    """
    x, y = _generate(spec)
    return _split(x, y, split)


def name_and_arguments(spec: dict | str) -> tuple[str, dict]:
    """`{name: arguments}`, or a name alone, as (name, arguments)."""
    if isinstance(spec, str):
        return spec, {}
    [(name, arguments)] = spec.items()
    return name, arguments


def _generate(spec: dict | str) -> tuple[np.ndarray, np.ndarray]:
    import sklearn.datasets

    name, arguments = name_and_arguments(spec)
    known = [key for key in sklearn.datasets.__all__ if key.startswith(("make_", "load_"))]
    if name not in known:
        raise ConfigError("dataset", f"sklearn.datasets has no {name!r} that makes or loads{suggestion(name, known)}")
    function = getattr(sklearn.datasets, name)
    parameters = inspect.signature(function).parameters
    for argument in arguments.keys() - parameters.keys():
        raise ConfigError(f"dataset.{name}", f"no argument {argument!r}{suggestion(argument, parameters)}")
    if "random_state" in parameters and arguments.get("random_state") is None:
        raise ConfigError(f"dataset.{name}", "it draws at random; add random_state, such as random_state: 0")
    if "return_X_y" in parameters:
        arguments = arguments | {"return_X_y": True}
    try:
        x, y = function(**arguments)
        x, y = np.asarray(x, np.float32), np.asarray(y)
    except Exception as error:  # whatever scikit-learn says of the arguments is for the user
        raise ConfigError(f"dataset.{name}", " ".join(str(error).split())) from None
    if y.ndim != 1 or np.issubdtype(y.dtype, np.floating):
        raise ConfigError("dataset", f"{name} gives no classes; take one for classification, such as make_blobs")
    labels, y = np.unique(y, return_inverse=True)
    if len(labels) < 2:
        raise ConfigError("dataset", f"{name} gives a single class; two or more are needed")
    return x, y.astype(np.int64)


def _split(x: np.ndarray, y: np.ndarray, split: dict) -> Dataset:
    if "validation" not in split:
        (x_train, x_test), (y_train, y_test) = _cut(x, y, split, "training", split["train"])
        return Dataset(x_train, y_train, x_test, y_test)
    rows = {part: _rows(split[part], len(y)) for part in ("train", "validation")}
    (x, x_test), (y, y_test) = _cut(x, y, split, "training and validation", sum(rows.values()))
    parts = _cut(x, y, split | {"test": rows["validation"]}, "training", rows["train"])
    (x_train, x_validation), (y_train, y_validation) = parts
    return Dataset(x_train, y_train, x_test, y_test, x_validation, y_validation)


def _rows(part: float, rows: int) -> int:
    return part if isinstance(part, int) else int(part * rows)


def _cut(
    x: np.ndarray, y: np.ndarray, split: dict, name: str, first: float
) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Features and classes, each cut into the part `first` and the test part of the split, in its order."""
    from sklearn.model_selection import train_test_split

    test, order = split.get("test"), split["order"]
    first_rows, test_rows = (part if isinstance(part, int) else part * len(y) for part in (first, test or 1))
    if first_rows + test_rows > len(y):
        raise ConfigError(
            "split",
            f"{first_rows:g} {name} rows of {len(y)} leave fewer than {test_rows:g} to test on; make `train` smaller",
        )
    try:
        x_first, x_test, y_first, y_test = train_test_split(
            x,
            y,
            train_size=first,
            test_size=test,
            shuffle=order != "as_given",
            stratify=y if order == "stratified" else None,
            random_state=split["seed"] if order != "as_given" else None,
        )
    except ValueError as error:
        raise ConfigError("split", " ".join(str(error).split())) from None
    return (x_first, x_test), (y_first, y_test)


def save_dataset(dataset: Dataset, path: str | Path) -> None:
    with replacing(path) as temporary:
        np.savez(temporary, **{name: part for name, part in dataset._asdict().items() if part is not None})


def load_dataset(path: str | Path) -> Dataset:
    """Read what `save_dataset` wrote.

    Raises:
        ValueError: the file is not whole.
    """
    try:
        with np.load(path) as arrays:
            return Dataset(**arrays)
    except Exception as error:
        raise ValueError(f"{path} is no whole dataset ({error}); delete it and run again") from error
