"""Train every learning rate and replicate of one batch size or schedule."""

from batchscope.warm import in_warm_process

in_warm_process(__file__, snakemake.threads, snakemake=snakemake)

import json
from pathlib import Path

import numpy as np
import pyarrow

from batchscope.data.dataset import load_dataset, load_splits
from batchscope.files import digest
from batchscope.training.jobs import leave_words, work_folder
from batchscope.training.start import start_training

output = snakemake.output.history
where = start_training(snakemake, output)

from batchscope.results.history import history_table, schema_with, write_history
from batchscope.results.network import write_network
from batchscope.results.predictions import write_predictions
from batchscope.results.row_scores import NEW_SPLITS, THIS_SPLIT, write_row_scores
from batchscope.results.timing import write_timing
from batchscope.study.setting import Setting
from batchscope.training.checkpoint import Checkpoint
from batchscope.training.engines import Way
from batchscope.training.found import what_was_found
from batchscope.training.looks import make_looks
from batchscope.training.task import make_task
from batchscope.training.train import train

key = digest([snakemake.params.training, snakemake.params.code, where["software"]], snakemake.input)
training = json.loads(snakemake.params.training)
settings = [Setting(*setting) for setting in training["settings"]]
splits = load_splits(*snakemake.input.splits) if snakemake.input.splits else None
dataset = load_dataset(snakemake.input.dataset)
predictions = snakemake.output.get("predictions")  # only where the study keeps them
task = make_task(dataset, splits=splits, **training["task"])
groups = {THIS_SPLIT: task.replicates(training["replicates"])}
if count := training["replicates_on_new_splits"]:
    groups[NEW_SPLITS] = task.on_new_splits()[:count]  # more are drawn where a crossed design asks for them
looks, plane = make_looks(training.get("looks", []), task)
results = train(
    task,
    [setting.learning_rate for setting in settings],
    groups,
    Way(*training["way"]),
    memory_mb=snakemake.resources.stack_mb,
    checkpoint=Checkpoint(work_folder(output), key),
    kept=[THIS_SPLIT] if predictions else [],
    looks={THIS_SPLIT: looks},
)
results = {name: list(zip(settings, of_group)) for name, of_group in results.items()}
for name, path in {THIS_SPLIT: output, NEW_SPLITS: snakemake.output.new_splits}.items():
    tables = [schema_with(task.metrics).empty_table()]
    for setting, result in results.get(name, []):
        measured = result.history, result.updates, task.metrics, result.metrics
        tables.append(history_table(setting, [span.epoch for span in task.spans], *measured))
    # An empty table has whole epochs.
    write_history(pyarrow.concat_tables(tables, promote_options="permissive").combine_chunks(), path)
scores = [(setting, name, result.rows) for name, of_group in results.items() for setting, result in of_group]
write_row_scores(scores, snakemake.output.rows)
seen = [result for _, result in results[THIS_SPLIT]]
write_network(
    settings,
    [task.spans[moment - 1].epoch if moment else 0.0 for moment in looks.moments],
    snakemake.output.network,
    boundary=(plane, np.stack([result.boundary for result in seen])) if plane else None,
    confusion=np.stack([result.confusion for result in seen]) if looks.confusion else None,
)
if predictions:
    own = [
        (setting, {part: scores.rows for part, scores in each.rows.items()}, each.outputs)
        for setting, each in results[THIS_SPLIT]
    ]
    write_predictions(own, dataset, predictions)
stretches = {setting: result.stretches for setting, result in results[THIS_SPLIT]}
write_timing(stretches, where | {"engine": results[THIS_SPLIT][0][1].engine}, snakemake.output.timing)
on_new_splits = len(settings) * len(groups.get(NEW_SPLITS, []))
found = what_was_found(task, [result for _, result in results[THIS_SPLIT]], on_new_splits)
leave_words(output, f"{Path(output).parents[1].name}, {found}")
