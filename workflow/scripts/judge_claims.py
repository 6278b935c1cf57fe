"""Judge the claims of a study."""

import json

import pandas as pd

from batchscope.claims import judge
from batchscope.files import log_to, write_csv

log_to(snakemake.log[0])
claims = json.loads(snakemake.params.claims)
write_csv(judge(tables=[pd.read_csv(path) for path in snakemake.input.tables], **claims), snakemake.output[0])
