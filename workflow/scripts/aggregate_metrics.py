"""Put the histories of a study together and sum them up."""

import json

import pandas as pd
import pyarrow

from batchscope.files import log_to, write_csv
from batchscope.history import read_history, write_history
from batchscope.metrics import measure_replicates, seconds_per_epoch, summarize

log_to(snakemake.log[0])
metrics = json.loads(snakemake.params.metrics)
history = pyarrow.concat_tables(map(read_history, snakemake.input.histories))
timing = pd.concat(map(pd.read_csv, snakemake.input.timings))
replicates = measure_replicates(history.to_pandas(), timing, metrics["score"], metrics["target"])
write_history(history, snakemake.output.history)
write_csv(replicates, snakemake.output.replicates)
write_csv(summarize(replicates, **metrics), snakemake.output.summary)
write_csv(seconds_per_epoch(timing), snakemake.output.timing)
