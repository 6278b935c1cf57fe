"""Train the ensembles of a study, and keep how well their members do alone and together."""

from batchscope.warm import in_warm_process

in_warm_process(__file__, snakemake.threads, snakemake=snakemake)

import json

from batchscope.data.dataset import load_dataset
from batchscope.files import digest
from batchscope.training.jobs import work_folder
from batchscope.training.start import start_training

output = snakemake.output[0]
where = start_training(snakemake, output)

from batchscope.study.setting import Setting
from batchscope.training.checkpoint import Checkpoint
from batchscope.training.engines import Way
from batchscope.training.ensembles import write_ensembles
from batchscope.training.task import make_task
from batchscope.training.train import train_ensembles

key = digest([snakemake.params.training, snakemake.params.code, where["software"]], snakemake.input)
training = json.loads(snakemake.params.training)
ensembles = train_ensembles(
    make_task(load_dataset(snakemake.input.dataset), **training["task"]),
    Setting(*training["setting"]).learning_rate,
    training["members"],
    training["repeats"],
    Way(*training["way"]),
    memory_mb=snakemake.resources.stack_mb,
    checkpoint=Checkpoint(work_folder(output), key),
)
write_ensembles(ensembles, output)
