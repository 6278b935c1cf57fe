"""Configs drawn at random: from the config's schema, and small ones that are right, with mistakes made in them."""

import copy
import datetime
import math

import yaml
from hypothesis import strategies as st

from batchscope.study.config import SCHEMA

RIGHT = """
studies:
  small:
    title: Small
    dataset: {make_blobs: {n_samples: 60, centers: 3, n_features: 2, random_state: 2}}
    split: {train: 30, validation: 10, order: shuffled, seed: 1}
    scaler: StandardScaler
    model: [{Dense: {units: 4, activation: relu}}]
    optimizer: {SGD: {momentum: 0.9}}
    loss: SparseCategoricalCrossentropy
    epochs: 4
    replicates: 3
    new_splits: {replicates: 2}
    seed: 3
    batch_sizes: [8, full, {4: 2, 16: 2}]
    learning_rates: [0.1]
    learning_curves:
      small_batch: {batch_size: 8, learning_rate: 0.1}
    engine: compiled
    target_accuracy: 0.7
    comparisons: {reference: {batch_size: full}, margins: {test_accuracy: 0.02}}
    claims:
      C1: {statement: Best, measure: test_accuracy, of: {batch_size: 8}, against: {batch_size: full}, above: 0}
    questions:
      Q1: {question: "Is it?", answer: C1, measures: [test_accuracy, epochs_to_target]}
figures: {formats: [png]}
resources: {gpu: auto, mem_mb: 2000}
limits: {hours: 24, memory_gb: 2, disk_gb: 5}
"""
HOSTILE = [
    *(None, True, False, 0, -1, 1, 2, 3, 7, 1000, 10**6, 10**9, 10**12, 2**63 - 1, 2**63, -(2**63), 10**400),
    *(0.0, 0.5, 1.5, -0.1, 1e-300, 1e300, math.nan, math.inf, -math.inf),
    *("", " ", "x", "8", "1e-3", "none", "full", "auto", "a b", "../up", "/", "~", "a/b", "{x}", "$x$", "%s", "\0"),
    *("\N{SNOWMAN}", "a" * 300, "line\nbreak", "__class__", "sklearn", datetime.date(2020, 1, 1), b"bytes", {1, 2}),
    *([], {}, [[]], [None], {"x": None}, {1: 2}, {None: 1}, {True: [1]}, [1, "1", 1.0], [{"a": [{"b": []}]}]),
]  # fmt: skip
# Where the schema leaves names and arguments to scikit-learn and Keras: some that there are, some that there are not.
_NAMED = {
    "dataset": [
        {"make_blobs": {"n_samples": 50, "centers": 2, "random_state": 0}},
        {"make_moons": {"n_samples": 40, "noise": 0.1, "random_state": 0}},
        {"make_classification": {"n_samples": 60, "n_features": 6, "n_informative": 3, "random_state": 0}},
        {"make_regression": {"n_samples": 50, "n_features": 3, "random_state": 0}},
        {"make_swiss_roll": {"random_state": 0}},
        "load_iris",
        "load_no_such",
    ],
    "scaler": ["none", "StandardScaler", {"MinMaxScaler": {"feature_range": [0, 1]}}, "PowerTransformer", "Scaler"],
    "model": [
        [],
        [{"Dense": {"units": 3}}],
        [{"Dense": {"units": 5, "activation": "tanh"}}, {"Dropout": {"rate": 0.2}}],
        ["BatchNormalization", {"Dense": {"units": 4}}],
        [{"Reshape": {"target_shape": [2, 1]}}, {"Conv1D": {"filters": 2, "kernel_size": 1}}, "Flatten"],
        [{"GaussianNoise": {"stddev": 0.1}}, "LayerNormalization"],
        [{"Dense": {}}],
    ],
    "optimizer": ["SGD", "Adam", {"RMSprop": {"rho": 0.8}}, {"SGD": {"clipnorm": 1.0}}, {"SGD": {"momentum": 2}}],
    "loss": ["SparseCategoricalCrossentropy", {"CategoricalCrossentropy": {"label_smoothing": 0.1}}, "Huber"],
    "learning_rate_schedule": [{"CosineDecay": {"decay_epochs": 3}}, {"CosineDecay": {}}, "ExponentialDecay"],
}
_WORDS = ["C1", "Q1", "small", "x", "test_accuracy", "a b"]
_RIGHT = yaml.safe_load(RIGHT)
_schema = yaml.safe_load(SCHEMA.read_text())
_KEYS = sorted(_schema["$defs"]["study"]["properties"])
_NAMES = [value for value in HOSTILE if isinstance(value, str)]


def _drawn(schema: dict, name: str = "") -> st.SearchStrategy:
    """Values that fit a part of the schema, small ones mostly; `name` is the key that it stands under."""
    if name in _NAMED:
        return st.sampled_from(_NAMED[name])
    if "$ref" in schema:
        return _drawn(_schema["$defs"][schema["$ref"].rpartition("/")[2]])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if "anyOf" in schema:
        beside = {key: value for key, value in schema.items() if key != "anyOf"}
        return st.one_of(*(_drawn(beside | each) for each in schema["anyOf"]))
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    return st.one_of(*(_of_kind(kind, schema) for kind in kinds))


def _of_kind(kind: str, schema: dict) -> st.SearchStrategy:
    match kind:
        case "integer":
            least = schema.get("minimum", 0)
            return st.integers(least, least + 9)
        case "number":
            least, most = schema.get("exclusiveMinimum", -2), schema.get("maximum", schema.get("exclusiveMaximum", 2))
            return st.floats(least, most, exclude_min=True, exclude_max="exclusiveMaximum" in schema)
        case "boolean":
            return st.booleans()
        case "string":
            word = schema.get("pattern", "").strip("^$")
            return st.just(word) if word.isalpha() else st.sampled_from(_WORDS)
        case "array":
            least = schema.get("minItems", 0)
            return st.lists(_drawn(schema["items"]), min_size=least, max_size=schema.get("maxItems", least + 1))
        case "object" if "properties" in schema:
            return _objects(schema)
        case "object":
            names, values = schema.get("propertyNames", {"type": "string"}), schema["additionalProperties"]
            return st.dictionaries(_drawn(names), _drawn(values), min_size=schema.get("minProperties", 0), max_size=2)


@st.composite
def _objects(draw, schema: dict) -> dict:
    """What is required, and up to two keys more."""
    properties, required = schema["properties"], schema.get("required", [])
    others = sorted(properties.keys() - set(required))
    chosen = draw(st.lists(st.sampled_from(others), unique=True, max_size=2)) if others else []
    return {key: draw(_drawn(properties[key], key)) for key in (*required, *chosen)}


@st.composite
def from_schema(draw) -> dict:
    """A config that was right, up to three keys of whose study are as the schema has them, and some are left out."""
    config = copy.deepcopy(_RIGHT)
    study, known = config["studies"]["small"], _schema["$defs"]["study"]
    for key in draw(st.lists(st.sampled_from(sorted(study)), unique=True, max_size=2)):
        if key not in known["required"]:
            del study[key]
    for key in draw(st.lists(st.sampled_from(_KEYS), unique=True, min_size=1, max_size=3)):
        study[key] = draw(_drawn(known["properties"][key], key))
    return config


@st.composite
def with_mistakes(draw) -> dict:
    """A config that was right, in which values were replaced, left out, added or taken from elsewhere."""
    config = copy.deepcopy(_RIGHT)
    for _ in range(draw(st.integers(1, 2))):
        places = list(_places(config))
        within, key = draw(st.sampled_from(places))
        match draw(st.sampled_from(["replace", "replace by its kind", "leave out", "add", "take"])):
            case "replace":
                within[key] = draw(st.sampled_from(HOSTILE))
            case "replace by its kind":
                within[key] = draw(st.sampled_from([value for value in HOSTILE if type(value) is type(within[key])]))
            case "leave out":
                del within[key]
            case "add" if isinstance(within, dict):
                within[draw(st.sampled_from([*_KEYS, *_NAMES]))] = draw(st.sampled_from(HOSTILE))
            case _:
                other, taken = draw(st.sampled_from(places))
                within[key] = copy.deepcopy(other[taken])
    return config


def _places(value: object):
    """Every place in a config, as what holds it and its key there."""
    pairs = list(value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ())
    for key, part in pairs:
        yield value, key
        yield from _places(part)
