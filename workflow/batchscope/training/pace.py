"""How long an epoch takes, by a short probe: of a stack of replicates, of one training alone, and with `Model.fit`.

In each way there is one training that visits all batch sizes in turn, several times over, so that a slow moment hits
all alike. Compiling and the first round, which is slower, do not count. An epoch ends with its evaluation.
"""

import math
from dataclasses import replace

import numpy as np
import pandas as pd

from batchscope.results.pace_summary import ALONE, FIT, STACKED
from batchscope.training.compiled import PIECES
from batchscope.training.engines import EAGERLY, Engine, Way, make_engine
from batchscope.training.fit import FitEngine
from batchscope.training.task import Draw, Stage, Task, Trained
from batchscope.training.train import equal_stacks, in_memory

COLUMNS = ["batch_size", "way", "replicates", "round", "seconds_per_epoch"]
_ROUNDS = 3
_SECONDS_OF_A_VISIT = 0.5  # at most where an epoch is shorter
_EPOCHS_OF_FIT = 2  # in a visit: the first one starts the stream of batches
_LEARNING_RATE = 0.01  # any will do


def measure_pace(task: Task, batch_sizes: list[int], replicates: int, way: Way, memory_mb: int) -> pd.DataFrame:
    """A row per batch size, way and round: the `seconds_per_epoch` of one training, of so many `replicates` at once.

    Args:
        task: as the study trains it, for as many epochs, at any batch size.
        replicates: of a setting; as many as fit into `memory_mb` are stacked.
        way: of the study. Those in which the model cannot be trained are left out.
    """
    task = replace(task, stages=[Stage(batch_size, task.epochs) for batch_size in batch_sizes])
    # A compiled engine trains at most a tenth of a training in one piece: this leaves a visit whole.
    rounds = max(_ROUNDS, math.ceil(PIECES / len(batch_sizes)))

    def compiled(task: Task, width: int) -> list[tuple]:
        task = replace(task, stages=_visits(task, width) * rounds)
        ready, _ = make_engine(task, way, width, memory_mb)
        fits = ready.width == width and not isinstance(ready, FitEngine)
        return _paces(ready, task.stages, len(batch_sizes)) if fits else []

    stack = equal_stacks(task, replicates, memory_mb)
    visits = [stage._replace(epochs=_EPOCHS_OF_FIT) for stage in task.stages] * _ROUNDS
    paces = {
        STACKED: in_memory(compiled, task, stack) if stack > 1 else [],
        ALONE: in_memory(compiled, task, 1),
        FIT: _paces(FitEngine(replace(task, stages=visits), run_eagerly=way.name == EAGERLY), visits, len(batch_sizes)),
    }
    rows = [(batch_size, way, *pace) for way, of_way in paces.items() for batch_size, *pace in of_way]
    return pd.DataFrame(rows, columns=COLUMNS)


def _visits(task: Task, width: int) -> list[Stage]:
    """One round of visits: each as long as a piece of a training with so many epochs, where that takes no long time."""
    model = task.build_replicate(0)
    return [
        stage._replace(
            epochs=min(
                math.ceil(stage.epochs / PIECES),
                max(1, int(_SECONDS_OF_A_VISIT / (width * task.epoch_seconds(stage, model)))),
            )
        )
        for stage in task.stages
    ]


def _paces(engine: Engine, visits: list[Stage], visits_of_a_round: int) -> list[tuple[int, int, int, float]]:
    """Batch size, replicates, round, and seconds per epoch of one: by the last piece of each visit, without round 0."""
    ends = np.cumsum([visit.epochs for visit in visits])
    last_pieces = {}

    def note(so_far: Trained) -> None:
        last_pieces[int(np.searchsorted(ends, so_far.measurements))] = so_far.stretches[-1]

    engine.train([Draw(0, 0, None)] * engine.width, _LEARNING_RATE, note)
    return [
        (visits[visit].batch_size, engine.width, visit // visits_of_a_round, seconds / epochs / engine.width)
        for visit, (epochs, seconds) in last_pieces.items()
        if visit >= visits_of_a_round
    ]
