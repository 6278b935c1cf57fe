"""Plot the learning curve of one setting."""

import json

import pandas as pd

from batchscope.figures import plot_learning_curve, save_figure
from batchscope.files import log_to
from batchscope.history import read_history

log_to(snakemake.log[0])
figure = plot_learning_curve(
    read_history(snakemake.input.history).to_pandas(),
    pd.read_csv(snakemake.input.summary),
    **json.loads(snakemake.params.figure),
)
for path in snakemake.output:
    save_figure(figure, path)
