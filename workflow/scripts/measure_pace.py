"""Measure how long an epoch takes at each batch size, in one process."""

from batchscope.warm import in_warm_process

in_warm_process(__file__, snakemake.threads, snakemake=snakemake)

import json

from batchscope.data.dataset import load_dataset
from batchscope.files import write_csv
from batchscope.training.start import start_training

output = snakemake.output[0]
where = start_training(snakemake, output)

from batchscope.training.engines import Way
from batchscope.training.pace import measure_pace
from batchscope.training.task import make_task

probe = json.loads(snakemake.params.probe)
task = make_task(load_dataset(snakemake.input.dataset), **probe.pop("task"))
pace = measure_pace(task, way=Way(*probe.pop("way")), memory_mb=snakemake.resources.stack_mb, **probe)
write_csv(pace.assign(process=snakemake.wildcards.process, **where), output)
