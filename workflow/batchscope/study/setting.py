"""A setting: one batch size, or one schedule of batch sizes, with one learning rate.

In the config a batch size is a number, `full` (all training rows), or a schedule that maps batch sizes to epochs.
"""

import math
from typing import NamedTuple

import numpy as np

CONSTANT = "constant"
FEWEST_RATES = 3  # learning rates at one batch size, from which on it is told how wide the usable ones lie


class Setting(NamedTuple):
    """A setting as all tables spell it; the fields are their columns.

    The batch size of a schedule is the number of rows per update, on average over its training, rounded.
    """

    batch_size: int
    learning_rate: float
    schedule: str = CONSTANT

    @property
    def batch_sizes(self) -> str:
        """The batch sizes in words: `8`, `8 for 20 epochs`, or each times its epochs."""
        if self.schedule == CONSTANT:
            return str(self.batch_size)
        stages = [stage.split("x") for stage in self.schedule.split("_")]
        if len(stages) == 1:
            return "{} for {} epochs".format(*stages[0])
        return " \N{RIGHTWARDS ARROW} ".join("\N{MULTIPLICATION SIGN}".join(stage) for stage in stages)


SETTING = list(Setting._fields)


def rows_of(setting: Setting, table):
    """The rows of a setting in a table of pandas."""
    return table[np.logical_and.reduce([table[column] == value for column, value in zip(SETTING, setting)])]


def settings_in(table) -> list[Setting]:
    """The setting of each row of a table of pandas."""
    return [Setting(*row) for row in table[SETTING].itertuples(index=False)]


def spelling(batch_size: int | str | dict) -> str:
    """A batch size of the config as files and rules are named after it: `8`, `full` or `4x20_256x80`."""
    if isinstance(batch_size, dict):
        return "_".join(f"{rows}x{epochs}" for rows, epochs in batch_size.items())
    return str(batch_size)


def stages(batch_size: int | str | dict, epochs: float, train_rows: int) -> list[tuple[int, float]]:
    """Batch size, as a number, and epochs of each stage of a training; a constant batch size is a single stage."""
    schedule = batch_size if isinstance(batch_size, dict) else {batch_size: epochs}
    return [(train_rows if rows == "full" else rows, epochs) for rows, epochs in schedule.items()]


def rates(learning_rates: list[float] | dict, batch_size: int) -> list[float]:
    """The learning rates of a config at a batch size, to 12 digits where they go with it.

    They go in proportion to it (Goyal et al. 2017), or to its square root (Krizhevsky 2014), which keeps the variance
    of an update as it is.
    """
    if isinstance(learning_rates, list):
        return [float(rate) for rate in learning_rates]
    times = times_rate(learning_rates["scaling"], batch_size / learning_rates["at"])
    return [float(f"{rate * times:.12g}") for rate in learning_rates["rates"]]


def times_rate(scaling: str, times_batch_size: float) -> float:
    """How many times a learning rate goes with so many times the batch size, by the `scaling` of a config."""
    return times_batch_size ** {"linear": 1, "sqrt": 0.5, "none": 0}[scaling]


def make_setting(batch_size: int | str | dict, learning_rate: float, train_rows: int) -> Setting:
    if not isinstance(batch_size, dict):
        return Setting(train_rows if batch_size == "full" else batch_size, learning_rate)
    parts = stages(batch_size, 0, train_rows)
    epochs = sum(epochs for _, epochs in parts)
    updates = sum(math.ceil(train_rows / rows) * epochs for rows, epochs in parts)
    return Setting(round(train_rows * epochs / updates), learning_rate, spelling(batch_size))


def setting_in_words(setting: Setting) -> str:
    return f"batch size {setting.batch_sizes}, learning rate {setting.learning_rate:g}"
