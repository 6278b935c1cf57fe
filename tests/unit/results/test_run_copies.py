"""Runs that have the measures of others, at their setting, at other rates and at other batch sizes."""

import numpy as np
import pyarrow
import pytest

from batchscope.results.history import history_table
from batchscope.results.run_copies import copies
from batchscope.results.runs import Run
from batchscope.study.setting import Setting

EPOCHS = 6
SETTINGS = [Setting(8, 0.1), Setting(8, 0.2), Setting(16, 0.1)]


def drawn(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).random((EPOCHS, 4))


def told(measured: dict[tuple[Setting, int], np.ndarray], of_program: bool = True) -> list[str]:
    says = {"seed": 7} if of_program else {}
    runs = [
        Run(setting, replicate, f"replicate {replicate}", "log.csv", {}, says | {"replicate": replicate})
        for setting, replicate in measured
    ]
    tables = []
    for setting in dict.fromkeys(setting for setting, _ in measured):
        values = np.array([values for (of_setting, _), values in measured.items() if of_setting == setting])
        tables.append(history_table(setting, ends := np.arange(1, values.shape[1] + 1), values, ends))
    return list(copies(pyarrow.concat_tables(tables), runs))


@pytest.mark.parametrize(
    ("ignored", "line"),
    [
        ((SETTINGS[0], 1), "batch size 8, learning rate 0.1, replicate 1: {} replicate 0; is {{seed}} used"),
        ((SETTINGS[1], 0), "batch size 8, learning rate 0.2, replicate 0: {} {}; is {{learning_rate}} used"),
        ((SETTINGS[2], 0), "batch size 16, learning rate 0.1, replicate 0: {} {}; is {{batch_size}} used"),
    ],
)
def test_what_a_program_does_not_use_is_named(ignored, line):
    keys = [(setting, replicate) for setting in SETTINGS for replicate in range(2)]
    measured = {key: drawn(number) for number, key in enumerate(keys)}
    assert told(measured) == []
    measured[ignored] = drawn(0)
    expected = line.format("has the very same measures as", "batch size 8, learning rate 0.1, replicate 0")
    assert told(measured) == [expected + " by the program?"]
    assert told(measured, of_program=False) == [expected[: expected.index("; is")] + "; keep one of them"]


def test_each_run_is_told_where_nothing_is_used():
    same = {(setting, replicate): drawn(0) for setting in SETTINGS for replicate in range(2)}
    assert len(told(same)) == len(same) - 1


def test_few_values_may_be_the_same():
    rounded = drawn(0)
    rounded[:, :3], rounded[:, 3] = np.nan, 0.5  # no loss
    first = SETTINGS[0]
    assert told({(first, 0): rounded, (first, 1): rounded}) == []
    rounded[:, 0] = 2.3026
    assert len(told({(first, 0): rounded, (first, 1): rounded})) == 1
    assert told({(setting, 0): rounded for setting in SETTINGS}) == []


def test_runs_that_diverged_may_be_the_same():
    diverged = drawn(0)
    diverged[1:] = np.nan
    assert told({(setting, replicate): diverged for setting in SETTINGS for replicate in range(2)}) == []
