"""Plot the accuracy of ensembles by their number of members."""

from batchscope.warm import in_warm_process

in_warm_process(__file__, snakemake.threads, snakemake=snakemake)

import json

import pandas as pd

from batchscope.report.overview import plot_ensembles
from batchscope.report.style import save_figure
from batchscope.script import begin

begin(snakemake)
figure = plot_ensembles(pd.read_csv(snakemake.input.ensembles), **json.loads(snakemake.params.figure))
for path in snakemake.output:
    save_figure(figure, path)
