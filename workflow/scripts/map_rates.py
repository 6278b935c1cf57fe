"""Find the best and the usable learning rates at each batch size of a study."""

from batchscope.warm import in_warm_process

in_warm_process(__file__, snakemake.threads, snakemake=snakemake)

import json

import pandas as pd

from batchscope.evidence.rates import map_rates
from batchscope.evidence.trainings import Trainings
from batchscope.files import write_csv
from batchscope.script import begin

begin(snakemake)
rates = json.loads(snakemake.params.rates)
trainings = Trainings(pd.read_csv(snakemake.input.replicates), paired=rates.pop("paired"))
write_csv(map_rates(trainings, **rates), snakemake.output[0])
