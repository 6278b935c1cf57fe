"""How a job begins in which TensorFlow trains."""

from batchscope.files import take
from batchscope.training.jobs import say_where, start_job


def start_training(snakemake, output: str) -> dict[str, str]:
    """Start the job of a training with the `snakemake` that its script was given, and TensorFlow.

    Returns the `hardware` and the `software` that will train. Ends the program where an input is not as its writer
    recorded.

    Args:
        output: the file that the job is at work on.
    """
    claimed = start_job(output, snakemake.log[0], snakemake.resources.gpu)
    # Only now, as TensorFlow looks for GPUs when it is imported.
    from batchscope.hardware.backend import SOFTWARE, use_hardware

    where = {"hardware": use_hardware(snakemake.threads), "software": SOFTWARE}
    say_where(claimed, snakemake.threads, where.values())
    take(snakemake.params.items(), snakemake.input)
    return where
