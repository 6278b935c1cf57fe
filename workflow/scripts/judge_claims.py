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
trainings = read_trainings(snakemake.input.replicates, snakemake.input.new_splits, snakemake.input.rows)
others = [Trainings(pd.read_csv(path)) for path in snakemake.input.others]
write_csv(judge(trainings=trainings, others=others, **claims), snakemake.output[0])
