"""What it costs to look at networks while they train (`explorer: {boundary: true}`), in one sitting.

The networks are the tutorial's, 30 in a stack; compilation is left out. Both kinds of training are measured in turns:
how long they take, and by how much that lengthens what their `timing` says, as each look ends a call of the program.
"""

import statistics
import sys
import time
from pathlib import Path

import yaml

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow"))

from batchscope.data.prepare import make_dataset
from batchscope.study.config import check_config
from batchscope.training.compiled import CompiledEngine
from batchscope.training.looks import make_looks
from batchscope.training.task import Stage, Task

FILE, STUDY = Path(__file__).parents[1] / "config.yaml", "blobs"
BATCH_SIZES, TURNS = (4, 450), 9


def main() -> None:
    spec = check_config(yaml.safe_load(FILE.read_text()))["studies"][STUDY]
    dataset, replicates = make_dataset(spec["dataset"], spec["split"]), spec["replicates"]
    for batch_size in BATCH_SIZES:
        stages = [Stage(batch_size, spec["epochs"])]
        task = Task(dataset, spec["model"], spec["optimizer"], spec["loss"], stages, seed=spec["seed"])
        engine = CompiledEngine(task, replicates, stacked=True)
        taken = {"without": [], "with": []}
        for turn in range(1 + TURNS):
            for name, seen in {"without": (), "with": ["boundary"]}.items():
                looks, _ = make_looks(seen, task)
                begin = time.perf_counter()
                trained = engine.train(task.replicates(replicates), 0.01, lambda _: None, looks=looks)
                if turn:  # the first of each compiles
                    taken[name].append((time.perf_counter() - begin, trained.stretches[:, 1].sum()))
        without = statistics.median(seconds for seconds, _ in taken["without"])
        pairs = [*zip(taken["with"], taken["without"])]
        more = statistics.median(one - other for (one, _), (other, _) in pairs)
        timed = statistics.median(one / other - 1 for (_, one), (_, other) in pairs)
        of_all = f"batch size {batch_size}: {1000 * without:.0f} ms for {replicates} trainings"
        print(f"{of_all}, and {1000 * more:.0f} ms more where they are looked at; timing {timed:+.0%}")


if __name__ == "__main__":
    main()
