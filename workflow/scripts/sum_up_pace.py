"""Sum up what the processes measured of the pace."""

from batchscope.warm import in_warm_process

in_warm_process(__file__, snakemake.threads, snakemake=snakemake)

import json

import pandas as pd

from batchscope.files import write_csv
from batchscope.results.pace_summary import sum_up
from batchscope.script import begin

begin(snakemake)
pace = pd.concat(map(pd.read_csv, snakemake.input))
write_csv(sum_up(pace, json.loads(snakemake.params.trainings)), snakemake.output[0])
