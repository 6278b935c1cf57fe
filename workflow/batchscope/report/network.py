"""The networks of a study at work, as its explorer holds them: what they predict from before training to its end."""

import gzip
from base64 import b64encode
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from batchscope.data.dataset import Dataset
from batchscope.data.plane import Plane
from batchscope.results.network import REPLICATES, read_network
from batchscope.study.setting import SETTING, Setting

_MOST_ROWS = 500  # drawn on the plane
_MOST_BYTES = 4_000_000  # of all settings together
_LEVEL = 6  # of gzip: the highest, 9, takes seven times as long to make 3 % less
_ARRAYS = ("class", "probability", "confusion")  # that have a first axis of settings


def read_networks(
    paths: Iterable[str | Path], dataset: Dataset, settings: list[Setting], history: pd.DataFrame
) -> dict:
    """What was seen of the networks of a study, as JSON has it, and sentences (`words`) for what to know of it.

    Args:
        paths: what `batchscope.results.network.write_network` wrote, of a study that asks for something.
        dataset: what they were trained on.
        settings: in the order of the page.
        history: as `batchscope.results.history.read_history` gives it.

    Of each of the `settings`, by their numbers, the `epochs` of its moments and, gzipped in base64, the `boundary`:
    uint8 (2, moments, replicates, points), class and probability in 255ths; and `right`, the share of test rows that
    each replicate has right at each moment, none before training; or the `confusion`: float32 (moments, classes,
    classes), the share of the test rows of a class that are taken for which, NaN where none are counted.
    """
    files = [read_network(path) for path in paths]
    of_settings = {setting: arrays for file in files for setting, arrays in _by_setting(file)}
    of_first = history[history["replicate"] < REPLICATES]
    accuracies = {Setting(*setting): rows for setting, rows in of_first.groupby(SETTING)}
    shown, room = {}, _MOST_BYTES
    for setting in _rates_in_turns(settings):
        packed = _packed(of_settings[setting], accuracies[setting])
        room -= sum(len(packed.get(name, "")) for name in ("boundary", "confusion"))
        if room < 0:
            break
        shown[setting] = packed
    held = {
        "classes": dataset.class_names,
        "settings": [{"number": number} | shown[each] for number, each in enumerate(settings) if each in shown],
    }
    words = [f"Networks are those of {len(shown)} of {len(settings)} settings."] if len(shown) < len(settings) else []
    if "class" in files[0]:
        plane = Plane(*(files[0][name] for name in Plane._fields))
        on_plane, more_words = _on_plane(plane, dataset)
        held["plane"] = on_plane | {"replicates": files[0]["class"].shape[2]}
        words += more_words
    return held | {"words": words}


def _by_setting(file: dict[str, np.ndarray]) -> Iterable[tuple[Setting, dict[str, np.ndarray]]]:
    """Each setting of a file with its arrays."""
    for place, setting in enumerate(zip(*(file[name].tolist() for name in SETTING))):
        arrays = {name: file[name][place] for name in _ARRAYS if name in file}
        yield Setting(*setting), arrays | {"epoch": file["epoch"]}


def _packed(arrays: dict[str, np.ndarray], history: pd.DataFrame) -> dict:
    """What was seen of a setting, and the accuracies of its first replicates in the history."""
    packed = {"epochs": arrays["epoch"].tolist()}
    if "class" in arrays:
        packed["boundary"] = compressed(np.stack([arrays["class"], arrays["probability"]]))
        packed["right"] = _right(history, arrays["epoch"], arrays["class"].shape[1])
    if "confusion" in arrays:
        counts = arrays["confusion"]
        of_class = counts.sum(axis=2, keepdims=True)
        shares = np.divide(counts, of_class, where=of_class > 0, out=np.full(counts.shape, np.nan))
        packed["confusion"] = compressed(shares.astype(np.float32))
        rows = counts.sum(axis=(1, 2))
        right = np.trace(counts, axis1=1, axis2=2) / np.maximum(rows, 1)
        packed["shares_right"] = [share if count else None for share, count in zip(right.tolist(), rows)]
    return packed


def _right(history: pd.DataFrame, epochs: np.ndarray, replicates: int) -> list[list[float | None]]:
    """The test accuracy of the first replicates at some epochs, by epoch and replicate; none where there is none."""
    table = history.pivot(index="epoch", columns="replicate", values="test_accuracy")
    values = table.reindex(index=epochs, columns=range(replicates)).to_numpy()
    return [[None if np.isnan(value) else value for value in row] for row in values.tolist()]


def compressed(values: np.ndarray) -> str:
    """An array as a page holds it: its bytes in their order, gzipped in base64."""
    return b64encode(gzip.compress(values.tobytes(), _LEVEL, mtime=0)).decode()


def _rates_in_turns(settings: list[Setting]) -> list[Setting]:
    """The first rate of each batch size, then the second of each, and so on."""
    rates_before, turns = Counter(), {}
    for setting in settings:
        of_size = setting._replace(learning_rate=0.0)
        turns[setting] = rates_before[of_size]
        rates_before[of_size] += 1
    return sorted(settings, key=turns.get)


def _on_plane(plane: Plane, dataset: Dataset) -> tuple[dict, list[str]]:
    """The plane and the rows on it, as JSON has them, and what to know of them."""
    words = []
    if np.isnan(plane.variance).all():
        names = ["feature 1", "feature 2"] if dataset.features is None else [*map(str, dataset.features)]
    else:
        names = [f"principal component {number} ({share:.0%})" for number, share in enumerate(plane.variance, 1)]
        words.append(
            "The plane is that of the first two principal components of the training rows, which hold "
            f"{plane.variance.sum():.0%} of their variance: a network sees more of a row than its place on it."
        )
    parts = [part for part, (x, _) in zip(("train", "test", "validation"), dataset.parts) for _ in x]
    positions = np.concatenate([plane.positions(x) for x, _ in dataset.parts])
    classes = np.concatenate([y for _, y in dataset.parts])
    chosen = np.arange(0, len(parts), -(-len(parts) // _MOST_ROWS))
    if len(chosen) < len(parts):
        words.append(f"{len(chosen)} of {len(parts)} rows are drawn, evenly spaced.")
    across, up = positions[chosen].T.tolist()
    rows = {"across": across, "up": up, "class": classes[chosen].tolist(), "part": [parts[row] for row in chosen]}
    return {"names": names, "across": plane.across.tolist(), "up": plane.up.tolist(), "rows": rows}, words
