"""Train the replicate that is best on the validation rows of the setting to take again, and keep it as a model."""

from batchscope.warm import in_warm_process

in_warm_process(__file__, snakemake.threads, snakemake=snakemake)

import json
import sys
from pathlib import Path

import pandas as pd

from batchscope.data.dataset import load_dataset
from batchscope.data.prepare import read_split_rows
from batchscope.evidence.recommendation import best_replicate, read_advised
from batchscope.files import digest
from batchscope.study.setting import Setting
from batchscope.training.jobs import work_folder
from batchscope.training.start import start_training

kept = json.loads(snakemake.params.kept)
advised = read_advised(snakemake.input.ranked, kept["margins"], kept["score"], kept["part"])
if not advised:
    place = f"studies.{snakemake.wildcards.study}.keep.models"
    problem = (
        f"{place}: nothing can be recommended, as most replicates diverged at every setting; try lower learning_rates"
    )
    Path(snakemake.log[0]).write_text(f"{problem}\n")
    sys.exit(1)
output = snakemake.output.model
where = start_training(snakemake, output)

from batchscope.training.checkpoint import Checkpoint
from batchscope.training.engines import Way
from batchscope.training.kept_model import describe, save
from batchscope.training.task import make_task
from batchscope.training.train import train_model

key = digest([snakemake.params.kept, snakemake.params.code, where["software"]], snakemake.input)
setting = advised[0]
chosen = best_replicate(pd.read_csv(snakemake.input.replicates), setting, kept["score"])
[training] = [each for each in kept["trainings"] if setting in [Setting(*trained) for trained in each["settings"]]]
dataset = load_dataset(snakemake.input.dataset)
model = train_model(
    make_task(dataset, **training["task"]),
    setting.learning_rate,
    training["replicates"],
    chosen,
    Way(*training["way"]),
    memory_mb=snakemake.resources.stack_mb,
    checkpoint=Checkpoint(work_folder(output), key),
)
rows = read_split_rows(**kept["data"])
about = {"title": kept["title"], **setting._asdict(), "batch_sizes": setting.batch_sizes, "replicate": chosen}
save(model, rows, about | describe(rows, dataset, kept["data"]["dataset"]), Path(output).parent)
