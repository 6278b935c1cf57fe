"""Say what was read of a study's runs: of one short run of a program, or of all that are there."""

from batchscope.warm import in_warm_process

in_warm_process(__file__, snakemake.threads, snakemake=snakemake)

import json
import math
import sys

from batchscope.report.check import said_of_runs
from batchscope.results.run_description import describe
from batchscope.results.run_histories import RunsError, read_runs
from batchscope.results.runs import as_run
from batchscope.script import begin

terminal = begin(snakemake)
check = json.loads(snakemake.params.check)
reading, study = check["reading"], check["study"]
runs = [as_run(run) for run in reading.pop("runs")]
for path in snakemake.input.tried:  # of a program, which has a place of its own in a module
    runs = [run._replace(path=path) for run in runs]
try:
    table, seconds, remarks = read_runs(runs, **reading)
except RunsError as error:
    sys.exit(f"{study}, what its runs wrote:\n{error}")
for line in said_of_runs(table.to_pandas(), describe(table, runs, reading["score"], check["paired"], remarks)):
    print(f"{study}: {line}", file=terminal)
if not math.isnan(seconds[0]):
    print(f"{study}: the first run took {seconds[0]:g} s, by what it wrote", file=terminal)
