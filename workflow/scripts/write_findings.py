"""Write what was found in all studies."""

import json

import pandas as pd

from batchscope.files import log_to
from batchscope.findings import study_findings, write_findings

log_to(snakemake.log[0])
tables = (
    map(pd.read_csv, paths)
    for paths in (snakemake.input.summaries, snakemake.input.comparisons, snakemake.input.claims)
)
findings = [study_findings(*study) for study in zip(json.loads(snakemake.params.studies), *tables)]
write_findings(findings, snakemake.input.template, snakemake.output[0])
