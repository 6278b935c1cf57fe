"""Train every learning rate and replicate of one batch size or schedule."""

import json

import pyarrow

from batchscope.data import load_dataset
from batchscope.files import digest
from batchscope.jobs import start_training, work_folder

output = snakemake.output.history
where = start_training(output, snakemake.log[0], snakemake.resources.gpu, snakemake.threads)

from batchscope.checkpoint import Checkpoint
from batchscope.history import history_table, write_history
from batchscope.setting import Setting
from batchscope.task import make_task
from batchscope.timing import write_timing
from batchscope.training import train

key = digest([snakemake.params.training, snakemake.params.code, where["software"]], snakemake.input)
training = json.loads(snakemake.params.training)
settings = [Setting(*setting) for setting in training["settings"]]
task = make_task(load_dataset(snakemake.input.dataset), **training["task"])
results = train(
    task,
    [setting.learning_rate for setting in settings],
    {"this split": task.replicates(training["replicates"])},
    training["engine"],
    memory_mb=snakemake.resources.stack_mb,
    checkpoint=Checkpoint(work_folder(output), key),
)["this split"]
tables = [history_table(setting, result.history, result.updates) for setting, result in zip(settings, results)]
write_history(pyarrow.concat_tables(tables).combine_chunks(), output)
stretches = {setting: result.stretches for setting, result in zip(settings, results)}
write_timing(stretches, where | {"engine": results[0].engine}, snakemake.output.timing)
