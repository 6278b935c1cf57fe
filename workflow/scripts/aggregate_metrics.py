"""Put the histories of a study together and sum them up."""

import json

import pandas as pd
import pyarrow

from batchscope.files import log_to, replacing
from batchscope.history import read_history, write_history
from batchscope.metrics import summarize

log_to(snakemake.log[0])
history = pyarrow.concat_tables(map(read_history, snakemake.input.histories))
seconds = pd.concat(map(pd.read_csv, snakemake.input.timings))
summary = summarize(history.to_pandas(), seconds, **json.loads(snakemake.params.metrics))
write_history(history, snakemake.output.history)
with replacing(snakemake.output.summary) as temporary:
    summary.to_csv(temporary, index=False)
