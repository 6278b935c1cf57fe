"""Plot the dataset of a study by class."""

from batchscope.warm import in_warm_process

in_warm_process(__file__, snakemake.threads, snakemake=snakemake)

import json

from batchscope.data.dataset import load_dataset
from batchscope.report.figure_file import look_of, write_figure
from batchscope.report.figures import plot_dataset
from batchscope.script import begin

begin(snakemake)
dataset = load_dataset(snakemake.input.dataset)
figure = plot_dataset(dataset, **json.loads(snakemake.params.figure), look=look_of(snakemake))
write_figure(figure, snakemake)
