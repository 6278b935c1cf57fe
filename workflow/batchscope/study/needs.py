"""What a study needs of memory and disk, by its size, before anything large is made: roughly, and rather too little.

Each need is a product, so many bytes for each of some factors, whose places in the study say what to make smaller.
"""

import math
import os
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from batchscope.model.losses import is_regression
from batchscope.names import name_and_arguments
from batchscope.study.keras_plan import KerasPlan
from batchscope.study.mistakes import batch_sizes
from batchscope.study.study import splits_drawn

# Bytes, as they were measured of small studies.
_OF_A_VALUE = 4  # float32
_OF_A_JOB = 50_000  # while Snakemake plans it
_OF_A_DRAW = 200
_OF_A_PART = 1000  # of data that scikit-learn makes
_OF_A_SCORED_ROW = 9  # its number, whether it is correct, its loss
_TIMES_A_FILE = 2  # what is read of it, and the same as float32
_COPIES_OF_WEIGHTS = 6  # gradient, slots of the optimizer, copies between steps
_MODELS_TRIED, _ROWS_TRIED = 3, 40  # two in a stack and one with Model.fit, evaluated on so many rows at once
_OF_A_MEASURE = 5  # of an epoch in a file of a history; there are two of them


class Size(NamedTuple):
    """How large data and model of a study are. Where that is not known yet, it is as little as there can be."""

    rows: Sequence[int]  # training, test and, where there are any, validation rows
    features: int = 1  # numbers of a row
    outputs: int = 1
    parameters: int = 0
    values_per_row: int = 0  # that the layers put out


class Need(NamedTuple):
    """A product: an amount for each of some factors, by their places in the study."""

    each: float
    factors: dict[str, int]

    @property
    def amount(self) -> float:
        return self.each * math.prod(self.factors.values())

    @property
    def place(self) -> str:
        """Of the largest factor."""
        return max(self.factors, key=self.factors.get)


def size_in_config(spec: dict) -> Size:
    """The size as far as the config tells: of data that scikit-learn makes its rows and features."""
    name, arguments = name_and_arguments(spec["dataset"])
    if not name.startswith("make_"):
        return Size([1, 1])
    per_class = arguments.get("n_samples", 100)
    counts = per_class if isinstance(per_class, list) else [per_class]
    rows = sum(count for count in counts if _is_count(count))
    train = spec["split"]["train"]
    train = max(1, min(rows, train) if isinstance(train, int) else round(rows * train))
    features = arguments.get("n_features", 2)
    return Size([train, max(0, rows - train)], features=features if _is_count(features) else 1)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and value > 0


def memory_of_data(spec: dict) -> Iterator[Need]:
    """Bytes that it takes to make or read the data and to plan, as far as the config tells."""
    name, arguments = name_and_arguments(spec["dataset"])
    place = f"dataset.{name}"
    if name.startswith("make_"):
        size = size_in_config(spec)
        yield Need(5 * _OF_A_VALUE, {f"{place}.n_samples": sum(size.rows), f"{place}.n_features": size.features})
        for argument, count in arguments.items():  # such as `centers`, which are made one by one
            if argument not in ("n_samples", "n_features", "random_state") and _is_count(count):
                yield Need(_OF_A_PART, {f"{place}.{argument}": count, f"{place}.n_features": size.features})
    elif name == "table":
        yield Need(_TIMES_A_FILE, {f"{place}.path": os.path.getsize(arguments["path"])})
    elif name == "npz" and zipfile.is_zipfile(arguments["path"]):
        with zipfile.ZipFile(arguments["path"]) as file:
            yield Need(_TIMES_A_FILE, {f"{place}.path": sum(array.file_size for array in file.infolist())})
    yield Need(_OF_A_JOB, {"pace.processes": spec.get("pace", {}).get("processes", 0)})


def memory_of_layers(parameters: Sequence[int], values_per_row: Sequence[int]) -> Iterator[Need]:
    """Bytes that it takes to try layers, of which the last puts out what the model does."""
    for index, (count, values) in enumerate(zip(parameters, values_per_row)):
        place = f"model[{min(index, len(parameters) - 2)}]" if len(parameters) > 1 else "model"
        yield Need(_MODELS_TRIED * _COPIES_OF_WEIGHTS * _OF_A_VALUE, {place: count})
        yield Need(_MODELS_TRIED * _ROWS_TRIED * _OF_A_VALUE, {place: values})


def memory_of_training(study: KerasPlan, size: Size) -> Iterator[Need]:
    """Bytes that the largest training job of a study holds."""
    rates = {"learning_rates": max(map(len, study.trainings.values()))}
    trained = _replicates(study) | rates
    others, spec = _other_rows(study, size), study.spec
    yield Need(_OF_A_DRAW, trained)
    yield Need(_of_a_table_row(study, size), trained | _measurements(study))
    yield Need(2 * _of_a_scored_row(study), trained | others)
    if study.keeps_predictions:
        outputs = {"dataset": size.outputs}
        yield Need(2 * _OF_A_VALUE, {"replicates": spec["replicates"]} | rates | others | outputs)
    yield _data(study, size)
    yield _splits(study, size)
    yield Need(_COPIES_OF_WEIGHTS * _OF_A_VALUE, {"model": size.parameters})
    place, largest = max(
        ((place, rows) for place, batch_size in batch_sizes(study) for rows, _ in study.stages(batch_size)),
        key=lambda placed: placed[1],
    )
    at_once = min(largest, size.rows[0], spec.get("micro_batch_size", largest))
    yield Need(_OF_A_VALUE, {place: at_once, "model": size.values_per_row})
    if "ensembles" in spec:
        members = {f"ensembles.{key}": spec["ensembles"][key] for key in ("members", "repeats")}
        yield Need(_OF_A_DRAW + _OF_A_VALUE * size.outputs * sum(size.rows[1:]), members)
    if "noise_scale" in spec:
        moments = {"noise_scale.every": study.measurements_of_noise, "replicates": spec["replicates"]}
        yield Need(_of_a_table_row(study, size), moments | {"model": 1 + len(spec["model"])})
    if "variance" in spec:
        crossed = {f"variance.{key}": spec["variance"][key] for key in ("splits", "weights", "orders")}
        yield Need(_OF_A_DRAW, crossed)


def memory_of_metrics(study: KerasPlan, size: Size) -> Iterator[Need]:
    """Bytes that the histories and row scores of all settings of a study take together, where they are summed up."""
    trained = _replicates(study) | _settings(study)
    yield Need(_of_a_table_row(study, size), trained | _measurements(study))
    yield Need(2 * _of_a_scored_row(study), trained | _other_rows(study, size))


def disk(study: KerasPlan, size: Size) -> Iterator[Need]:
    """Bytes of all that a study writes."""
    settings, others = _settings(study), _other_rows(study, size)
    trained = _replicates(study) | settings
    yield Need(2 * _OF_A_MEASURE * _measures(study, size), trained | _measurements(study))
    yield Need(_of_a_scored_row(study), trained | others)
    if study.keeps_predictions:
        outputs = {"dataset": size.outputs}
        yield Need(_OF_A_VALUE, {"replicates": study.spec["replicates"]} | settings | others | outputs)
    yield _data(study, size)
    yield _splits(study, size)
    if study.keeps_model:
        yield Need(_OF_A_VALUE, {"model": size.parameters})


def _replicates(study: KerasPlan) -> dict[str, int]:
    own, new = study.spec["replicates"], study.replicates_on_new_splits
    return {"replicates" if own >= new else "new_splits.replicates": own + new}


def _measurements(study: KerasPlan) -> dict[str, int]:
    """The most measurements of a training, whose length a schedule of batch sizes has of its own."""
    length = "epochs" if "epochs" in study.spec else "updates"
    if study.spec["evaluate_every"] != {"epochs": 1}:
        length = "evaluate_every"
    counts = Counter()
    for place, batch_size in batch_sizes(study):
        place = place if isinstance(batch_size, dict) else length
        counts[place] = max(counts[place], study.measurements(batch_size))
    return dict(counts.most_common(1))


def _settings(study: KerasPlan) -> dict[str, int]:
    batch_sizes = study.spec["batch_sizes"]
    rates = len(study.rates(batch_sizes[0])) > len(batch_sizes)
    return {"learning_rates" if rates else "batch_sizes": len(study.settings)}


def _data(study: KerasPlan, size: Size) -> Need:
    name, arguments = name_and_arguments(study.spec["dataset"])
    features = f"dataset.{name}.n_features" if "n_features" in arguments else "dataset"
    return Need(_OF_A_VALUE, {_place_of_rows(study.spec): sum(size.rows), features: size.features})


def _other_rows(study: KerasPlan, size: Size) -> dict[str, int]:
    """The rows that are not trained on."""
    return {_place_of_rows(study.spec): sum(size.rows[1:])}


def _splits(study: KerasPlan, size: Size) -> Need:
    """The numbers of the rows of every new split, and the features where they are fitted anew."""
    spec = study.spec
    name, _ = name_and_arguments(spec["dataset"])
    fitted = name == "table" or is_regression(spec["loss"]) or spec.get("scaler", "none") != "none"
    count = splits_drawn(spec)
    place = "new_splits.replicates" if study.replicates_on_new_splits == count else "variance.splits"
    each = _OF_A_VALUE * (1 + size.features) if fitted else _OF_A_VALUE
    return Need(each, {place: count, _place_of_rows(spec): sum(size.rows)})


def _measures(study: KerasPlan, size: Size) -> int:
    """How many measures an epoch has: loss and accuracy of each part, and what is measured beside of the others."""
    parts = len(size.rows)
    return 2 * parts + len(study.metrics_measured) * (parts - 1)


def _of_a_table_row(study: KerasPlan, size: Size) -> int:
    """Of an epoch in memory: its measures and eight other columns, twice while they are put together."""
    return 2 * 8 * (8 + _measures(study, size))


def _of_a_scored_row(study: KerasPlan) -> int:
    return _OF_A_SCORED_ROW + _OF_A_VALUE * len(study.metrics_measured)


def _place_of_rows(spec: dict) -> str:
    name, arguments = name_and_arguments(spec["dataset"])
    return f"dataset.{name}.n_samples" if "n_samples" in arguments else f"dataset.{name}"
