"""What is said of runs that were read, so that one sees whether they were read rightly."""

import pandas as pd

from batchscope.report.check import said_of_runs
from batchscope.results.history import SCHEMA


def described(settings: int = 1) -> dict:
    each = {
        "setting": "batch size 8, learning rate 0.1",
        "runs": 2,
        "epochs": [3, 4],
        "diverged": 1,
        "missing": ["s 2"],
    }
    return {"runs": 2 * settings, "settings": [each] * settings, "remarks": ["epochs are counted from 0 in 2 runs"]}


def history() -> pd.DataFrame:
    rows = pd.DataFrame({"batch_size": 8, "learning_rate": 0.1, "replicate": 0, "epoch": range(1, 9), "updates": 5})
    return rows.assign(test_accuracy=0.5, test_loss=1.5).reindex(columns=SCHEMA.names)


def test_it_says_what_there_is_what_is_measured_and_shows_rows():
    lines = list(said_of_runs(history(), described()))
    assert "batch size 8, learning rate 0.1: 2 runs of 3 to 4 epochs, 1 diverged; missing: s 2" in lines
    assert "epochs are counted from 0 in 2 runs" in lines
    assert "measured: test_loss, test_accuracy" in lines
    assert "not measured: train_loss, train_accuracy, validation_loss, validation_accuracy" in lines
    assert lines[-6].split() == [
        *("batch_size", "learning_rate", "replicate", "epoch", "updates"),
        *("test_loss", "test_accuracy"),
    ]
    assert len(lines) == 5 + 1 + 6  # five rows below their heading


def test_of_many_settings_it_does_not_name_each():
    assert not any(line.startswith("batch size 8") for line in said_of_runs(history(), described(21)))
