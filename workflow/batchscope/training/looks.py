"""What is seen of networks at some moments of their training: `batchscope.results.network` keeps it."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

import numpy as np
from scipy.special import softmax

from batchscope.data.plane import Plane, fit_plane
from batchscope.errors import ConfigError
from batchscope.hardware.backend import keras
from batchscope.results.network import DIVERGED, REPLICATES
from batchscope.study.spans import Span
from batchscope.training.task import Draw, Task, Trained

_CLASSES = {"boundary": 10, "confusion": 30}  # at most, that a reader can tell apart
_REMEDIES = {"boundary": "take `confusion` in its place, or set it to false", "confusion": "set it to false"}
_MOMENTS = 28  # of which those of the first epochs fall together: of 200 measurements 25 are left


class _Engine(Protocol):
    """What trains replicates, as `training.compiled.CompiledEngine`."""

    def outputs(self, rows: list[np.ndarray]) -> np.ndarray: ...

    def outputs_of(self, x: np.ndarray) -> np.ndarray: ...


@dataclass(frozen=True)
class Looks:
    """When and at what to look.

    Args:
        moments: after how many measurements, increasing.
        grid: the features of points (points, features) on which the first `REPLICATES` are to predict, or none.
        confusion: whether all are asked for the classes of their test rows.
    """

    moments: Sequence[int] = ()
    grid: np.ndarray | None = None
    confusion: bool = False

    def cut(self, piece: list[Span], done: int) -> Iterator[list[Span]]:
        """A piece of training after so many measurements, in parts that end where there is something to see."""
        ends = [moment - done for moment in self.moments if done < moment < done + len(piece)]
        for first, end in pairwise([0, *ends, len(piece)]):
            yield piece[first:end]

    def look(self, task: Task, draws: list[Draw], engine: _Engine, so_far: Trained, done: int) -> Trained:
        """The same with what is seen after so many measurements, if that is a moment.

        Args:
            engine: as it has just trained these draws, which are the study's own replicates.
        """
        if done not in self.moments:
            return so_far
        boundary, confusion = np.zeros((0, 0, 2), np.uint8), np.zeros((0, 0), np.int64)
        first = [member for member, draw in enumerate(draws) if draw.weights < REPLICATES]
        if self.grid is not None:
            points = engine.outputs_of(self.grid) if first else np.zeros((0, len(self.grid), 1), np.float32)
            boundary = predicted(points[first])
        if self.confusion:
            rows = [task.split(draw.split)[1] for draw in draws]
            confusion = count_confusion(task.y[np.stack(rows)], engine.outputs(rows))
        return so_far.seeing(boundary, confusion)


NO_LOOKS = Looks()


def moments(measurements: int) -> list[int]:
    """After how many measurements to look: before the first, and then evenly in the logarithm up to the last."""
    return [0, *map(int, np.unique(np.rint(np.geomspace(1, measurements, _MOMENTS))))]


def make_looks(names: Collection[str], task: Task) -> tuple[Looks, Plane | None]:
    """The looks at what is asked for by these names, `boundary` and `confusion`, and the plane of the boundary."""
    plane = fit_plane(task.dataset) if "boundary" in names else None
    grid = None if plane is None else plane.grid
    return Looks(moments(len(task.spans)) if names else (), grid, "confusion" in names), plane


def check_looks(asked_for: Mapping[str, bool], task: Task, model: keras.Model) -> None:
    """Whether there is anything to see where classes are learned.

    Raises:
        ConfigError: there are too many classes, or a point between rows is nothing that the model takes.
    """
    dataset = task.dataset
    if dataset.outputs == 1:
        return  # numbers are refused elsewhere
    for name, most in _CLASSES.items():
        if asked_for[name] and dataset.classes > most:
            why = f"{dataset.classes} classes are more than {most}"
            raise ConfigError(f"explorer.{name}", f"{why}; {_REMEDIES[name]}")
    if asked_for["boundary"]:
        fit_plane(dataset)
        if any(isinstance(layer, keras.layers.Embedding) for layer in model._flatten_layers(include_self=False)):
            why = "an Embedding takes whole numbers, and the points of a plane have others"
            raise ConfigError("explorer.boundary", f"{why}; {_REMEDIES['boundary']}")


def predicted(outputs: np.ndarray) -> np.ndarray:
    """The class that logits (..., classes) say, and its probability in 255ths, uint8 (..., 2); `DIVERGED` and 0 where
    one of them is not finite.
    """
    finite = np.isfinite(outputs).all(axis=-1)
    probability = softmax(np.where(finite[..., None], outputs, 0), axis=-1).max(axis=-1)
    number = np.where(finite, outputs.argmax(axis=-1), DIVERGED)
    return np.stack([number, np.where(finite, np.rint(255 * probability), 0)], axis=-1).astype(np.uint8)


def count_confusion(y: np.ndarray, outputs: np.ndarray) -> np.ndarray:
    """How many rows of each class were taken for which, int64 (classes, classes), the true class first.

    Args:
        y: the classes of every member's rows, (members, rows).
        outputs: the logits for them, (members, rows, classes); a member that diverged does not count.
    """
    classes = outputs.shape[-1]
    finite = np.isfinite(outputs).all(axis=(1, 2))
    pairs = y[finite] * classes + outputs[finite].argmax(axis=-1)
    return np.bincount(pairs.ravel(), minlength=classes**2).reshape(classes, classes)
