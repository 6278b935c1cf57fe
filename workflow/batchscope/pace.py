"""How long an epoch takes, by a short probe: of a stack of replicates, of one training alone, and with `Model.fit`.

A process goes through all batch sizes in turn, several times, so that a slow moment hits all alike. Compiling and the
first epochs, which are slower, do not count. An epoch ends with its evaluation.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd

from batchscope.engines import Engine, make_engine
from batchscope.fit import FitEngine
from batchscope.pace_summary import ALONE, FIT, STACKED
from batchscope.task import Draw, Stage, Task

COLUMNS = ["batch_size", "way", "replicates", "round", "seconds_per_epoch"]
_EPOCHS, _EPOCHS_OF_FIT = 10, 3
_ROUNDS = 3


def measure_pace(task: Task, batch_sizes: list[int], replicates: int, memory_mb: int) -> pd.DataFrame:
    """A row per batch size, way and round: the `seconds_per_epoch` of one training, of so many `replicates` at once.

    `Model.fit`, which is slow, has a single round. Where the compiled engine cannot train a model, it alone is there.
    """
    engines = {
        (batch_size, way): engine
        for batch_size in batch_sizes
        for way, engine in _engines(replace(task, stages=[Stage(batch_size, _EPOCHS)]), replicates, memory_mb)
    }
    rows = []
    for number in range(_ROUNDS):
        for (batch_size, way), engine in engines.items():
            if way != FIT or number == 0:
                seconds = _seconds_per_epoch(engine)
                rows.append((batch_size, way, engine.width, number, seconds))
    return pd.DataFrame(rows, columns=COLUMNS)


def _engines(task: Task, replicates: int, memory_mb: int) -> Iterator[tuple[str, Engine]]:
    for way, width in ((STACKED, replicates), (ALONE, 1)):
        engine, _ = make_engine(task, "compiled", width, memory_mb)
        if not isinstance(engine, FitEngine) and engine.width == width:
            yield way, engine
    [stage] = task.stages
    yield FIT, FitEngine(replace(task, stages=[stage._replace(epochs=_EPOCHS_OF_FIT)]))


def _seconds_per_epoch(engine: Engine) -> float:
    """The median over the epochs of a training, without those that warm up."""
    stretches: list[np.ndarray] = []
    engine.train([Draw(0, 0, None)] * engine.width, 0.01, lambda so_far: stretches.append(so_far.stretches[-1]))
    _, *later = stretches
    return float(np.median([seconds / epochs for epochs, seconds in later])) / engine.width
