"""Write what was found in all studies."""

from batchscope.warm import in_warm_process

in_warm_process(__file__, snakemake.threads, snakemake=snakemake)

import json

import pandas as pd

from batchscope.evidence.claims import read_claims
from batchscope.report.advice import read_page
from batchscope.report.findings import study_findings, write_findings
from batchscope.script import begin

begin(snakemake)
findings = [
    study_findings(
        study, read_page(recommendation), pd.read_csv(summary), pd.read_csv(comparisons), read_claims(claims)
    )
    for study, recommendation, summary, comparisons, claims in zip(
        json.loads(snakemake.params.studies),
        snakemake.input.recommendations,
        snakemake.input.summaries,
        snakemake.input.comparisons,
        snakemake.input.claims,
    )
]
write_findings(findings, snakemake.input.templates[0], snakemake.output[0])
