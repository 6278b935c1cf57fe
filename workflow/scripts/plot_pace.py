"""Plot how long a training takes at each batch size."""

from batchscope.warm import in_warm_process

in_warm_process(__file__, snakemake.threads, snakemake=snakemake)

import json

import pandas as pd

from batchscope.report.evidence_figures import plot_pace
from batchscope.report.figure_file import look_of, write_figure
from batchscope.script import begin

begin(snakemake)
figure = plot_pace(pd.read_csv(snakemake.input[0]), **json.loads(snakemake.params.figure), look=look_of(snakemake))
write_figure(figure, snakemake, of_seconds=True)
