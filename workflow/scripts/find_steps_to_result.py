"""Find how many updates each batch size of a study takes to a result."""

from batchscope.warm import in_warm_process

in_warm_process(__file__, snakemake.threads, snakemake=snakemake)

import json
import sys

from batchscope.evidence.steps_to_result import find_steps_to_result
from batchscope.files import write_csv
from batchscope.results.history import read_history
from batchscope.script import begin

begin(snakemake)
history = read_history(snakemake.input[0]).to_pandas()
try:
    steps, scaling = find_steps_to_result(history, **json.loads(snakemake.params.steps))
except ValueError as error:
    sys.exit(f"studies.{snakemake.wildcards.study}.{error}")
write_csv(steps, snakemake.output.steps)
write_csv(scaling, snakemake.output.scaling)
