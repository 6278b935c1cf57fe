# Where the workflow is, and its config, read strictly before Snakemake reads it, which of a mistake in YAML says neither file
# nor line.
import sys
from pathlib import Path

WORKFLOW = Path(workflow.current_basedir.get_path_or_uri(secret_free=False)).parent
CHECKOUT = WORKFLOW.parent
sys.path.insert(0, str(WORKFLOW))  # where the library is, also for the scripts: Snakemake hands the path on

from batchscope.run import stop_when_told

if workflow.is_main_process:
    stop_when_told()  # from here on, as much is read below

from batchscope.errors import ConfigError
from batchscope.study.config import read_file
from batchscope.study.userfiles import found

# That of the folder where the workflow runs, else that of the checkout; of a module the config is given.
CONFIG = "config.yaml" if workflow.overwrite_configfiles else found("config.yaml")
try:
    if (
        Path(CONFIG).exists()
        and not workflow.modifier.skip_configfile
        and not workflow.config_settings.replace_workflow_config
    ):
        read_file(CONFIG)
except ConfigError as error:
    sys.exit(str(error))
if {"{", "}"} & {*str(CHECKOUT)}:  # which Snakemake takes for wildcards
    sys.exit(f"{CHECKOUT} has a brace in its name, with which Snakemake cannot work; rename that folder")
