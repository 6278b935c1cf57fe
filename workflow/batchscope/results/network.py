"""What the networks of one batch size predict at some moments of their training: a file of arrays.

It has `batch_size`, `learning_rate` and `schedule` of each setting, and of each moment the `epoch`, 0 before training.
Where a study asks for `boundary`, `class` and `probability` of the point of a grid that stand for the prediction of the
first replicates, uint8 (settings, moments, replicates, points), and the fields of its `batchscope.data.plane.Plane`:
the class by its number, `DIVERGED` where there is none, and its probability in 255ths. Where it asks for `confusion`,
how many test rows of all replicates that had not diverged were taken for which class, int64 (settings, moments, true
class, predicted class).
Where it asks for neither there is no array.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from batchscope.data.plane import Plane
from batchscope.files import replacing
from batchscope.study.setting import SETTING, Setting

REPLICATES = 3  # so many, the first ones, predict on the grid
DIVERGED = 255  # no class


def write_network(
    settings: Sequence[Setting],
    epochs: Sequence[float],
    path: str | Path,
    boundary: tuple[Plane, np.ndarray] | None = None,
    confusion: np.ndarray | None = None,
) -> None:
    """Write what was seen of all settings at all moments.

    Args:
        epochs: of the moments.
        boundary: the plane, and uint8 (settings, moments, replicates, points, 2): class and probability.
        confusion: (settings, moments, classes, classes).
    """
    arrays = {}
    if boundary is not None:
        plane, points = boundary
        arrays |= {"class": points[..., 0], "probability": points[..., 1]} | plane._asdict()
    if confusion is not None:
        arrays["confusion"] = confusion
    if arrays:
        arrays |= {name: np.array(column) for name, column in zip(SETTING, zip(*settings))} | {"epoch": epochs}
    with replacing(path) as temporary:
        np.savez_compressed(temporary, **arrays)


def read_network(path: str | Path) -> dict[str, np.ndarray]:
    """The arrays that `write_network` wrote.

    Raises:
        ValueError: the file is not whole.
    """
    try:
        with np.load(path) as arrays:
            return dict(arrays)
    except Exception as error:
        raise ValueError(f"{path} is no whole file of predictions ({error}); delete it and run again") from error
