"""Write wandb_runs.csv: a sweep's runs, a row per run and epoch, in the columns of an export from Weights & Biases.

The trainings are real, of a linear network of two layers on scikit-learn's digits; names and seconds are invented. As
in many a sweep every run has a seed of its own, some settings have more runs than others, one run was cut short, and
one, at a rate that is far too large, diverged.

python studies/histories/make_wandb_runs.py
"""

import math
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.datasets import load_digits
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits

EPOCHS = 12
RUNS = {(16, 0.03): 5, (16, 0.1): 6, (16, 0.8): 1, (64, 0.03): 6, (64, 0.1): 8, (256, 0.03): 4, (256, 0.1): 6}
CUT_SHORT = {9: 7}  # the run of this seed: after so many epochs


def train(batch_size: int, learning_rate: float, seed: int, epochs: int) -> Iterator[tuple[float, float, float]]:
    """Train loss, test accuracy in percent and test loss of each epoch, up to the one that makes weights infinite."""
    x, y = load_digits(return_X_y=True)
    x, x_test, y, y_test = train_test_split(x / 16, y, train_size=600, test_size=600, random_state=0, stratify=y)
    model = MLPClassifier(
        hidden_layer_sizes=32,
        activation="identity",
        solver="sgd",
        alpha=0,
        batch_size=batch_size,
        learning_rate_init=learning_rate,
        random_state=seed,
    )
    for _ in range(epochs):
        try:
            with warnings.catch_warnings(action="ignore", category=RuntimeWarning):  # of numbers too large
                model.partial_fit(x, y, classes=range(10))
        except ValueError:  # as the weights are infinite
            yield (math.nan,) * 3
            return
        yield model.loss_, 100 * model.score(x_test, y_test), log_loss(y_test, model.predict_proba(x_test))


@threadpool_limits.wrap(limits=1)  # small products are slower on more
def make_wandb_runs() -> pd.DataFrame:
    """A row per run and epoch, which is counted from 0."""
    generator = np.random.default_rng(0)
    settings = [setting for setting, runs in RUNS.items() for _ in range(runs)]
    rows = []
    for seed, (batch_size, learning_rate) in enumerate(settings):
        name, seconds = f"{generator.choice(['brisk', 'calm', 'warm'])}-sweep-{seed + 1}", generator.uniform(1, 3)
        config = {"config.batch_size": batch_size, "config.lr": learning_rate, "config.seed": seed}
        history = train(batch_size, learning_rate, seed, CUT_SHORT.get(seed, EPOCHS))
        for epoch, (train_loss, accuracy, loss) in enumerate(history):
            seconds += (0.3 + 0.004 * math.ceil(600 / batch_size)) * generator.uniform(0.9, 1.1)
            step = {"name": name, "_step": epoch, "_runtime": round(seconds, 2), **config, "epoch": epoch}
            measures = {"train/loss": round(train_loss, 4), "val/acc": round(accuracy, 2), "val/loss": round(loss, 4)}
            rows.append(step | measures)
    return pd.DataFrame(rows)


if __name__ == "__main__":
    make_wandb_runs().to_csv(Path(__file__).with_name("wandb_runs.csv"), index=False, na_rep="NaN")
