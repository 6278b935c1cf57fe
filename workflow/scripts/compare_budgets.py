"""Compare the batch sizes of a study at equal epochs, updates, training loss and seconds."""

from batchscope.warm import in_warm_process

in_warm_process(__file__, snakemake.threads, snakemake=snakemake)

import json

import pandas as pd

from batchscope.evidence.budgets import amounts, compare_budgets, measure_at_budgets
from batchscope.evidence.trainings import Trainings
from batchscope.files import write_csv
from batchscope.report.words import without_value
from batchscope.results.history import read_history
from batchscope.script import begin

terminal = begin(snakemake)
how = json.loads(snakemake.params.budgets)
given, by_run, paired = (how.pop(key) for key in ("given", "by_run", "paired"))
history = read_history(snakemake.input.history).to_pandas()
timing = pd.concat(map(pd.read_csv, snakemake.input.timings))
budgets = amounts(history, timing, how["score"], given, by_run)
trainings = measure_at_budgets(history, timing, how["score"], budgets, by_run)
compared = compare_budgets(Trainings(trainings, paired=paired), budgets, **how)
write_csv(trainings, snakemake.output.trainings)
write_csv(compared, snakemake.output.table)
for line in without_value(compared):
    print(f"studies.{snakemake.wildcards.study}: {line}", file=terminal)
