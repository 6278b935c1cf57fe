"""Gradients of single rows whose covariance and mean are known."""

import numpy as np
import pandas as pd

from batchscope.results.gradients import gradients_table


def measured(gradients: np.ndarray, train_rows: float) -> pd.DataFrame:
    """The table of samples of gradients (samples, rows, weights), each a replicate."""
    squares = (gradients**2).sum(axis=2).mean(axis=1)
    means = (gradients.mean(axis=1) ** 2).sum(axis=1)
    count = len(gradients)
    history = pd.DataFrame(
        {"batch_size": 32, "learning_rate": 0.1, "schedule": "constant", "replicate": range(count), "epoch": 1}
    ).assign(updates=10, test_loss=1.0)
    table = gradients_table(history, np.stack([squares, means], axis=1), ["1 dense"], gradients.shape[1], train_rows)
    return table[table["layer"] == ""]


def linear(rows: int, random: np.random.Generator, features: int = 5, size: float = 0.3) -> np.ndarray:
    """Gradients of (x w - y)^2 where all w have a size, of rows with normal x and y of variance 1, (rows, features)."""
    x, y = random.normal(size=(rows, features)), random.normal(size=rows)
    return 2 * (x @ np.full(features, size) - y)[:, None] * x


def of_rows(gradients: np.ndarray) -> tuple[float, float]:
    """tr(Sigma) and |G|^2 of these very rows."""
    return gradients.var(axis=0, ddof=1).sum(), (gradients.mean(axis=0) ** 2).sum()


def draw(gradients: np.ndarray, rows: int, samples: int, random: np.random.Generator) -> np.ndarray:
    """Samples of rows without replacement, (samples, rows, weights)."""
    places = random.permuted(np.tile(np.arange(len(gradients)), (samples, 1)), axis=1)[:, :rows]
    return gradients[places]
