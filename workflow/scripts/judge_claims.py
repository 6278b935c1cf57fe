"""Judge the claims of a study."""

from batchscope.warm import in_warm_process

in_warm_process(__file__, snakemake.threads, snakemake=snakemake)

import json

import pandas as pd

from batchscope.evidence.claims import judge
from batchscope.evidence.trainings import Trainings, read_trainings
from batchscope.files import write_csv
from batchscope.script import begin

begin(snakemake)
claims = json.loads(snakemake.params.claims)
inputs, paired = snakemake.input, claims.pop("paired")
trainings = read_trainings(inputs.replicates, inputs.new_splits, inputs.rows, paired=paired)
others = [Trainings(pd.read_csv(path), paired=paired) for path in inputs.others]
write_csv(judge(trainings=trainings, others=others, **claims), snakemake.output[0])
