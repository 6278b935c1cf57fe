"""Write what was found in all studies."""

from batchscope.warm import in_warm_process

in_warm_process(__file__, snakemake.threads, snakemake=snakemake)

import json
from pathlib import Path

from batchscope.report.findings import read_findings, write_findings
from batchscope.report.scorecard import read_scorecard
from batchscope.script import begin

begin(snakemake)
studies = zip(snakemake.input.summaries, json.loads(snakemake.params.studies))
findings = [read_findings(Path(summary).parent, study) for summary, study in studies]
papers = read_scorecard(Path(snakemake.output[0]).parent, json.loads(snakemake.params.papers))
write_findings(findings, snakemake.input.templates[0], snakemake.output[0], papers)
