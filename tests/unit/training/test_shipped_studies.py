"""The studies that ship: every model trains as in `Model.fit`, and the tables are what their scripts make."""

import itertools
import runpy
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from batchscope.data.prepare import make_dataset
from batchscope.model.losses import is_regression
from batchscope.study.config import check_config
from batchscope.study.keras_plan import KerasPlan
from batchscope.training import compiled
from batchscope.training.checkpoint import Checkpoint
from batchscope.training.engines import Way
from batchscope.training.fit import FitEngine
from batchscope.training.task import make_task
from batchscope.training.train import train

ROOT = Path(__file__).parents[3]
OWN_DATA = ("digits", "wine", "breast_cancer", "diabetes", "harvest")
SPECS = {
    name: spec
    for file in OWN_DATA
    for name, spec in check_config(yaml.safe_load((ROOT / f"studies/{file}.yaml").read_text()))["studies"].items()
}

NOT_COMPARED = {("diabetes", "Muon"): "Keras's Muon fails with a learning-rate schedule in double precision"}
# The gradient of a bias before BatchNormalization is 0 but for rounding, of which these take the sign or the ratio to
# what it was: they are compared without the bias.
WITHOUT_BIAS = [("breast_cancer", "Lion"), ("breast_cancer", "Adafactor")]


@pytest.fixture(autouse=True)
def _in_the_root(monkeypatch, float64) -> None:
    monkeypatch.chdir(ROOT)


def pytest_generate_tests(metafunc) -> None:
    """Every model with its own optimizer; with --thorough, with every optimizer."""
    if "optimizer" in metafunc.fixturenames:
        pairs = [(name, spec["optimizer"]) for name, spec in SPECS.items()]
        if metafunc.config.getoption("thorough"):
            optimizers = [*compiled._ELEMENT_WISE, *compiled._PER_TENSOR, "ScheduleFreeAdamW"]
            pairs += [
                pytest.param(*pair, marks=pytest.mark.skip(NOT_COMPARED[pair]) if pair in NOT_COMPARED else ())
                for pair in itertools.product(SPECS, optimizers)
            ]
        metafunc.parametrize(("name", "optimizer"), pairs, ids=str)


def test_the_model_trains_as_in_fit(name, optimizer, tmp_path):
    """But for its dropout, whose draws differ, as they do from one training with `Model.fit` to the next."""
    spec = SPECS[name] | {"optimizer": optimizer}
    if isinstance(spec["model"], list):
        spec = spec | {"model": [layer for layer in spec["model"] if "Dropout" not in layer]}
    if (name, optimizer) in WITHOUT_BIAS:
        [dense, *others] = spec["model"]
        spec["model"] = [{"Dense": dense["Dense"] | {"use_bias": False}}, *others]
    data = make_dataset(spec["dataset"], spec["split"], spec.get("scaler"), is_regression(spec["loss"]))
    study = KerasPlan(name, spec, train_rows=len(data.y_train), multiplications=1)
    changes = {"stages": [(100, 3)], "dtype_policy": "float64"}
    task = make_task(data, **study.training(str(spec["batch_sizes"][1]))["task"] | changes)
    groups = {"own": task.replicates(2)}
    [result] = train(task, [0.001], groups, Way("compiled"), 3000, Checkpoint(tmp_path, "key"))["own"]
    [expected] = FitEngine(task).train(groups["own"][1:], 0.001, lambda _: None).history
    np.testing.assert_allclose(result.history[1][:, 0::2], expected[:, 0::2], rtol=1e-9)
    np.testing.assert_array_equal(result.history[1][:, 1::2], expected[:, 1::2])


def test_the_table_is_what_its_script_makes(tmp_path):
    made = runpy.run_path(str(ROOT / "studies/make_harvest.py"))["make_harvest"]()
    made.to_csv(tmp_path / "harvest.csv", index=False)
    assert (tmp_path / "harvest.csv").read_text() == (ROOT / "studies/harvest.csv").read_text()
    assert pd.read_csv(tmp_path / "harvest.csv").isna().any().sum() == 3


def test_the_runs_are_what_their_script_makes(tmp_path):
    made = runpy.run_path(str(ROOT / "studies/histories/make_wandb_runs.py"))["make_wandb_runs"]()
    made.to_csv(tmp_path / "runs.csv", index=False, na_rep="NaN")
    assert (tmp_path / "runs.csv").read_text() == (ROOT / "studies/histories/wandb_runs.csv").read_text()
    runs = made.groupby("config.seed")
    assert list(runs.size().value_counts().sort_index()) == [1, 1, 34]  # cut short, diverged, all the others
    assert runs["val/loss"].last(skipna=False).isna().sum() == 1
