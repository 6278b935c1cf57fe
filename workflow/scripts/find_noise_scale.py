"""Find the gradient noise scale of a study."""

from batchscope.warm import in_warm_process

in_warm_process(__file__, snakemake.threads, snakemake=snakemake)

import json

import pandas as pd

from batchscope.evidence.noise_scale import find_noise_scale
from batchscope.evidence.scaling import read_quantities
from batchscope.files import write_csv
from batchscope.script import begin

begin(snakemake)
gradients = pd.read_csv(snakemake.input.gradients, dtype={"layer": str}).fillna({"layer": ""})
scaling = next(map(read_quantities, snakemake.input.scaling), None)
noise, summary = find_noise_scale(gradients, scaling=scaling, **json.loads(snakemake.params.noise))
write_csv(noise, snakemake.output.noise)
write_csv(summary, snakemake.output.summary)
