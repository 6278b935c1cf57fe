"""Make and split the dataset of a study."""

from batchscope.warm import in_warm_process

in_warm_process(__file__, snakemake.threads, snakemake=snakemake)

import json

from batchscope.data.dataset import save_arrays
from batchscope.data.prepare import make_dataset
from batchscope.files import log_to

log_to(snakemake.log[0])
save_arrays(make_dataset(**json.loads(snakemake.params.data)), snakemake.output[0])
