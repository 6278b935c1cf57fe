"""Train every learning rate and replicate of one batch size or schedule."""

import json

import pyarrow

from batchscope.data import load_dataset
from batchscope.jobs import start_training

where = start_training(snakemake.log[0], snakemake.resources.gpu, snakemake.threads)

from batchscope.history import history_table, write_history
from batchscope.setting import Setting
from batchscope.task import make_task
from batchscope.timing import write_timing
from batchscope.training import train

training = json.loads(snakemake.params.training)
settings = [Setting(*setting) for setting in training["settings"]]
task = make_task(load_dataset(snakemake.input.dataset), **training["task"])
results = train(
    task,
    [setting.learning_rate for setting in settings],
    training["replicates"],
    training["engine"],
    memory_mb=snakemake.resources.mem_mb,
)
tables = [history_table(setting, result.history, result.updates) for setting, result in zip(settings, results)]
write_history(pyarrow.concat_tables(tables).combine_chunks(), snakemake.output.history)
stretches = {setting: result.stretches for setting, result in zip(settings, results)}
write_timing(stretches, where, snakemake.output.timing)
