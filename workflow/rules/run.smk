# One run at a time in a folder, which ends within seconds when it is told to, and its jobs with it.
import shutil

from batchscope.run import alone, stop_when_told
from batchscope.warm import start_warm_process


def begin(executor):
    """What a run does before Snakemake looks at any file."""
    check_results()
    isolated = workflow.deployment_settings.deployment_method  # jobs in environments of their own
    if executor.local_exec and not executor.dryrun_exec and not isolated and not GPUS and sys.platform == "linux":
        start_warm_process()


if workflow.is_main_process:
    stop_when_told()
    workflow.execute = alone(workflow.execute, begin)
    if Path(shell.get_executable() or "").name == "bash":
        # Ctrl-C reaches all of a terminal's processes; jobs are told by this one, and those that begin say nothing of it.
        shell.prefix("trap '' INT HUP; set -euo pipefail; ")


onstart:
    if workflow.is_main_process:
        stop_when_told()
    if workflow.executor_plugin.name == "slurm" and shutil.which("sbatch") is None:
        sys.exit(
            "sbatch, SLURM's command for submitting jobs, is not on the PATH: run this on a login node of the cluster, or "
            "without `--profile profiles/slurm` on this machine"
        )
