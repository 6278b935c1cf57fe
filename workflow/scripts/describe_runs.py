"""Describe the runs of a study."""

from batchscope.warm import in_warm_process

in_warm_process(__file__, snakemake.threads, snakemake=snakemake)

import json
import sys
from pathlib import Path

from batchscope.files import replacing
from batchscope.results.history import read_together
from batchscope.results.run_copies import copies
from batchscope.results.run_description import describe
from batchscope.results.runs import as_run
from batchscope.script import begin

begin(snakemake)
description = json.loads(snakemake.params.description)
runs = [as_run(run) for run in description.pop("runs")]
table = read_together(snakemake.input.histories)
if alike := "\n".join(copies(table, runs)):  # at several batch sizes, as each was looked at alone
    sys.exit(f"{Path(snakemake.output[0]).parent.name}, what its runs wrote:\n{alike}")
remarks = {}  # each with the batch sizes of which it is said
for path in map(Path, snakemake.input.remarks):
    for remark in json.loads(path.read_text()):
        remarks.setdefault(remark, []).append(path.stem.removeprefix("batch_size_"))
said = [f"{remark}, batch size {', '.join(batch_sizes)}" for remark, batch_sizes in remarks.items()]
with replacing(snakemake.output[0]) as temporary:
    temporary.write_text(json.dumps(describe(table, runs, **description, remarks=said), indent=2) + "\n")
