"""Find where the variance of the test score comes from."""

from batchscope.warm import in_warm_process

in_warm_process(__file__, snakemake.threads, snakemake=snakemake)

import json

import pandas as pd

from batchscope.evidence.variance import decompose
from batchscope.files import write_csv
from batchscope.script import begin

begin(snakemake)
score = json.loads(snakemake.params.score)
write_csv(decompose(pd.read_csv(snakemake.input[0]), f"test_{score}"), snakemake.output[0])
