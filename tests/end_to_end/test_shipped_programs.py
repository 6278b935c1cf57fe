"""The programs that ship, the one in PyTorch in an environment of its own, agree with Keras about the same network."""

import shutil
import subprocess
import venv
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from tests.checkout import ROOT, Checkout

BATCH_SIZES, EPOCHS = [32, 500], 15
SIGMAS = 4  # of 16 differences one lies beyond in 1 of 1000 sets of trainings
PROGRAMS = ("torch_blobs", "numpy_blobs")
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
    same = {"epochs": EPOCHS, "batch_sizes": BATCH_SIZES, "learning_rates": [0.01], "claims": {}}
    keras = yaml.safe_load((ROOT / "config.yaml").read_text())["studies"]["blobs"]
    keras = {key: keras[key] for key in ("dataset", "split", "model", "optimizer")}
    studies = {"keras": keras | same | {"replicates": 30}}
    for name in PROGRAMS:
        study = yaml.safe_load((ROOT / f"studies/programs/{name}.yaml").read_text())["studies"][name]
        studies[name] = study | same | {"replicates": 8}
    torch = studies["torch_blobs"]["program"]
    torch["command"] = torch["command"].replace("python", str(python_with_torch), 1)
    del torch["conda"]
    checkout = make_checkout(yaml.safe_dump({"studies": studies}))
    shutil.copytree(ROOT / "studies/programs", checkout.folder / "studies/programs")
    checkout.run(*(f"results/{name}/metrics/summary.csv" for name in studies), "--cores", "2")
    return checkout


def standard_errors(some: pd.DataFrame, others: pd.DataFrame, measure: str) -> pd.Series:
    """How many of them the means of two summaries lie apart, by batch size."""
    variance = sum(table[f"{measure}_sd"] ** 2 / table["replicates"] for table in (some, others))
    return (some[f"{measure}_mean"] - others[f"{measure}_mean"]) / np.sqrt(variance)


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_and_keras_agree_within_sampling_error(trained, program):
    ours, theirs = (
        pd.read_csv(trained.folder / f"results/{study}/metrics/summary.csv", index_col="batch_size").loc[BATCH_SIZES]
        for study in (program, "keras")
    )
    assert (ours["replicates"].tolist(), theirs["replicates"].tolist()) == ([8, 8], [30, 30])
    for measure in MEASURES:
        assert (standard_errors(ours, theirs, measure).abs() < SIGMAS).all(), measure
    other_batch_size = theirs.iloc[::-1].set_axis(theirs.index)
    assert (standard_errors(ours, other_batch_size, "train_accuracy").abs() > SIGMAS).all()  # so it would be seen
