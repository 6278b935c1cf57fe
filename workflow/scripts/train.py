"""Train every learning rate and replicate of one batch size."""

import json
import logging

from batchscope.data import load_dataset
from batchscope.devices import claim_gpus
from batchscope.files import log_to

log_to(snakemake.log[0])
logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
gpus = claim_gpus(snakemake.resources.gpu)  # before TensorFlow looks for them
logging.info("GPUs: %s; CPU threads: %d", ", ".join(gpus) or "none", snakemake.threads)

from batchscope.backend import use_hardware
from batchscope.history import history_table, write_history
from batchscope.task import Task
from batchscope.timing import write_timing
from batchscope.training import train

use_hardware(snakemake.threads)
training = json.loads(snakemake.params.training)
engine, replicates, learning_rates = (training.pop(key) for key in ("engine", "replicates", "learning_rates"))
task = Task(dataset=load_dataset(snakemake.input.dataset), **training)
results = train(task, learning_rates, replicates, engine, memory_mb=snakemake.resources.mem_mb)
write_history(
    history_table(task.batch_size, {result.learning_rate: result.history for result in results}),
    snakemake.output.history,
)
write_timing(task.batch_size, {result.learning_rate: result.seconds for result in results}, snakemake.output.timing)
