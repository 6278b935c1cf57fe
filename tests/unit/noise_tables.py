"""Tables of the gradient noise scale made by hand, as `batchscope.evidence.noise_scale` writes them."""

import math

import pandas as pd

from batchscope.evidence.noise_scale import ALL, LOST_IN_NOISE, MOMENT
from batchscope.study.scores import CRITICAL_BATCH_SIZE, NOISE_SCALE, NOISE_SCALE_GROWTH, NOISE_SCALE_OF_CRITICAL


def noise(scales: dict[str, list[float]], rows: int = 512, over: str = ALL, moments: int = 2) -> pd.DataFrame:
    """A row per layer and moment, every 5 epochs, and one per layer over all of them, which has their mean.

    Args:
        scales: layer -> the noise scale at each moment; a negative one is refused, and its size the lower bound.
    """
    records = []
    for layer, values in scales.items():
        known = [abs(value) for value in values]
        each = [*zip(values, (5 * (1 + index) for index in range(len(values)))), (sum(known) / len(known), math.nan)]
        for value, epoch in each:
            refused = value < 0
            records.append(
                {"batch_size": 32, "learning_rate": 0.1, "layer": layer}
                | {"over": over if math.isnan(epoch) else MOMENT, "epoch": epoch, "updates": 32 * epoch}
                | {"noise_scale": math.nan if refused else value}
                | {"low": -value if refused else value / 2, "high": math.inf if refused else 2 * value}
                | {"refused": LOST_IN_NOISE if refused else ""}
                | {"replicates": 15, "moments": moments, "rows": rows, "train_rows": 1024, "schedule": "constant"}
            )
    return pd.DataFrame(records)


def quantities(**found: tuple[float, float, float] | str) -> pd.DataFrame:
    """A table of quantities: estimate, low and high of each, or why it is refused."""
    rows = []
    for name, value in found.items():
        estimate, low, high = (math.nan,) * 3 if isinstance(value, str) else value
        known = {"quantity": name, "estimate": estimate, "low": low, "high": high, "replicates": 15}
        rows.append(known | {"refused": value if isinstance(value, str) else ""})
    return pd.DataFrame(rows)


def summary(
    scale: tuple[float, float, float] | str = (46, 34, 61),
    growth: tuple[float, float, float] | str = (3, 2, 4),
    of_critical: tuple[float, float, float] | str = (0.56, 0.3, 1.1),
) -> pd.DataFrame:
    return quantities(**{NOISE_SCALE: scale, NOISE_SCALE_GROWTH: growth, NOISE_SCALE_OF_CRITICAL: of_critical})


def scaling(critical: tuple[float, float, float] | str = (82, 50, 123)) -> pd.DataFrame:
    return quantities(**{CRITICAL_BATCH_SIZE: critical}).assign(fit_error=0.08)
