# What a cluster needs beyond its profile: what is packed together, and a patient executor. Rules that take seconds are local.
import math

from batchscope.cluster.slurm import explaining, patient, reporting


def packed(minutes):
    """The group of a training that takes so long, where the profile says how many of them share an allocation."""
    group = f"minutes_{2 ** math.ceil(math.log2(minutes))}"
    return group if group in workflow.group_settings.group_components else None


if executor := sys.modules.get("snakemake_executor_plugin_slurm"):
    executor.query_job_status = patient(executor.query_job_status)
    executor.Executor.run_job = reporting(executor.Executor.run_job, executor.SubmittedJobInfo)
    executor.Executor.print_job_error = explaining(executor.Executor.print_job_error)
