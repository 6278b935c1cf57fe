"""Histories and tables made by hand."""

import math

import numpy as np
import pandas as pd

from batchscope.evidence.trainings import NEW_SPLITS, THIS_SPLIT, Trainings
from batchscope.study.setting import CONSTANT, Setting

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


class Scores:
    """Right or wrong, or a loss, of every row: batch size -> (trainings, rows)."""

    def __init__(self, values: dict[int, np.ndarray]):
        self._values = values

    def of(self, setting: Setting, part: str, score: str) -> np.ndarray:
        return self._values[setting.batch_size]

    def rows(self, setting: Setting, part: str) -> np.ndarray:
        return np.arange(self._values[setting.batch_size].shape[1])


def row_by_row(values: dict[int, np.ndarray], measure: str = "test_accuracy") -> Trainings:
    """Trainings of which is known what they got right row by row: batch size -> (trainings, rows)."""
    means = {batch_size: of_rows.mean(axis=1) for batch_size, of_rows in values.items()}
    return Trainings(replicates(means, measure), Scores(values))


def populations(own: pd.DataFrame | Trainings, new: pd.DataFrame | Trainings | None = None) -> dict[str, Trainings]:
    """Trainings on this split and perhaps on new ones; of tables alone, without single rows."""
    each = {THIS_SPLIT: own, NEW_SPLITS: new}
    return {
        on: trainings if isinstance(trainings, Trainings) else Trainings(trainings)
        for on, trainings in each.items()
        if trainings is not None
    }
