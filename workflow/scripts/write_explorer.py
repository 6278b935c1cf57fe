"""Write the explorer of a study."""

from batchscope.warm import in_warm_process

in_warm_process(__file__, snakemake.threads, snakemake=snakemake)

import json
from pathlib import Path

import pandas as pd

from batchscope.data.dataset import load_dataset
from batchscope.evidence.trainings import THIS_SPLIT, read_trainings
from batchscope.report.explorer import drawing_library, read_explorer, write_explorer
from batchscope.report.network import read_networks
from batchscope.results.history import read_history
from batchscope.script import begin

begin(snakemake)
study, inputs = json.loads(snakemake.params.study), snakemake.input
history = read_history(inputs.history).to_pandas()
trainings = read_trainings(inputs.replicates, inputs.new_splits, inputs.rows, study["paired"])
explorer = read_explorer(
    history,
    pd.concat(map(pd.read_csv, inputs.timings)),
    trainings,
    pd.read_csv(inputs.summary),
    pd.read_csv(inputs.comparisons),
    study,
)
if inputs.networks:
    dataset = load_dataset(*inputs.dataset)
    explorer["network"] = read_networks(inputs.networks, dataset, trainings[THIS_SPLIT].settings, history)
library = drawing_library(Path(".snakemake/batchscope"))
write_explorer(explorer, Path(inputs.templates[0]).parent, library, snakemake.output[0])
