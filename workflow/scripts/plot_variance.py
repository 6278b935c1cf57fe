"""Plot where the variance of the test score comes from."""

from batchscope.warm import in_warm_process

in_warm_process(__file__, snakemake.threads, snakemake=snakemake)

import json

import pandas as pd

from batchscope.report.evidence_figures import plot_variance
from batchscope.report.style import save_figure
from batchscope.script import begin

begin(snakemake)
figure = plot_variance(pd.read_csv(snakemake.input[0]), **json.loads(snakemake.params.figure))
for path in snakemake.output:
    save_figure(figure, path)
