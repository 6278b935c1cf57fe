# What a cluster needs beyond its profile: what is submitted, what is packed together, and a patient executor.
import math

from batchscope.cluster.slurm import explaining, patient, reporting


# These take seconds: where Snakemake runs they are done before a cluster has started one of them.
localrules:
    prepare_dataset,
    draw_splits,
    aggregate_metrics,
    compare_settings,
    recommend,
    judge_claims,
    plot_dataset,
    plot_learning_curve,
    plot_batch_sizes,
    plot_measures,
    plot_which_is_best,
    plot_ensembles,
    decompose_variance,
    plot_variance,
    sum_up_pace,
    plot_pace,
    make_tables,
    record_provenance,
    write_findings,
    make_report,


def packed(minutes):
    """The group of a training that takes so long, where the profile says how many of them share an allocation."""
    group = f"minutes_{2 ** math.ceil(math.log2(minutes))}"
    return group if group in workflow.group_settings.group_components else None


if executor := sys.modules.get("snakemake_executor_plugin_slurm"):
    executor.query_job_status = patient(executor.query_job_status)
    executor.Executor.run_job = reporting(executor.Executor.run_job, executor.SubmittedJobInfo)
    executor.Executor.print_job_error = explaining(executor.Executor.print_job_error)
