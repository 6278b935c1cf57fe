"""Seconds per training: the compiled engine against `Model.fit` and against a stack by hand in JAX, in one sitting.

Compilation is left out everywhere: a first call that is not counted does it. The engine and JAX are measured three
times, in turns, and their medians taken; `Model.fit`, which takes minutes, is measured once in between.
"""

import os
import platform
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow"))

import jax_stack
import tutorial_loop

from batchscope.compiled import CompiledEngine
from batchscope.prepare import make_dataset
from batchscope.task import Stage, Task

TURNS = 3
DATASET = make_dataset(
    {"make_blobs": {"n_samples": 1000, "centers": 3, "n_features": 2, "cluster_std": 2, "random_state": 2}},
    {"train": 500, "order": "as_given", "seed": 0},
)
MODEL = [{"Dense": {"units": 50, "activation": "relu", "kernel_initializer": "he_uniform"}}]


class Compiled:
    def __init__(self, batch_size: int, replicates: int):
        stages = [Stage(batch_size, epochs=200)]
        task = Task(DATASET, MODEL, {"SGD": {"momentum": 0.9}}, "SparseCategoricalCrossentropy", stages, seed=0)
        self._engine = CompiledEngine(task, replicates, stacked=True)
        self._replicates = replicates

    def seconds(self) -> float:
        [trained] = self._engine.train(self._replicates, [0.01], lambda *_: None)
        return sum(seconds for _, seconds in trained.stretches) / self._replicates


def fit_seconds(batch_size: int) -> float:
    """Seconds of one training with `Model.fit`, without the tracing in its first epoch."""
    x, y, test = tutorial_loop.make_data()
    model = tutorial_loop.make_model()
    model.fit(x, y, batch_size, 1, validation_data=test, verbose=0)
    begin = time.perf_counter()
    model.fit(x, y, batch_size, tutorial_loop.EPOCHS, validation_data=test, verbose=0)
    return time.perf_counter() - begin


def main() -> None:
    print(f"{os.cpu_count()} cores, {platform.machine()}; seconds per training")
    print("| batch size | replicates | engine | Model.fit | ratio | JAX | ratio |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for batch_size, replicates in ((4, 30), (32, 30), (450, 30), (4, 1)):
        engine = Compiled(batch_size, replicates)
        turns = []
        for turn in range(TURNS):
            jax = jax_stack.time_trainings(DATASET, tutorial_loop.EPOCHS, batch_size, replicates) / replicates
            turns.append((engine.seconds(), jax))
            if turn == TURNS // 2:
                fit = fit_seconds(batch_size)
        ours, jax = (statistics.median(column) for column in zip(*turns))
        cells = [
            batch_size,
            replicates,
            f"{ours:.4f}",
            f"{fit:.1f}",
            f"{fit / ours:.0f}",
            f"{jax:.4f}",
            f"{jax / ours:.2f}",
        ]
        print("|", " | ".join(map(str, cells)), "|", flush=True)


if __name__ == "__main__":
    main()
