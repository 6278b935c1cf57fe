"""Make and split the dataset of a study."""

import json

from batchscope.data import save_arrays
from batchscope.files import log_to
from batchscope.prepare import make_dataset

log_to(snakemake.log[0])
save_arrays(make_dataset(**json.loads(snakemake.params.data)), snakemake.output[0])
