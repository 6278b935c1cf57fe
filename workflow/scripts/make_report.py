"""Bind what was found, the figures and the tables of all studies in one page, by Snakemake's own report."""

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml

from batchscope.files import replacing
from batchscope.script import begin
from batchscope.study.userfiles import with_paths

begin(snakemake)
with TemporaryDirectory() as folder, replacing(snakemake.output[0]) as report:
    config = Path(folder) / "config.yaml"
    studies = {name: with_paths(spec, os.path.abspath) for name, spec in snakemake.params.config["studies"].items()}
    limits = {"memory_gb": 1e9, "disk_gb": 1e9}  # it trains nothing
    resolved = snakemake.params.config | {"studies": studies, "limits": limits}
    config.write_text(yaml.safe_dump(resolved, sort_keys=False))
    results = Path(snakemake.output[0]).parent
    # Snakemake reports on what it finds done, and knows nothing of the options of the run that goes on around it. It
    # replaces variables of the environment in paths, so these do not name the folders above.
    done = subprocess.run(
        [
            *(snakemake.params.python, "-m", "snakemake", *snakemake.params.targets, "--nolock", "--cores", "1"),
            *("--snakefile", os.path.relpath(snakemake.params.snakefile, results.parent)),
            *("--configfile", config, "--replace-workflow-config"),
            *("--report", os.path.relpath(report, results.parent)),
            *("--report-stylesheet", os.path.relpath(snakemake.input.stylesheet[0], results.parent)),
        ],
        cwd=results.parent,
    )
    if done.returncode != 0:
        sys.exit(f"Snakemake could not make the report; its log is {snakemake.log[0]}")
