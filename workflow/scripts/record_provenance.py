"""Record where the results of a study come from."""

from batchscope.warm import in_warm_process

in_warm_process(__file__, snakemake.threads, snakemake=snakemake)

import json
from pathlib import Path

from batchscope.imports import CHECKOUT
from batchscope.results.provenance import record, write_provenance
from batchscope.script import begin

begin(snakemake)
provenance = record(
    study=Path(snakemake.output[0]).parent,
    results=[Path(path) for path in snakemake.input.results],
    files=list(snakemake.input.files),
    config=json.loads(snakemake.params.config),
    checkout=CHECKOUT,
)
write_provenance(provenance, snakemake.output[0])
