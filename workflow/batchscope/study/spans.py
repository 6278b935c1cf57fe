"""When a training is measured: the spans between one measurement and the next, in epochs and batches."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple


class Part(NamedTuple):
    """Batches of one epoch, from the first on, up to one that is no longer among them; all from 0."""

    epoch: int
    first: int
    end: int


class Span(NamedTuple):
    """What is trained between one measurement and the next: parts of epochs in the order of training."""

    stage: int
    batch_size: int
    parts: list[Part]
    epoch: float  # epochs from the start up to its end, a whole number where that is one

    @property
    def updates(self) -> int:
        return sum(part.end - part.first for part in self.parts)


def spans(stages: Sequence[tuple[int, float]], train_rows: int, evaluate_every: dict[str, float]) -> list[Span]:
    """The spans of a training; arguments as for `measured_after`."""
    all_of_them, before = [], 0
    for index, ((batch_size, _), ends) in enumerate(zip(stages, measured_after(stages, train_rows, evaluate_every))):
        per_epoch = math.ceil(train_rows / batch_size)
        for first, end in pairwise([0, *ends]):
            whole, rest = divmod(end, per_epoch)
            epoch = before + (end / per_epoch if rest else whole)
            all_of_them.append(Span(index, batch_size, _parts(first, end, per_epoch, before), epoch))
        before += math.ceil(ends[-1] / per_epoch)
    return all_of_them


def measured_after(
    stages: Sequence[tuple[int, float]], train_rows: int, evaluate_every: dict[str, float]
) -> list[list[int]]:
    """After how many of its updates each stage is measured, its end among them.

    Args:
        stages: batch size and epochs of each; fractions of an epoch are rounded to whole updates.
        evaluate_every: `updates`, or `epochs`, from one measurement to the next; rounded to whole updates too.
    """
    of_stages = []
    for stage in stages:
        last, every = _length(*stage, train_rows, evaluate_every)
        ends = (round(count * every) for count in range(1, math.ceil(last / every)))
        of_stages.append([*(end for end in ends if end < last), last])
    return of_stages


def count_measurements(stages: Sequence[tuple[int, float]], train_rows: int, evaluate_every: dict[str, float]) -> int:
    """How many there are, without making them."""
    total = 0
    for stage in stages:
        last, every = _length(*stage, train_rows, evaluate_every)
        count = math.ceil(last / every)
        total += count - (round((count - 1) * every) == last)
    return total


def _length(batch_size: int, epochs: float, train_rows: int, evaluate_every: dict[str, float]) -> tuple[int, float]:
    """The updates of a stage, and how many there are from one measurement to the next."""
    per_epoch = math.ceil(train_rows / batch_size)
    every = evaluate_every.get("updates") or evaluate_every["epochs"] * per_epoch
    return max(1, round(epochs * per_epoch)), max(every, 1)  # a second measurement of an update would say nothing


def _parts(first: int, end: int, per_epoch: int, before: int) -> list[Part]:
    """The updates of a stage from the first on, up to one that is no longer among them, epoch by epoch."""
    return [
        Part(before + epoch, max(first - epoch * per_epoch, 0), min(end - epoch * per_epoch, per_epoch))
        for epoch in range(first // per_epoch, math.ceil(end / per_epoch))
    ]
