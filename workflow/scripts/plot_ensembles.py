"""Plot the accuracy of ensembles by their number of members."""

from batchscope.warm import in_warm_process

in_warm_process(__file__, snakemake.threads, snakemake=snakemake)

import json

import pandas as pd

from batchscope.report.figure_file import look_of, write_figure
from batchscope.report.overview import plot_ensembles
from batchscope.script import begin

begin(snakemake)
ensembles = pd.read_csv(snakemake.input.ensembles)
figure = plot_ensembles(ensembles, **json.loads(snakemake.params.figure), look=look_of(snakemake))
write_figure(figure, snakemake)
