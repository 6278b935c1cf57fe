"""Write the explorer of a study."""

from batchscope.warm import in_warm_process

in_warm_process(__file__, snakemake.threads, snakemake=snakemake)

import json
from pathlib import Path

import pandas as pd

from batchscope.evidence.trainings import read_trainings
from batchscope.report.explorer import read_explorer, write_explorer
from batchscope.results.history import read_history
from batchscope.script import begin

begin(snakemake)
study, inputs = json.loads(snakemake.params.study), snakemake.input
explorer = read_explorer(
    read_history(inputs.history).to_pandas(),
    pd.concat(map(pd.read_csv, inputs.timings)),
    read_trainings(inputs.replicates, inputs.new_splits, inputs.rows, study["paired"]),
    pd.read_csv(inputs.summary),
    pd.read_csv(inputs.comparisons),
    study,
)
write_explorer(explorer, Path(inputs.templates[0]).parent, snakemake.output[0])
