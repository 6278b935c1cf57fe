"""Plot the learning curve of one setting."""

from batchscope.warm import in_warm_process

in_warm_process(__file__, snakemake.threads, snakemake=snakemake)

import json

import pandas as pd

from batchscope.report.figure_file import look_of, write_figure
from batchscope.report.figures import plot_learning_curve
from batchscope.results.history import read_history
from batchscope.script import begin
from batchscope.study.setting import Setting

begin(snakemake)
curve = json.loads(snakemake.params.figure)
setting = Setting(*curve.pop("setting"))
history = read_history(snakemake.input.history).to_pandas()
summary = pd.read_csv(snakemake.input.summary)
figure = plot_learning_curve(history, summary, setting=setting, **curve, look=look_of(snakemake))
write_figure(figure, snakemake)
