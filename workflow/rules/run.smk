# One run at a time in a folder, which ends within seconds when it is told to, and its jobs with it.
import shutil
from logging.handlers import QueueHandler

from snakemake.logging import logger

from batchscope.failures import Failures
from batchscope.finished import checking_records, keep, restore
from batchscope.run import alone, say_last, says_something, stop_when_told
from batchscope.training.done import TrainingsDone
from batchscope.warm import end_warm_process

FAILURES = Failures()


def begin(executor):
    """What a run does before Snakemake looks at any file."""
    if executor.dryrun_exec or not executor.local_exec:
        end_warm_process()
    if not executor.dryrun_exec:
        restore(Path("results"))  # after a run that was killed
        logger.addFilter(FAILURES)
        for handler in logger.handlers:
            if not isinstance(handler, QueueHandler):  # of plugins, which hear all
                handler.addFilter(says_something)
    if not (executor.dryrun_exec or executor.touch_exec):
        logger.addHandler(TrainingsDone(logger, lambda: workflow.dag.needrun_jobs()))
    workflow._build_dag = checking_records(workflow)


if workflow.is_main_process and workflow.execute.__name__ == "execute":  # else another instance of a module did so
    workflow.execute = alone(workflow.execute, begin)
    if Path(shell.get_executable() or "").name == "bash":
        # Ctrl-C reaches all of a terminal's processes; jobs are told by this one, and those that begin say nothing of it.
        shell.prefix("trap '' INT HUP; set -euo pipefail; ")


onstart:
    if workflow.is_main_process:
        stop_when_told()
        keep(path for job in workflow.dag.needrun_jobs() for path in job.output)
    if workflow.executor_plugin.name == "slurm" and shutil.which("sbatch") is None:
        sys.exit(
            "sbatch, SLURM's command for submitting jobs, is not on the PATH: run this on a login node of the cluster, or "
            "without `--profile profiles/slurm` on this machine"
        )
