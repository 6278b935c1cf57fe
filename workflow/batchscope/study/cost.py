"""How long trainings take, guessed before they run, so that they can be planned; generous, for one thread of a CPU."""

import math

_SECONDS_TO_START = 60  # import TensorFlow, compile, build the models
# Two to three times what was measured for small networks. A guess that is too low costs a resumed attempt.
_SECONDS_PER_UPDATE = {"compiled": 5e-6, "fit": 5e-3}
_MULTIPLICATIONS_PER_SECOND = 2e9


def epoch_seconds(train_rows: int, batch_size: int, multiplications: float, engine: str = "compiled") -> float:
    """Seconds for an epoch of one replicate.

    Args:
        multiplications: of the epoch, as `batchscope.model.models.multiplications_per_epoch` counts them.
    """
    updates = math.ceil(train_rows / batch_size)
    return updates * _SECONDS_PER_UPDATE[engine] + multiplications / _MULTIPLICATIONS_PER_SECOND


def job_minutes(seconds: float) -> int:
    """Whole minutes for a job that trains for so long."""
    return math.ceil((_SECONDS_TO_START + seconds) / 60)
