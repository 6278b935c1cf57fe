"""Judge the claims of a study."""

from batchscope.warm import in_warm_process

in_warm_process(__file__, snakemake.threads, snakemake=snakemake)

import json
from pathlib import Path

import pandas as pd

from batchscope.evidence.claims import judge
from batchscope.evidence.measured import read_measured
from batchscope.evidence.scaling import read_quantities
from batchscope.files import write_csv
from batchscope.script import begin

begin(snakemake)
claims = json.loads(snakemake.params.claims)
files = [Path(path) for path in snakemake.input.measured]
studies = {
    study: read_measured([file for file in files if file.parents[1].name == study], paired)
    for study, paired in claims.pop("paired").items()
}
own = studies.pop(snakemake.wildcards.study)
fitted = [read_quantities(path) for path in (*snakemake.input.scaling, *snakemake.input.noise)]
fitted = pd.concat(fitted) if fitted else None
write_csv(judge(**own._asdict(), **claims, elsewhere=studies, fitted=fitted), snakemake.output[0])
