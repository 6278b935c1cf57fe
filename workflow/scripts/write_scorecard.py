"""Write the scorecard of papers."""

from batchscope.warm import in_warm_process

in_warm_process(__file__, snakemake.threads, snakemake=snakemake)

import json
from pathlib import Path

from batchscope.report.scorecard import read_scorecard
from batchscope.report.scorecard_page import write_scorecard
from batchscope.script import begin

begin(snakemake)
papers = read_scorecard(Path(snakemake.output.page).parent, json.loads(snakemake.params.papers))
write_scorecard(papers, snakemake.input.templates[0], snakemake.output.page, snakemake.output.latex)
