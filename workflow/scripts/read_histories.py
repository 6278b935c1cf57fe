"""Read the histories of a study's runs at one batch size."""

from batchscope.warm import in_warm_process

in_warm_process(__file__, snakemake.threads, snakemake=snakemake)

import json
import math
import sys
from pathlib import Path

from batchscope.results.runs import RunsError, as_run, describe, read_runs

from batchscope.files import replacing
from batchscope.results.history import write_history
from batchscope.results.timing import write_timing
from batchscope.script import begin

begin(snakemake)
reading = json.loads(snakemake.params.reading)
output = snakemake.output
folder = Path(output.history).parents[1]
runs = [as_run(run) for run in reading.pop("runs")]
if "about" in dict(snakemake.input.items()):  # of a program, whose runs are among the results
    runs = [run._replace(path=str(folder / run.path)) for run in runs]
    about = json.loads(Path(snakemake.input.about).read_text())
else:
    about = {"hardware": "another machine", "software": "not known", "engine": "not trained here", "seconds": {}}
try:
    table, seconds, remarks = read_runs(runs, **reading)
except RunsError as error:
    sys.exit(f"{folder.name}, what its runs wrote:\n{error}")
write_history(table, output.history)
took = about.pop("seconds")
stretches = {}
for run, of_run in zip(runs, seconds):
    of_run = took.get(Path(run.path).name, math.nan) if math.isnan(of_run) else of_run
    stretches.setdefault(run.setting, []).append((1, ..., of_run))
write_timing(stretches, about, output.timing)
with replacing(output.description) as temporary:
    temporary.write_text(json.dumps(describe(table, runs, remarks), indent=2) + "\n")
