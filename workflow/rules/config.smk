# The config, read strictly before Snakemake reads it, which of a mistake in YAML says neither file nor line.
import sys
from pathlib import Path

# Where the library is, also for the scripts: Snakemake hands the path on.
sys.path.insert(0, str(Path(workflow.basedir) / "workflow"))

from batchscope.errors import ConfigError
from batchscope.study.config import check_file

try:
    if Path("config.yaml").exists() and not workflow.config_settings.replace_workflow_config:
        check_file("config.yaml")
except ConfigError as error:
    sys.exit(str(error))
if {"{", "}"} & {*workflow.basedir}:  # which Snakemake takes for wildcards
    sys.exit(f"{workflow.basedir} has a brace in its name, with which Snakemake cannot work; rename that folder")
