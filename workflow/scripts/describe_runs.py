"""Describe the runs of a study."""

from batchscope.warm import in_warm_process

in_warm_process(__file__, snakemake.threads, snakemake=snakemake)

from batchscope.script import begin

begin(snakemake)
