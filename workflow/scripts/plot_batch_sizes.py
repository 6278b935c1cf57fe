"""Plot a panel per batch size."""

import json

import pandas as pd

from batchscope.figures import plot_batch_sizes, save_figure
from batchscope.files import log_to
from batchscope.history import read_history

log_to(snakemake.log[0])
figure = plot_batch_sizes(
    read_history(snakemake.input.history).to_pandas(),
    pd.read_csv(snakemake.input.summary),
    **json.loads(snakemake.params.figure),
)
for path in snakemake.output:
    save_figure(figure, path)
