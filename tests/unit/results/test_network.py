import numpy as np
import pytest

from batchscope.data.plane import Plane
from batchscope.results.network import read_network, write_network
from batchscope.study.setting import Setting

SETTINGS = [Setting(8, 0.1), Setting(9, 0.1, "8x2_16x1")]


def test_what_was_written_is_read(tmp_path):
    path = tmp_path / "network" / "batch_size_8.npz"
    plane = Plane(np.zeros(2), np.eye(2), np.arange(2.0), np.arange(2.0), np.full(2, np.nan))
    points = np.arange(2 * 3 * 1 * 4 * 2, dtype=np.uint8).reshape(2, 3, 1, 4, 2)
    confusion = np.arange(2 * 3 * 2 * 2).reshape(2, 3, 2, 2)
    write_network(SETTINGS, [0, 0.5, 1], path, (plane, points), confusion)
    read = read_network(path)
    assert read["batch_size"].tolist() == [8, 9]
    assert read["schedule"].tolist() == ["constant", "8x2_16x1"]
    assert read["epoch"].tolist() == [0, 0.5, 1]
    np.testing.assert_array_equal(read["class"], points[..., 0], strict=True)
    np.testing.assert_array_equal(read["probability"], points[..., 1], strict=True)
    np.testing.assert_array_equal(read["confusion"], confusion, strict=True)
    np.testing.assert_array_equal(read["directions"], np.eye(2))
    before = path.read_bytes()
    write_network(SETTINGS, [0, 0.5, 1], path, (plane, points), confusion)
    assert path.read_bytes() == before


def test_of_a_study_that_asks_for_nothing_there_is_nothing(tmp_path):
    write_network(SETTINGS, [], tmp_path / "nothing.npz")
    assert read_network(tmp_path / "nothing.npz") == {}


def test_a_damaged_file_is_named(tmp_path):
    path = tmp_path / "network.npz"
    write_network(SETTINGS, [0], path, confusion=np.zeros((2, 1, 2, 2)))
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ValueError, match=r"network.npz is no whole file of predictions .*; delete it and run again"):
        read_network(path)
