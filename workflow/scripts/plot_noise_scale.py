"""Plot the gradient noise scale of a study along its training."""

from batchscope.warm import in_warm_process

in_warm_process(__file__, snakemake.threads, snakemake=snakemake)

import json

from batchscope.evidence.noise_scale import read_tables
from batchscope.evidence.scaling import read_quantities
from batchscope.report.figure_file import look_of, write_figure
from batchscope.report.noise_figure import plot_noise_scale
from batchscope.script import begin

begin(snakemake)
noise, _ = read_tables(snakemake.input.noise, snakemake.input.summary)
[*scaling] = map(read_quantities, snakemake.input.scaling)
figure = plot_noise_scale(noise, *scaling, **json.loads(snakemake.params.figure), look=look_of(snakemake))
write_figure(figure, snakemake)
