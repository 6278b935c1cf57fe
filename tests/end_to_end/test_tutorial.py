"""The default study agrees with 100 replicates of each setting that were trained beforehand, by other code."""

import math
import shutil

import pandas as pd
import pytest

from .conftest import ROOT

# batch size, learning rate: train mean and sd, test mean and sd, volatility of test accuracy, median epochs to 0.80
HUNDRED_REPLICATES = {
    (1, 0.01): (0.560, 0.053, 0.575, 0.073, 0.073, None),
    (1, 0.001): (0.825, 0.008, 0.818, 0.010, 0.0105, 4),
    (4, 0.01): (0.815, 0.010, 0.815, 0.022, 0.0226, 2),
    (8, 0.01): (0.824, 0.009, 0.817, 0.012, 0.0126, 3),
    (16, 0.01): (0.827, 0.009, 0.821, 0.007, 0.0069, 5),
    (32, 0.01): (0.827, 0.009, 0.820, 0.006, 0.0070, 8),
    (64, 0.01): (0.826, 0.007, 0.821, 0.010, 0.0080, 13),
    (128, 0.01): (0.827, 0.010, 0.826, 0.007, 0.0065, 20),
    (256, 0.01): (0.830, 0.007, 0.831, 0.006, 0.0036, 35),
    (450, 0.01): (0.820, 0.013, 0.825, 0.011, 0.0121, 38),
    (500, 0.01): (0.812, 0.006, 0.833, 0.003, 0.0022, 71),
}
SIGMAS = 3.5  # of 22 means all lie within it in 99 of 100 sets of replicates
ROUNDING = 0.0005  # of the table above


@pytest.fixture(scope="module")
def summary(make_checkout) -> pd.DataFrame:
    checkout = make_checkout((ROOT / "config.yaml").read_text())
    checkout.run("--cores", "all", "results/blobs/metrics/summary.csv")
    summary = pd.read_csv(checkout.folder / "results/blobs/metrics/summary.csv")
    shutil.rmtree(checkout.folder)
    return summary.set_index(["batch_size", "learning_rate"])


def test_the_settings_are_those_of_the_tutorial(summary):
    assert set(summary.index) == set(HUNDRED_REPLICATES)
    assert (summary["replicates"] == 30).all()
    assert (summary["diverged"] == 0).all()


@pytest.mark.parametrize("setting", HUNDRED_REPLICATES)
def test_accuracies_agree_within_sampling_error(summary, setting):
    expected, row = HUNDRED_REPLICATES[setting], summary.loc[setting]
    for part, mean, sd in (("train", *expected[:2]), ("test", *expected[2:4])):
        error = math.hypot(sd / math.sqrt(100), row[f"{part}_accuracy_sd"] / math.sqrt(30))
        assert abs(row[f"{part}_accuracy_mean"] - mean) < SIGMAS * error + ROUNDING


@pytest.mark.parametrize("setting", HUNDRED_REPLICATES)
def test_volatility_and_epochs_to_target_agree(summary, setting):
    volatility, epochs = HUNDRED_REPLICATES[setting][4:]
    row = summary.loc[setting]
    assert row["test_accuracy_volatility"] == pytest.approx(volatility, rel=0.25)
    if epochs is None:
        assert math.isnan(row["epochs_to_target"])
    else:
        assert row["epochs_to_target"] == pytest.approx(epochs, rel=0.15, abs=1)
