"""Make and split the dataset of a study, and say what became of it."""

from batchscope.warm import in_warm_process

in_warm_process(__file__, snakemake.threads, snakemake=snakemake)

import json

from batchscope.data.dataset import save_arrays
from batchscope.data.description import describe, in_a_line, in_lines
from batchscope.data.prepare import fitted_dataset, read_split_rows
from batchscope.files import replacing
from batchscope.script import begin

terminal = begin(snakemake)
rows = read_split_rows(**json.loads(snakemake.params.data))
dataset = fitted_dataset(rows)
save_arrays(dataset, snakemake.output.dataset)
described = describe(rows, dataset)
with replacing(snakemake.output.description) as temporary:
    temporary.write_text(json.dumps(described, indent=2, ensure_ascii=False) + "\n")
print(*in_lines(described), sep="\n")
print(f"{snakemake.wildcards.study}: {in_a_line(described)}", file=terminal)
