"""Seconds per training: the compiled engine against `Model.fit` and against a stack by hand in JAX, in one sitting.

The networks are the tutorial's and those of studies/digits.yaml; JAX trains the tutorial's alone. Compilation is left
out everywhere: a first call that is not counted does it. The engine and JAX are measured three times, in turns, and
their medians taken; `Model.fit`, which takes minutes, is measured once in between.
"""

import os
import platform
import statistics
import sys
import time
from pathlib import Path

import yaml

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow"))

import jax_stack
import tutorial_loop

from batchscope.data.prepare import make_dataset
from batchscope.model.losses import is_regression
from batchscope.study.config import check_config
from batchscope.training.compiled import CompiledEngine
from batchscope.training.task import Stage, Task

ROOT = Path(__file__).parents[1]
TURNS = 3
# Network -> its file, its study there, and the epochs of a training.
NETWORKS = {
    "tutorial": ("config.yaml", "blobs", tutorial_loop.EPOCHS),
    "digits, dense": ("studies/digits.yaml", "digits_dense", 20),
    "digits, convolution": ("studies/digits.yaml", "digits_convolution", 20),
}


def make_task(network: str, batch_size: int) -> Task:
    file, study, epochs = NETWORKS[network]
    spec = check_config(yaml.safe_load((ROOT / file).read_text()))["studies"][study]
    dataset = make_dataset(spec["dataset"], spec["split"], spec.get("scaler"), is_regression(spec["loss"]))
    dataset = dataset._replace(x_validation=None, y_validation=None)  # `Model.fit` evaluates one part
    return Task(dataset, spec["model"], spec["optimizer"], spec["loss"], [Stage(batch_size, epochs)], seed=0)


class Compiled:
    def __init__(self, task: Task, replicates: int):
        self._engine = CompiledEngine(task, replicates, stacked=True)
        self._draws = task.replicates(replicates)

    def seconds(self) -> float:
        trained = self._engine.train(self._draws, 0.01, lambda _: None)
        return sum(seconds for _, seconds in trained.stretches) / len(self._draws)


def fit_seconds(task: Task) -> float:
    """Seconds of one training with `Model.fit`, without the tracing in its first epoch."""
    x, y, *test = task.dataset[:4]
    [(batch_size, epochs)] = task.stages
    model = task.build_replicate(0)
    model.compile(task.build_optimizer(0.01), task.loss_function, metrics=["sparse_categorical_accuracy"])
    model.fit(x, y, batch_size, 1, validation_data=test, verbose=0)
    begin = time.perf_counter()
    model.fit(x, y, batch_size, epochs, validation_data=test, verbose=0)
    return time.perf_counter() - begin


def main() -> None:
    print(f"{os.cpu_count()} cores, {platform.machine()}; seconds per training")
    print("| network | batch size | replicates | engine | Model.fit | ratio | JAX | ratio |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    cases = [("tutorial", batch_size, replicates) for batch_size, replicates in ((4, 30), (32, 30), (450, 30), (4, 1))]
    cases += [(network, batch_size, 20) for network in list(NETWORKS)[1:] for batch_size in (8, 128)]
    for network, batch_size, replicates in cases:
        task = make_task(network, batch_size)
        engine = Compiled(task, replicates)
        ours, jax = [], []
        for turn in range(TURNS):
            if network == "tutorial":
                seconds = jax_stack.time_trainings(task.dataset, tutorial_loop.EPOCHS, batch_size, replicates)
                jax.append(seconds / replicates)
            ours.append(engine.seconds())
            if turn == TURNS // 2:
                fit = fit_seconds(task)
        own = statistics.median(ours)
        cells = [network, batch_size, replicates, f"{own:.4f}", f"{fit:.1f}", f"{fit / own:.0f}"]
        cells += [f"{statistics.median(jax):.4f}", f"{statistics.median(jax) / own:.2f}"] if jax else ["", ""]
        print("|", " | ".join(map(str, cells)), "|", flush=True)


if __name__ == "__main__":
    main()
