"""Features as a model takes them. Whatever is fitted is fitted on the training rows alone."""

import inspect
import math
from copy import copy

import numpy as np
import pandas as pd
import sklearn.preprocessing
from sklearn.base import TransformerMixin
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder

from batchscope.errors import ConfigError, check_arguments, one_line, suggestion
from batchscope.names import name_and_arguments

MOST_CATEGORIES = 100


def fitted_to_array(train: np.ndarray, scaler: dict | str) -> Pipeline:
    """What makes features of arrays (rows, ...), each scaled on its own; of parts of scikit-learn and NumPy alone.

    Args:
        train: those of the training rows.
        scaler: as in the config.

    Raises:
        ConfigError: scikit-learn has no such scaler or refuses its arguments.
    """
    # float64 where float32 would round before the numbers are centred.
    exact, shape = np.result_type(train, np.float32), train.shape[1:]
    steps = [
        ("numbers", FunctionTransformer(np.asarray, kw_args={"dtype": exact})),
        ("flat", FunctionTransformer(np.reshape, kw_args={"shape": (-1, math.prod(shape))})),
        ("scaler", _make_scaler(scaler)),
        ("shaped", FunctionTransformer(np.reshape, kw_args={"shape": (-1, *shape)})),
    ]
    return _fitted(Pipeline(steps), train)


def fitted_to_table(train: pd.DataFrame, scaler: dict | str, encoder: dict | None = None) -> ColumnTransformer:
    """What makes features of tables, of parts of scikit-learn alone.

    Missing numbers become the median, and numbers are scaled. Categories become a feature each, of 0 and 1. A missing
    one is a category of its own, as that it is missing may mean something; one that no training row has is none, or
    one of the rare ones.

    Args:
        train: the columns of the training rows.
        scaler: as in the config.
        encoder: `min_frequency` and `max_categories` of scikit-learn's OneHotEncoder, which gathers rare categories
            into one. Where left out they are 2 and 100, for columns that have more than 100 categories.

    Raises:
        ConfigError: as `fitted_to_array`, or no training row has a value in some columns.
    """
    if empty := [column for column in train if train[column].isna().all()]:
        lines = (f"dataset.table, column {column!r}: no training row has a value in it; `drop` it" for column in empty)
        raise ConfigError("", "\n".join(lines))
    numbers = [*train.select_dtypes("number")]
    scaled = Pipeline([("imputer", SimpleImputer(strategy="median")), ("scaler", _make_scaler(scaler))])
    columns = [("numbers", scaled, numbers)]
    columns += [
        (f"categories of {column}", _make_encoder(train[column].nunique(), encoder or {}), [column])
        for column in train.columns.difference(numbers, sort=False)
    ]
    return _fitted(ColumnTransformer(columns), train)


def names_of_features(transformer: ColumnTransformer) -> np.ndarray:
    """The names of the features that `fitted_to_table` makes: `age`, `colour=red`, `colour=missing`, `colour=rare`."""
    (_, _, numbers), *encoders = transformer.transformers_
    return np.array([*numbers, *(name for _, encoder, _ in encoders for name in _names_of_categories(encoder))])


def _names_of_categories(encoder: OneHotEncoder) -> np.ndarray:
    # Of a copy, as what is kept for use elsewhere has no function of this module in it.
    return copy(encoder).set_params(feature_name_combiner=_name_of_category).get_feature_names_out()


def _make_encoder(categories: int, arguments: dict) -> OneHotEncoder:
    if not arguments and categories > MOST_CATEGORIES:
        arguments = {"min_frequency": 2, "max_categories": MOST_CATEGORIES}
    return OneHotEncoder(
        handle_unknown="infrequent_if_exist",
        sparse_output=False,
        **arguments,
    )


def _name_of_category(column: str, category: str | float) -> str:
    if not isinstance(category, str):
        return f"{column}=missing"
    return f"{column}={'rare' if category == 'infrequent_sklearn' else category}"


def _make_scaler(spec: dict | str) -> TransformerMixin | str:
    """A scaler of scikit-learn; `passthrough`, which is its word for none, where there is to be none."""
    if spec == "none":
        return "passthrough"
    name, arguments = name_and_arguments(spec)
    known = [key for key in sklearn.preprocessing.__all__ if key.endswith("Scaler")]
    if name not in known:
        raise ConfigError("scaler", f"sklearn.preprocessing has no {name!r}{suggestion(name, [*known, 'none'])}")
    scaler = getattr(sklearn.preprocessing, name)
    check_arguments(arguments, inspect.signature(scaler).parameters, f"scaler.{name}")
    # YAML knows lists alone where scikit-learn insists on tuples.
    return scaler(**{key: tuple(value) if isinstance(value, list) else value for key, value in arguments.items()})


def _fitted(transformer: TransformerMixin, train: np.ndarray | pd.DataFrame) -> TransformerMixin:
    try:
        return transformer.fit(train)
    except Exception as error:  # what scikit-learn says of the arguments is for the user
        raise ConfigError("scaler", one_line(error)) from None
