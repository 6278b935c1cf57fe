# What every rule file uses: the studies of the config, checked, and the code that a script depends on.
import json
import os
import sys
from modulefinder import ModuleFinder
from pathlib import Path

WORKFLOW = Path(workflow.basedir) / "workflow"
sys.path.insert(0, str(WORKFLOW))
os.environ["PYTHONPATH"] = str(WORKFLOW)  # where the scripts find the library

from batchscope.devices import visible_gpus
from batchscope.errors import ConfigError
from batchscope.study import read_studies

try:
    STUDIES, config = read_studies(config, workflow.configfiles, Path(".snakemake/batchscope"))
except ConfigError as error:
    sys.exit(str(error))

FORMATS = config["figures"]["formats"]


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
    return sorted(module.__file__ for module in finder.modules.values() if module.__name__.startswith("batchscope"))
