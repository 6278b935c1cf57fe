"""Write the front of all studies."""

from batchscope.warm import in_warm_process

in_warm_process(__file__, snakemake.threads, snakemake=snakemake)

import json
from pathlib import Path

from batchscope.report.pages import read_study, write_front
from batchscope.report.scorecard import read_scorecard
from batchscope.script import begin

begin(snakemake)
front = Path(snakemake.output[0])
studies = {name: read_study(front.parent / name, study) for name, study in json.loads(snakemake.params.studies)}
papers = read_scorecard(front.parent, json.loads(snakemake.params.papers))
write_front(studies, Path(snakemake.input.templates[0]).parent, front, papers)
