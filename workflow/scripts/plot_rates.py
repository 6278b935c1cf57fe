"""Plot the map of batch size and learning rate."""

from batchscope.warm import in_warm_process

in_warm_process(__file__, snakemake.threads, snakemake=snakemake)

import json

import pandas as pd

from batchscope.report.figure_file import look_of, write_figure
from batchscope.report.rates_figure import plot_rates
from batchscope.script import begin

begin(snakemake)
tables = {name: pd.read_csv(path) for name, path in snakemake.input.items()}
figure = plot_rates(**tables, **json.loads(snakemake.params.figure), look=look_of(snakemake))
write_figure(figure, snakemake)
