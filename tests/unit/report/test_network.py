"""What the explorer holds of the networks at work."""

import gzip
import json
from base64 import b64decode

import numpy as np
import pandas as pd
import pytest

from batchscope.data.dataset import Dataset
from batchscope.data.plane import SIDE, fit_plane
from batchscope.report import network
from batchscope.report.network import read_networks
from batchscope.results.network import write_network
from batchscope.study.setting import Setting
from tests.unit.tables import history

SMALL, LARGE, SCHEDULE = Setting(4, 0.1), Setting(4, 0.01), Setting(6, 0.1, "4x1_8x1")
EPOCHS = [0, 1, 3]


def make_dataset(rows: int = 20, features: int = 2) -> Dataset:
    random = np.random.default_rng(0)
    x, y = random.normal(size=(rows, features)).astype(np.float32), np.arange(rows) % 3
    return Dataset(x[: rows // 2], y[: rows // 2], x[rows // 2 :], y[rows // 2 :])


def unpacked(packed: str, kind: type, *shape: int) -> np.ndarray:
    return np.frombuffer(gzip.decompress(b64decode(packed)), kind).reshape(shape)


@pytest.fixture
def points() -> np.ndarray:
    """Of three settings at three moments two replicates on the grid."""
    return np.random.default_rng(1).integers(0, 256, (3, 3, 2, SIDE**2, 2), np.uint8)


@pytest.fixture
def curves() -> pd.DataFrame:
    """Of four replicates of each setting; one of the last setting diverges."""
    accuracies = np.random.default_rng(2).uniform(size=(3, 4, 3))
    accuracies[2, 1, 2] = np.nan
    tables = [history(values.tolist(), setting) for setting, values in zip((SMALL, LARGE, SCHEDULE), accuracies)]
    return pd.concat(tables)


@pytest.fixture
def paths(tmp_path, points):
    """What two batch sizes wrote."""
    plane = fit_plane(make_dataset())
    write_network([SMALL, LARGE], EPOCHS, tmp_path / "4.npz", (plane, points[:2]))
    write_network([SCHEDULE], EPOCHS, tmp_path / "schedule.npz", (plane, points[2:]))
    return [tmp_path / "4.npz", tmp_path / "schedule.npz"]


def test_predictions_and_accuracies_are_those_of_each_setting(paths, points, curves):
    held = read_networks(paths, make_dataset(), [LARGE, SMALL, SCHEDULE], curves)
    assert json.loads(json.dumps(held, allow_nan=False)) == held
    assert [each["number"] for each in held["settings"]] == [0, 1, 2]
    for each, place in zip(held["settings"], (1, 0, 2)):
        assert each["epochs"] == EPOCHS
        values = unpacked(each["boundary"], np.uint8, 2, 3, 2, SIDE**2)
        np.testing.assert_array_equal(values, np.moveaxis(points[place], -1, 0))
    of_small = curves[(curves["batch_size"] == 4) & (curves["learning_rate"] == 0.1)].set_index(["epoch", "replicate"])
    right = [[None, None], *([of_small["test_accuracy"][epoch, replicate] for replicate in (0, 1)] for epoch in (1, 3))]
    assert held["settings"][1]["right"] == right
    assert held["settings"][2]["right"][2][1] is None  # it diverged
    assert held["plane"]["replicates"] == 2
    assert held["words"] == []


def test_the_plane_has_the_names_of_its_axes_and_the_rows_with_their_parts(paths, curves):
    dataset = make_dataset()
    held = read_networks(paths, dataset, [SMALL, LARGE, SCHEDULE], curves)
    plane = held["plane"]
    assert plane["names"] == ["feature 1", "feature 2"]
    assert len(plane["across"]) == len(plane["up"]) == SIDE
    rows = plane["rows"]
    assert rows["part"] == ["train"] * 10 + ["test"] * 10
    assert rows["class"] == [*map(int, np.arange(20) % 3)]
    both = np.concatenate([dataset.x_train, dataset.x_test])
    np.testing.assert_allclose(np.transpose([rows["across"], rows["up"]]), both, atol=1e-4)
    of_table = dataset._replace(features=np.array(["age", "size"]))
    held = read_networks(paths, of_table, [SMALL, LARGE, SCHEDULE], curves)
    assert held["plane"]["names"] == ["age", "size"]


def test_rows_of_features_with_small_numbers_have_places_of_their_own(paths, curves):
    dataset = make_dataset()
    dataset = dataset._replace(x_train=dataset.x_train / 1e6, x_test=dataset.x_test / 1e6)
    rows = read_networks(paths, dataset, [SMALL, LARGE, SCHEDULE], curves)["plane"]["rows"]
    assert len({*zip(rows["across"], rows["up"])}) == 20


def test_principal_components_say_how_much_they_hold_and_many_rows_are_thinned_in_words(tmp_path, points, curves):
    dataset = make_dataset(1200, 5)
    plane = fit_plane(dataset)
    write_network([SMALL, LARGE, SCHEDULE], EPOCHS, tmp_path / "all.npz", (plane, points))
    held = read_networks([tmp_path / "all.npz"], dataset, [SMALL, LARGE, SCHEDULE], curves)
    first, second = plane.variance
    assert held["plane"]["names"] == [
        f"principal component 1 ({first:.0%})",
        f"principal component 2 ({second:.0%})",
    ]
    assert len(held["plane"]["rows"]["part"]) == 400
    assert f"which hold {first + second:.0%} of their variance" in held["words"][0]
    assert held["words"][1] == "400 of 1200 rows are drawn, evenly spaced."


def test_confusion_is_the_share_of_each_true_class(tmp_path, curves):
    counts = np.array(
        [[[0, 0, 0], [0, 0, 0], [0, 0, 0]], [[3, 1, 0], [0, 0, 0], [2, 2, 4]], [[4, 0, 0], [0, 1, 0], [0, 0, 8]]]
    )
    write_network([SMALL], EPOCHS, tmp_path / "4.npz", confusion=counts[None])
    held = read_networks([tmp_path / "4.npz"], make_dataset(), [SMALL], curves)
    [each] = held["settings"]
    shares = unpacked(each["confusion"], np.float32, 3, 3, 3)
    nothing = [np.nan] * 3  # rather than no row: nobody was asked
    np.testing.assert_array_equal(shares[1], [[0.75, 0.25, 0], nothing, [0.25, 0.25, 0.5]])
    assert np.isnan(shares[0]).all()
    assert each["shares_right"] == [None, pytest.approx(7 / 12), 1.0]
    assert held["classes"] == ["0", "1", "2"]
    assert "plane" not in held
    assert held["words"] == []


def test_where_there_is_no_room_for_all_settings_every_batch_size_keeps_a_rate(paths, curves, monkeypatch):
    held = read_networks(paths, make_dataset(), [SMALL, LARGE, SCHEDULE], curves)
    of_one = len(held["settings"][0]["boundary"])
    monkeypatch.setattr(network, "_MOST_BYTES", int(2.5 * of_one))
    held = read_networks(paths, make_dataset(), [SMALL, LARGE, SCHEDULE], curves)
    assert [each["number"] for each in held["settings"]] == [0, 2]
    assert held["words"] == ["Networks are those of 2 of 3 settings."]
