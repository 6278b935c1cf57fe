"""Train one setting of a study, and keep what its gradients of single rows are now and then."""

from batchscope.warm import in_warm_process

in_warm_process(__file__, snakemake.threads, snakemake=snakemake)

import json

from batchscope.data.dataset import load_dataset
from batchscope.files import digest
from batchscope.training.jobs import work_folder
from batchscope.training.start import start_training

output = snakemake.output[0]
where = start_training(snakemake, output)

import numpy as np

from batchscope.files import write_csv
from batchscope.results.gradients import gradients_table
from batchscope.results.history import history_table, metric_columns
from batchscope.study.setting import Setting
from batchscope.training.checkpoint import Checkpoint
from batchscope.training.engines import Way
from batchscope.training.gradients import layers_of_weights
from batchscope.training.task import make_task
from batchscope.training.train import train

key = digest([snakemake.params.training, snakemake.params.code, where["software"]], snakemake.input)
training = json.loads(snakemake.params.training)
setting = Setting(*training["setting"])
task = make_task(load_dataset(snakemake.input.dataset), **training["task"])
[result] = train(
    task,
    [setting.learning_rate],
    {"noise_scale": task.replicates(training["replicates"])},
    Way(*training["way"]),
    memory_mb=snakemake.resources.stack_mb,
    checkpoint=Checkpoint(work_folder(output), key),
)["noise_scale"]
count = len(metric_columns(task.metrics))
metrics, gradients = np.split(result.metrics, [count], axis=-1)
ends = [span.epoch for span in task.spans]
history = history_table(setting, ends, result.history, result.updates, task.metrics, metrics).to_pandas()
layers, train_rows = layers_of_weights(task.build_replicate(0)), task.rows[0]
rows = min(task.gradient_rows, train_rows)
write_csv(gradients_table(history, gradients.reshape(len(history), -1), layers, rows, train_rows), output)
