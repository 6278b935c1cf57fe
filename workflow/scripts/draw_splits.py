"""Draw the new splits of a study's dataset."""

import json

from batchscope.data import save_arrays
from batchscope.files import log_to
from batchscope.new_splits import draw_splits

log_to(snakemake.log[0])
save_arrays(draw_splits(**json.loads(snakemake.params.splits)), snakemake.output[0])
