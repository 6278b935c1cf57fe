"""Make and split the dataset of a study."""

from batchscope.warm import in_warm_process

in_warm_process(__file__, snakemake.threads, snakemake=snakemake)

import json

from batchscope.data import save_arrays
from batchscope.files import log_to
from batchscope.prepare import make_dataset

log_to(snakemake.log[0])
save_arrays(make_dataset(**json.loads(snakemake.params.data)), snakemake.output[0])
