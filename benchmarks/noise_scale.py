"""What measuring the gradient noise scale costs, in epochs of the training that it is measured along, in one sitting.

The network is that of studies/literature/mccandlish.yaml, in a stack of its replicates; compilation is left out.
"""

import statistics
import sys
import time
from dataclasses import replace
from pathlib import Path

import yaml

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow"))

from batchscope.data.prepare import make_dataset
from batchscope.study.config import check_config
from batchscope.training.compiled import CompiledEngine
from batchscope.training.task import Stage, Task

FILE, STUDY = Path(__file__).parents[1] / "studies/literature/mccandlish.yaml", "mccandlish_digits"
BATCH_SIZE, EPOCHS, TURNS = 32, 10, 5  # it is measured after each epoch


def main() -> None:
    spec = check_config(yaml.safe_load(FILE.read_text()))["studies"][STUDY]
    dataset = make_dataset(spec["dataset"], spec["split"], spec["scaler"])
    stages = [Stage(BATCH_SIZE, EPOCHS)]
    task = Task(dataset, spec["model"], spec["optimizer"], spec["loss"], stages, seed=spec["seed"])
    seconds = {rows: _seconds(replace(task, gradient_rows=rows), spec["replicates"]) for rows in (0, 128, 512)}
    epoch = seconds[0] / EPOCHS
    print(f"an epoch at a batch of {BATCH_SIZE}: {1000 * epoch:.0f} ms for {spec['replicates']} trainings")
    for rows in (128, 512):
        moment = (seconds[rows] - seconds[0]) / EPOCHS
        print(f"a moment of {rows} rows: {1000 * moment:.0f} ms, {moment / epoch:.1f} epochs")


def _seconds(task: Task, replicates: int) -> float:
    """The median over some trainings of a stack."""
    engine, taken = CompiledEngine(task, replicates, stacked=True), []
    for _ in range(1 + TURNS):
        begin = time.perf_counter()
        engine.train(task.replicates(replicates), 0.1, lambda _: None)
        taken.append(time.perf_counter() - begin)
    return statistics.median(taken[1:])


if __name__ == "__main__":
    main()
