"""Plot the dataset of a study by class."""

from batchscope.warm import in_warm_process

in_warm_process(__file__, snakemake.threads, snakemake=snakemake)

import json

from batchscope.data.dataset import load_dataset
from batchscope.files import check_written, log_to
from batchscope.report.figures import plot_dataset
from batchscope.report.style import save_figure

log_to(snakemake.log[0])
check_written(snakemake.input)
figure = plot_dataset(load_dataset(snakemake.input.dataset), **json.loads(snakemake.params.figure))
for path in snakemake.output:
    save_figure(figure, path)
