"""How a job begins in which TensorFlow trains."""

from batchscope.training.jobs import say_where, start_job


def start_training(output: str, log: str, gpus: int, threads: int) -> dict[str, str]:
    """Start the job of a training, with CPU threads, and TensorFlow.

    Returns the `hardware` and the `software` that will train.
    """
    claimed = start_job(output, log, gpus)
    # Only now, as TensorFlow looks for GPUs when it is imported.
    from batchscope.hardware.backend import SOFTWARE, use_hardware

    where = {"hardware": use_hardware(threads), "software": SOFTWARE}
    say_where(claimed, threads, where.values())
    return where
