"""The event files that TensorBoard reads, which Keras, PyTorch and Lightning write."""

import math
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow


def read_events(path: Path) -> pyarrow.Table:
    """A row for each value: its `step`, the `seconds` since the first event, and the value in the column of its tag.

    The tags of events in a sub-folder have its name before them, as in `train/epoch_loss`.

    Raises:
        ImportError: the package tensorboard is not there.
        ValueError: there are no events.
    """
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator  # only where it is needed

    events, begin = [], math.inf
    for folder in sorted({file.parent for file in path.rglob("*tfevents*")}):
        prefix = "" if folder == path else f"{folder.relative_to(path).as_posix()}/"
        # All events, also those of an earlier run into the same folder: they are seen to contradict.
        accumulator = EventAccumulator(str(folder), {"scalars": 0, "tensors": 0}, purge_orphaned_data=False)
        accumulator.Reload()
        begin = min(begin, accumulator.FirstEventTimestamp())
        tags = accumulator.Tags()
        for tag in tags["scalars"]:
            events += [(f"{prefix}{tag}", each.step, each.wall_time, each.value) for each in accumulator.Scalars(tag)]
        for tag in tags["tensors"]:
            events += ((f"{prefix}{tag}", *event) for event in _scalars(accumulator.Tensors(tag)))
    if not events:
        raise ValueError("it has no events of TensorBoard with numbers")
    begin = min(begin, *(wall for _, _, wall, _ in events))
    columns = {"step": [step for _, step, _, _ in events], "seconds": [wall - begin for _, _, wall, _ in events]}
    for name in dict.fromkeys(name for name, *_ in events):
        columns[name] = [value if tag == name else None for tag, _, _, value in events]
    return pyarrow.table(columns)


def read_zip(path: Path) -> pyarrow.Table:
    """As `read_events`, of a folder that was packed."""
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(path) as archive:
        archive.extractall(folder)
        inside = Path(folder)
        while len(entries := [*inside.iterdir()]) == 1 and entries[0].is_dir() and not [*entries[0].glob("*tfevents*")]:
            [inside] = entries  # the folder that was packed
        return read_events(inside)


def _scalars(events: list) -> Iterator[tuple[int, float, float]]:
    """Step, time and value of the tensors that are single numbers; others are texts, graphs and histograms."""
    from tensorboard.util.tensor_util import make_ndarray

    for event in events:
        value = make_ndarray(event.tensor_proto)
        if value.size == 1 and np.issubdtype(value.dtype, np.number):
            yield event.step, event.wall_time, float(value.item())
