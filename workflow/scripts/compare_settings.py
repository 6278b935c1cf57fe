"""Compare every setting of a study with the reference."""

from batchscope.warm import in_warm_process

in_warm_process(__file__, snakemake.threads, snakemake=snakemake)

import json

from batchscope.evidence.comparisons import compare
from batchscope.evidence.trainings import read_trainings
from batchscope.files import write_csv
from batchscope.script import begin
from batchscope.study.setting import Setting

begin(snakemake)
comparisons = json.loads(snakemake.params.comparisons)
reference = Setting(*comparisons.pop("reference"))
inputs = snakemake.input
trainings = read_trainings(inputs.replicates, inputs.new_splits, inputs.rows, paired=comparisons.pop("paired"))
write_csv(compare(trainings, reference, **comparisons), snakemake.output[0])
