"""Put the histories of a study together and sum them up."""

from batchscope.warm import in_warm_process

in_warm_process(__file__, snakemake.threads, snakemake=snakemake)

import json
import math
from pathlib import Path

import pandas as pd

from batchscope.data.dataset import load_dataset
from batchscope.evidence.errors import add_errors, summarize_errors
from batchscope.evidence.guess import guess
from batchscope.evidence.metrics import measure_replicates, seconds_per_epoch, summarize
from batchscope.evidence.populations import add_populations
from batchscope.evidence.rates import add_usable_octaves
from batchscope.evidence.trainings import NEW_SPLITS, THIS_SPLIT, Trainings
from batchscope.files import write_csv
from batchscope.report.words import target_by_guessing
from batchscope.results.history import read_together, write_history
from batchscope.results.provenance import mixed_software
from batchscope.results.row_scores import read_row_scores
from batchscope.script import begin

terminal = begin(snakemake)
metrics = json.loads(snakemake.params.metrics)
inputs, of_rows = snakemake.input, metrics.pop("of_rows")
history = read_together(inputs.histories)
timing = pd.concat(map(pd.read_csv, inputs.timings))
on_new_splits = read_together(inputs.new_splits, may_be_empty=True) if inputs.new_splits else history.slice(0, 0)
goal = metrics["score"], metrics["target"]
trainings = {}
for population, of_population in {THIS_SPLIT: history, NEW_SPLITS: on_new_splits}.items():
    if of_population.num_rows:
        scores = read_row_scores(inputs.rows, population) if of_rows else None
        measured = measure_replicates(of_population.to_pandas(), timing, *goal, by_run=not of_rows)
        trainings[population] = Trainings(add_usable_octaves(add_errors(measured, scores), *goal), scores)
replicates = trainings[THIS_SPLIT].replicates
write_history(history, snakemake.output.history)
write_csv(replicates, snakemake.output.replicates)
new_splits = trainings[NEW_SPLITS].replicates if NEW_SPLITS in trainings else replicates.head(0)
write_csv(new_splits, snakemake.output.new_splits)
summary = add_populations(summarize(replicates, **metrics), trainings, metrics["seed"])
data = load_dataset(*inputs.dataset) if inputs.dataset else None
for part in ("test", "validation"):
    guessed = guess(metrics["score"], data.y_train, getattr(data, f"y_{part}")) if data else math.nan
    summary[f"{part}_guess"] = guessed
summary = pd.concat([summary, summarize_errors(replicates, metrics["seed"])], axis=1)
write_csv(summary, snakemake.output.summary)
write_csv(seconds_per_epoch(timing, by_run=not of_rows), snakemake.output.timing)
if warning := target_by_guessing(metrics["target"], summary["test_guess"].iloc[0], metrics["score"], "test"):
    print(f"studies.{snakemake.wildcards.study}: {warning}", file=terminal)
if mixed := mixed_software([Path(path) for path in snakemake.input.timings]):
    remedy = "train all with one: remove the folder timing/ of its results and run again"
    print(f"studies.{snakemake.wildcards.study}: {mixed}; {remedy}", file=terminal)
