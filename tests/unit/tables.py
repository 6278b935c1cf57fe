"""Histories and tables made by hand."""

import math

import numpy as np
import pandas as pd

from batchscope.setting import CONSTANT, Setting

SETTING = Setting(4, 0.1)


def history(accuracies: list[list[float]], setting: Setting = SETTING, updates_per_epoch: int = 3) -> pd.DataFrame:
    """The history of a setting from the test accuracies of each replicate; training accuracy is half of it."""
    return pd.DataFrame(
        {
            **setting._asdict(),
            "replicate": replicate,
            "epoch": epoch,
            "train_loss": accuracy,
            "train_accuracy": accuracy / 2,
            "test_loss": accuracy,
            "test_accuracy": accuracy,
            "updates": epoch * updates_per_epoch,
            "validation_loss": math.nan,
            "validation_accuracy": math.nan,
        }
        for replicate, curve in enumerate(accuracies)
        for epoch, accuracy in enumerate(curve, start=1)
    )


def timing(setting: Setting, *stretches: tuple[int, int, float]) -> pd.DataFrame:
    """Stretches of replicates, epochs and seconds."""
    rows = [(*setting, index, *stretch) for index, stretch in enumerate(stretches)]
    return pd.DataFrame(rows, columns=[*Setting._fields, "stretch", "replicates", "epochs", "seconds"])


def replicates(values: dict[int, np.ndarray], measure: str = "test_accuracy", epochs: int = 100) -> pd.DataFrame:
    """A row per batch size and replicate: `measure` is as given, the other measures are 0 for all."""
    tables = []
    for batch_size, of_measure in values.items():
        table = pd.DataFrame(
            {
                **{"batch_size": batch_size, "learning_rate": 0.1, "schedule": CONSTANT},
                **{"epochs": epochs, "updates": epochs, "seconds": float(epochs)},
            },
            range(len(of_measure)),
        )
        table["replicate"] = range(len(of_measure))
        times = [f"{unit}_to_target" for unit in ("epochs", "updates", "seconds")]
        for name in ("test_accuracy", "test_accuracy_volatility", *times, measure):
            table[name] = of_measure if name == measure else 0.0
        table["diverged"] = table[measure].isna()
        tables.append(table)
    return pd.concat(tables, ignore_index=True)
