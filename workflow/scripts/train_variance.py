"""Train a crossed design: at each of some batch sizes all new splits with all initial weights and all orders."""

from batchscope.warm import in_warm_process

in_warm_process(__file__, snakemake.threads, snakemake=snakemake)

import json
from itertools import product

from batchscope.data.dataset import load_dataset, load_splits
from batchscope.files import digest
from batchscope.training.jobs import work_folder
from batchscope.training.start import start_training

output = snakemake.output[0]
where = start_training(snakemake, output)

import pandas as pd

from batchscope.files import write_csv
from batchscope.results.history import MEASURES, metric_columns
from batchscope.study.setting import Setting
from batchscope.training.checkpoint import Checkpoint
from batchscope.training.engines import Way
from batchscope.training.task import Draw, make_task
from batchscope.training.train import train

key = digest([snakemake.params.training, snakemake.params.code, where["software"]], snakemake.input)
training = json.loads(snakemake.params.training)
draws = [Draw(*draw) for draw in product(*(range(training[factor]) for factor in ("weights", "orders", "splits")))]
tables = []
for each in training["trainings"]:
    setting = Setting(*each["setting"])
    task = make_task(load_dataset(snakemake.input.dataset), splits=load_splits(snakemake.input.splits), **each["task"])
    folder = work_folder(output) / "_".join(map(str, setting))
    [result] = train(
        task,
        [setting.learning_rate],
        {"variance": draws},
        Way(*training["way"]),
        memory_mb=snakemake.resources.stack_mb,
        checkpoint=Checkpoint(folder, key),
    )["variance"]
    last = pd.DataFrame(result.history[:, -1], columns=MEASURES[: result.history.shape[-1]])
    metrics = pd.DataFrame(result.metrics[:, -1], columns=metric_columns(task.metrics))
    diverged = last["test_loss"].isna()
    tables.append(pd.DataFrame(draws).assign(**setting._asdict(), diverged=diverged, **last, **metrics))
write_csv(pd.concat(tables), output)
