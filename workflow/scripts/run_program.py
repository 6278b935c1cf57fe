"""Run a user's program for every learning rate and replicate of one batch size."""

from batchscope.warm import in_warm_process

in_warm_process(__file__, snakemake.threads, snakemake=snakemake)

import json
import math
import sys
from pathlib import Path

from batchscope.files import digest, replacing, take
from batchscope.hardware.devices import cpu_name, gpu_names
from batchscope.training.jobs import leave_words, say_where, start_job, work_folder
from batchscope.training.kept_runs import KeptRuns
from batchscope.training.program_runs import Program, Run, RunsFailedError, run_all

about = snakemake.output.about
gpus = start_job(about, snakemake.log[0], snakemake.resources.gpu)
take(snakemake.params.items(), snakemake.input)
task, at_once = json.loads(snakemake.params.program), snakemake.resources.at_once
study, runs, outputs = task.pop("study"), task.pop("runs"), list(map(Path, snakemake.output.runs))
program = Program(task.pop("words"), outputs[0].suffix, at_once, threads=max(1, snakemake.threads // at_once))
hardware = ", ".join(sorted(set(gpu_names()))) if gpus else cpu_name()
say_where(gpus, snakemake.threads, [hardware])
values = task | {"threads": program.threads, "gpu": ",".join(gpus)}
seed = values.pop("seed")
of_runs = [
    Run(
        f"learning rate {rate:g}, replicate {replicate}",
        values | {"learning_rate": repr(rate), "replicate": replicate, "seed": seed + replicate},
        output,
    )
    for (rate, replicate), output in zip(runs, outputs)
]
key = digest([*program.words, json.dumps(task)], snakemake.input)
try:
    kept = KeptRuns(work_folder(about), key, afresh=snakemake.resources.again)
    if not snakemake.resources.again:
        kept.keep_earlier(outputs, Path(about))
    seconds = run_all(program, of_runs, kept, snakemake.resources.get("runtime", math.inf))
except RunsFailedError as error:
    sys.exit(f"{study}, batch size {task['batch_size']}:\n{error}")
with replacing(about) as temporary:
    told = {"key": key, "hardware": hardware, "software": "a program of the user's", "engine": " ".join(program.words)}
    temporary.write_text(json.dumps(told | {"seconds": seconds}, indent=2) + "\n")
leave_words(about, f"{study}, batch size {task['batch_size']}: {len(runs)} runs in {sum(seconds.values()):.1f} s")
