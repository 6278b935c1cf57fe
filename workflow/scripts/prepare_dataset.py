"""Make and split the dataset of a study."""

import json

from batchscope.data import make_dataset, save_dataset
from batchscope.files import log_to

log_to(snakemake.log[0])
data = json.loads(snakemake.params.data)
save_dataset(make_dataset(data["dataset"], data["split"]), snakemake.output[0])
