"""Plot measures of one study, or of several, by batch size."""

from batchscope.warm import in_warm_process

in_warm_process(__file__, snakemake.threads, snakemake=snakemake)

import json

import pandas as pd

from batchscope.report.figure_file import look_of, write_figure
from batchscope.report.overview import plot_measures
from batchscope.script import begin

begin(snakemake)
figure = json.loads(snakemake.params.figure)
inputs = (snakemake.input.replicates, snakemake.input.timing, snakemake.input.summary)
tables = zip(*(map(pd.read_csv, paths) for paths in inputs if paths))
studies = dict(zip(figure.pop("studies"), map(list, tables)))
for path in snakemake.input.comparisons:
    figure["comparisons"] = pd.read_csv(path)
drawn = plot_measures(studies, **figure, look=look_of(snakemake))
write_figure(drawn, snakemake, of_seconds=any("seconds" in measure for measure in figure["measures"]))
