# Used by all the phases: the checked studies of the config, their settings and figures, the code behind a script.
import json
import os
import sys
from modulefinder import ModuleFinder
from pathlib import Path

WORKFLOW = Path(workflow.basedir) / "workflow"
sys.path.insert(0, str(WORKFLOW))  # where the library is, also for the scripts: Snakemake hands the path on

from batchscope.devices import visible_gpus
from batchscope.errors import ConfigError
from batchscope.study import read_studies

try:
    STUDIES, config = read_studies(config, workflow.configfiles, Path(".snakemake/batchscope"))
except ConfigError as error:
    sys.exit(str(error))

GPUS = len(visible_gpus())
GPU_PER_JOB = min(GPUS, 1) if config["resources"]["gpu"] == "auto" else config["resources"]["gpu"]
if GPUS and workflow.local_exec and "gpu" not in workflow.global_resources:
    # No more GPU jobs at once than there are GPUs; `--resources gpu=N` says otherwise.
    workflow.register_resource("gpu", max(GPUS, GPU_PER_JOB))


wildcard_constraints:
    study="|".join(STUDIES),


def study_of(wildcards):
    return STUDIES[wildcards.study]


def part(choose):
    """One part of a study as a rule's parameter: text in which the order of keys does not count."""
    return lambda wildcards: json.dumps(choose(study_of(wildcards), wildcards), sort_keys=True)


def code(script):
    """The modules of the library that a script imports, so that a change of one of them runs its rules again."""
    finder = ModuleFinder(path=[str(WORKFLOW)])
    finder.run_script(str(WORKFLOW / "scripts" / script))
    modules = [module for name, module in finder.modules.items() if name.startswith("batchscope")]
    return sorted(os.path.relpath(module.__file__) for module in modules)


def batch_sizes():
    """Every batch size that some study trains, as the config spells it, with the studies that do."""
    studies = {}
    for study in STUDIES.values():
        for batch_size in study.settings:
            studies.setdefault(batch_size, []).append(study)
    return studies


def figure(name):
    """The files of a figure of a study, in every configured format."""
    return [f"results/{{study}}/figures/{name}.{suffix}" for suffix in config["figures"]["formats"]]


def results(study):
    """The files that a study ends in."""
    names = ["dataset", "batch_sizes", *(f"learning_curve_{name}" for name in study.spec["learning_curves"])]
    figures = [path.format(study=study.name) for name in names for path in figure(name)]
    return [f"results/{study.name}/metrics/summary.csv", *figures]
