"""Plot which setting is best, on this split and on new ones."""

from batchscope.warm import in_warm_process

in_warm_process(__file__, snakemake.threads, snakemake=snakemake)

import json

import pandas as pd

from batchscope.report.evidence_figures import plot_which_is_best
from batchscope.report.figure_file import look_of, write_figure
from batchscope.script import begin

begin(snakemake)
best = json.loads(snakemake.params.figure)
guess = pd.read_csv(snakemake.input.summary)[f"{best['part']}_guess"].iloc[0]
figure = plot_which_is_best(pd.read_csv(snakemake.input.ranked), guess=guess, **best, look=look_of(snakemake))
write_figure(figure, snakemake)
