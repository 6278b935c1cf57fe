"""Compare every setting of a study with the reference."""

import json

import pandas as pd

from batchscope.comparisons import compare
from batchscope.files import log_to, write_csv
from batchscope.setting import Setting

log_to(snakemake.log[0])
comparisons = json.loads(snakemake.params.comparisons)
reference = Setting(*comparisons.pop("reference"))
write_csv(compare(pd.read_csv(snakemake.input.replicates), reference, **comparisons), snakemake.output[0])
