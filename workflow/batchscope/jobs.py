"""How a training job begins: its log, its GPUs, and only then TensorFlow."""

import logging

from batchscope.devices import claim_gpus
from batchscope.files import log_to


def start_training(log: str, gpus: int, threads: int) -> dict[str, str]:
    """Log to a file, take GPUs and CPU threads; returns the `hardware` and the `software` that will train."""
    log_to(log)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    claimed = claim_gpus(gpus)
    from batchscope.backend import SOFTWARE, use_hardware  # TensorFlow looks for GPUs when it is imported

    where = {"hardware": use_hardware(threads), "software": SOFTWARE}
    logging.info("GPUs: %s; CPU threads: %d; %s", ", ".join(claimed) or "none", threads, "; ".join(where.values()))
    return where
