"""Plot the batch sizes of a study at equal budgets."""

from batchscope.warm import in_warm_process

in_warm_process(__file__, snakemake.threads, snakemake=snakemake)

import json

import pandas as pd

from batchscope.report.budgets_figure import plot_budgets
from batchscope.report.figure_file import look_of, write_figure
from batchscope.script import begin

begin(snakemake)
figure = plot_budgets(pd.read_csv(snakemake.input[0]), **json.loads(snakemake.params.figure), look=look_of(snakemake))
write_figure(figure, snakemake, of_seconds=True)
