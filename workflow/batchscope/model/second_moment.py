"""Optimizers whose second moment is averaged over as many rows at every batch size."""

from batchscope.errors import ConfigError
from batchscope.model.models import build_optimizer
from batchscope.names import name_and_arguments


def scale_beta_2(spec: dict | str, at: int, batch_size: int) -> dict:
    """The optimizer of a config as it is at a batch size, where its `beta_2` is meant for the batch size `at`.

    beta_2 ** (batch_size / at), whose half-life in rows is the same at all batch sizes (Marek et al. 2025, arXiv
    2507.07101).

    Raises:
        ConfigError: the optimizer has no `beta_2`, it is no part from 0 to below 1, or Keras refuses it.
    """
    name, arguments = name_and_arguments(spec)
    beta_2 = getattr(build_optimizer(spec, learning_rate=0.01), "beta_2", None)
    if beta_2 is None:
        raise ConfigError("beta_2_at", f"{name} has no beta_2; leave it out, or take Adam")
    if not isinstance(beta_2, int | float) or not 0 <= beta_2 < 1:
        raise ConfigError(f"optimizer.{name}.beta_2", f"{beta_2!r} has no half-life; take a number from 0 to below 1")
    return {name: arguments | {"beta_2": beta_2 ** (batch_size / at)}}
