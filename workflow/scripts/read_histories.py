"""Read the histories of a study's runs at one batch size."""

from batchscope.warm import in_warm_process

in_warm_process(__file__, snakemake.threads, snakemake=snakemake)

import json
import math
import sys
from pathlib import Path

from batchscope.files import replacing
from batchscope.results.history import write_history
from batchscope.results.run_histories import RunsError, read_runs
from batchscope.results.runs import as_run
from batchscope.results.timing import write_timing
from batchscope.script import begin

begin(snakemake)
reading, output = json.loads(snakemake.params.reading), snakemake.output
study = Path(output.history).parents[1]
runs = [as_run(run) for run in reading.pop("runs")]
about = {"hardware": "another machine", "software": "not known", "engine": "trained before", "seconds": {}}
for path in snakemake.input.get("about", []):  # of a program, whose runs are among the results
    runs = [run._replace(path=str(study / run.path)) for run in runs]
    about = json.loads(Path(path).read_text())
try:
    table, seconds, remarks = read_runs(runs, **reading)
except RunsError as error:
    sys.exit(f"{study.name}, what its runs wrote:\n{error}")
write_history(table, output.history)
where = {name: about[name] for name in ("hardware", "software", "engine")}
stretches = {}
epochs = table.to_pandas().groupby(["learning_rate", "replicate"])["epoch"].max()
for run, of_run in zip(runs, seconds):
    of_run = about["seconds"].get(Path(run.path).name, math.nan) if math.isnan(of_run) else of_run
    stretch = (1, epochs[run.setting.learning_rate, run.replicate], of_run)
    stretches.setdefault(run.setting, []).append(stretch)
write_timing(stretches, where, output.timing)
with replacing(output.remarks) as temporary:
    temporary.write_text(json.dumps(remarks) + "\n")
