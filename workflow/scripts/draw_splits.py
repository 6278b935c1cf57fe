"""Draw the new splits of a study's dataset."""

from batchscope.warm import in_warm_process

in_warm_process(__file__, snakemake.threads, snakemake=snakemake)

import json

from batchscope.data.dataset import save_arrays
from batchscope.data.new_splits import draw_splits
from batchscope.script import begin

begin(snakemake)
save_arrays(draw_splits(**json.loads(snakemake.params.splits)), snakemake.output[0])
