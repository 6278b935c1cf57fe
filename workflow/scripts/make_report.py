"""Bind what was found, the figures and the tables of all studies in one page, by Snakemake's own report."""

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from batchscope.files import replacing
from batchscope.script import begin

begin(snakemake)
with TemporaryDirectory() as folder, replacing(snakemake.output[0]) as report:
    config = Path(folder) / "config.yaml"
    config.write_text(snakemake.params.config)
    # Snakemake reports on what it finds done, and knows nothing of the options of the run that goes on around it.
    done = subprocess.run(
        [
            *(snakemake.params.python, "-m", "snakemake", *snakemake.params.targets, "--nolock", "--cores", "1"),
            *("--snakefile", snakemake.params.snakefile),
            *("--configfile", config, "--replace-workflow-config"),
            *("--report", report, "--report-stylesheet", snakemake.input.stylesheet),
        ]
    )
    if done.returncode != 0:
        sys.exit(f"Snakemake could not make the report; its log is {snakemake.log[0]}")
