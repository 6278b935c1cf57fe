"""The program in PyTorch that ships, in an environment of its own: it agrees with Keras about the same network."""

import subprocess
import venv
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from tests.checkout import ROOT, Checkout

BATCH_SIZES, EPOCHS = [32, 500], 15
SIGMAS = 3.5  # of eight differences one lies beyond in 1 of 270 runs
MEASURES = ("train_loss", "train_accuracy", "test_loss", "test_accuracy")


@pytest.fixture(scope="module")
def python_with_torch(tmp_path_factory) -> Path:
    """Python in an environment of its own with what conda's has."""
    folder = tmp_path_factory.mktemp("torch")
    dependencies = yaml.safe_load((ROOT / "envs/torch.yaml").read_text())["dependencies"]
    [packages] = [each["pip"] for each in dependencies if isinstance(each, dict)]
    venv.create(folder, with_pip=True)
    subprocess.run([folder / "bin/python", "-m", "pip", "install", "--quiet", *packages], check=True)
    return folder / "bin/python"


@pytest.fixture(scope="module")
def trained(make_checkout, python_with_torch) -> Checkout:
    [[name, torch]] = yaml.safe_load((ROOT / "studies/programs/torch_blobs.yaml").read_text())["studies"].items()
    torch["program"]["command"] = torch["program"]["command"].replace("python", str(python_with_torch), 1)
    del torch["program"]["conda"]
    same = {"epochs": EPOCHS, "batch_sizes": BATCH_SIZES, "learning_rates": [0.01], "claims": {}}
    keras = yaml.safe_load((ROOT / "config.yaml").read_text())["studies"]["blobs"]
    keras = {key: keras[key] for key in ("dataset", "split", "model", "optimizer")}
    studies = {name: torch | same | {"replicates": 8}, "keras": keras | same | {"replicates": 30}}
    checkout = make_checkout(yaml.safe_dump({"studies": studies}))
    program = checkout.folder / "studies/programs/torch_blobs.py"
    program.parent.mkdir(parents=True)
    program.write_text((ROOT / "studies/programs/torch_blobs.py").read_text())
    checkout.run(f"results/{name}/metrics/summary.csv", "results/keras/metrics/summary.csv", "--cores", "2")
    return checkout


def standard_errors(some: pd.DataFrame, others: pd.DataFrame, measure: str) -> pd.Series:
    """How many of them the means of two summaries lie apart, by batch size."""
    variance = sum(table[f"{measure}_sd"] ** 2 / table["replicates"] for table in (some, others))
    return (some[f"{measure}_mean"] - others[f"{measure}_mean"]) / np.sqrt(variance)


def test_pytorch_and_keras_agree_within_sampling_error(trained):
    ours, theirs = (
        pd.read_csv(trained.folder / f"results/{study}/metrics/summary.csv", index_col="batch_size").loc[BATCH_SIZES]
        for study in ("torch_blobs", "keras")
    )
    assert (ours["replicates"].tolist(), theirs["replicates"].tolist()) == ([8, 8], [30, 30])
    for measure in MEASURES:
        assert (standard_errors(ours, theirs, measure).abs() < SIGMAS).all(), measure
    other_batch_size = theirs.iloc[::-1].set_axis(theirs.index)
    assert (standard_errors(ours, other_batch_size, "train_loss").abs() > SIGMAS).all()  # so it would be seen


def test_more_updates_train_further_with_both(trained):
    for study in ("torch_blobs", "keras"):
        history = pd.read_parquet(trained.folder / f"results/{study}/metrics/history.parquet")
        last = history[history["epoch"] == EPOCHS].groupby("batch_size")["train_loss"].mean()
        assert last[32] < last[500]
