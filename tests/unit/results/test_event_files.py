"""Event files by their real writers: Keras's callback, and the writer that PyTorch uses."""

import math
import shutil
import sys

import keras
import numpy as np
import pytest
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.event_file_writer import EventFileWriter

from batchscope.results.run_files import numbers, read_rows


@pytest.fixture(scope="module")
def of_keras(tmp_path_factory):
    """A folder of events, and the history that `fit` gave back."""
    folder = tmp_path_factory.mktemp("events") / "run"
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse", metrics=["mae"])
    x = np.arange(16.0).reshape(8, 2) / 16
    callback = keras.callbacks.TensorBoard(folder)
    history = model.fit(x, x[:, :1], validation_data=(x, x[:, 1:]), epochs=3, verbose=0, callbacks=[callback])
    return folder, history.history


def values(table, tag: str) -> dict[int, float]:
    """Step -> value of a tag."""
    return {int(step): value for step, value in zip(numbers(table, "step"), numbers(table, tag)) if not np.isnan(value)}


def write(folder, *events: tuple[int, float, float]) -> None:
    writer = EventFileWriter(str(folder))
    for step, time, value in events:
        summary = Summary(value=[Summary.Value(tag="val/acc", simple_value=value)])
        writer.add_event(Event(step=step, wall_time=time, summary=summary))
    writer.close()


def test_keras_writes_tensors_into_folders_whose_names_come_first(of_keras):
    folder, history = of_keras
    table = read_rows(folder)
    for tag, name in {"train/epoch_loss": "loss", "validation/epoch_mae": "val_mae"}.items():
        assert values(table, tag) == pytest.approx(dict(enumerate(history[name])))
    assert numbers(table, "seconds").min() >= 0


@pytest.mark.parametrize("inside", ["", "run"])
def test_a_folder_may_be_packed_with_or_without_its_name(of_keras, tmp_path, inside):
    folder, history = of_keras
    root = folder.parent if inside else folder
    path = shutil.make_archive(str(tmp_path / "events"), "zip", root, inside or None)
    assert values(read_rows(path), "train/epoch_loss") == pytest.approx(dict(enumerate(history["loss"])))


def test_simple_values_are_read_and_those_of_an_earlier_run_stay(tmp_path):
    write(tmp_path, (1, 5.0, 0.5), (2, 7.0, math.nan))
    write(tmp_path / "again", (1, 9.0, 0.25))
    table = read_rows(tmp_path)
    assert values(table, "val/acc") == {1: 0.5, 2: math.inf}
    assert values(table, "again/val/acc") == {1: 0.25}
    assert numbers(table, "seconds").tolist() == [0, 2, 4]
    write(tmp_path / "twice", *[(step, 0.0, value) for step, value in [(1, 0.5), (2, 0.5), (1, 0.75)]])
    assert numbers(read_rows(tmp_path / "twice"), "val/acc").tolist() == [0.5, 0.5, 0.75]


def test_a_folder_without_events_is_told(tmp_path):
    with pytest.raises(ValueError, match="cannot be read: it has no events of TensorBoard with numbers"):
        read_rows(tmp_path)


def test_the_package_that_reads_them_is_named_where_it_is_missing(tmp_path, monkeypatch):
    write(tmp_path, (1, 5.0, 0.5))
    monkeypatch.setitem(sys.modules, "tensorboard.backend.event_processing.event_accumulator", None)
    with pytest.raises(ValueError, match="are read by the package tensorboard; `pip install tensorboard`"):
        read_rows(tmp_path)
