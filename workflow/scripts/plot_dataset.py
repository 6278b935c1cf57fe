"""Plot the dataset of a study by class."""

from batchscope.warm import in_warm_process

in_warm_process(__file__, snakemake.threads, snakemake=snakemake)

import json

from batchscope.data.dataset import load_dataset
from batchscope.report.figures import plot_dataset
from batchscope.report.style import save_figure
from batchscope.script import begin

begin(snakemake)
figure = plot_dataset(load_dataset(snakemake.input.dataset), **json.loads(snakemake.params.figure))
for path in snakemake.output:
    save_figure(figure, path)
