"""Plot how many updates each batch size of a study takes to a result."""

from batchscope.warm import in_warm_process

in_warm_process(__file__, snakemake.threads, snakemake=snakemake)

import json

from batchscope.evidence.steps_to_result import read_tables
from batchscope.report.figure_file import look_of, write_figure
from batchscope.report.steps_figure import plot_steps_to_result
from batchscope.script import begin

begin(snakemake)
tables = read_tables(snakemake.input.steps, snakemake.input.scaling)
figure = plot_steps_to_result(*tables, **json.loads(snakemake.params.figure), look=look_of(snakemake))
write_figure(figure, snakemake)
