"""Recommend settings of a study."""

import json

import pandas as pd

from batchscope.advice import page, write_page
from batchscope.files import log_to

log_to(snakemake.log[0])
study = json.loads(snakemake.params.study)
write_page(page(pd.read_csv(snakemake.input.replicates), **study), snakemake.output[0])
