"""Plot a panel per batch size."""

from batchscope.warm import in_warm_process

in_warm_process(__file__, snakemake.threads, snakemake=snakemake)

import json

import pandas as pd

from batchscope.report.figure_file import look_of, write_figure
from batchscope.report.figures import plot_batch_sizes
from batchscope.results.history import read_history
from batchscope.script import begin
from batchscope.study.setting import Setting

begin(snakemake)
panels = json.loads(snakemake.params.figure)
history = read_history(snakemake.input.history).to_pandas()
summary = pd.read_csv(snakemake.input.summary)
settings = [Setting(*setting) for setting in panels.pop("settings")]
figure = plot_batch_sizes(history, summary, settings=settings, **panels, look=look_of(snakemake))
write_figure(figure, snakemake)
