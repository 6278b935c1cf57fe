"""Write the page of a study."""

from batchscope.warm import in_warm_process

in_warm_process(__file__, snakemake.threads, snakemake=snakemake)

import json
from pathlib import Path

from batchscope.report.pages import read_study, write_study
from batchscope.script import begin

begin(snakemake)
page = Path(snakemake.output[0])
study = read_study(page.parent, json.loads(snakemake.params.study))
write_study(study, Path(snakemake.input.templates[0]).parent, page)
