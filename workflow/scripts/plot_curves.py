"""Plot learning curves of one study, or of several, by epoch and by update."""

from batchscope.warm import in_warm_process

in_warm_process(__file__, snakemake.threads, snakemake=snakemake)

import json

from batchscope.report.curves_figure import plot_curves
from batchscope.report.figure_file import look_of, write_figure
from batchscope.results.history import read_history
from batchscope.script import begin

begin(snakemake)
figure = json.loads(snakemake.params.figure)
histories = (read_history(path).to_pandas() for path in snakemake.input)
studies = dict(zip(figure.pop("studies"), histories))
write_figure(plot_curves(studies, **figure, look=look_of(snakemake)), snakemake)
