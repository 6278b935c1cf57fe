"""Judge the claims of a study."""

from batchscope.warm import in_warm_process

in_warm_process(__file__, snakemake.threads, snakemake=snakemake)

import json

import pandas as pd

from batchscope.evidence.claims import judge
from batchscope.evidence.trainings import Trainings, read_trainings
from batchscope.files import check_written, log_to, write_csv

log_to(snakemake.log[0])
check_written(snakemake.input)
claims = json.loads(snakemake.params.claims)
trainings = read_trainings(snakemake.input.replicates, snakemake.input.new_splits, snakemake.input.rows)
others = [Trainings(pd.read_csv(path)) for path in snakemake.input.others]
write_csv(judge(trainings=trainings, others=others, **claims), snakemake.output[0])
