"""Results in another folder: what a run there finds in the checkout, and that it leaves this alone."""

import os
import subprocess
import sys

import pytest
import yaml

from tests.checkout import SMALL, Checkout

CSV = "\n".join(["a,b,y", *(f"{(row * 7) % 10},{(row * 3) % 5},{'abc'[row % 3]}" for row in range(300))])
MODEL = """import keras


def build(input_shape, outputs):
    return keras.Sequential([keras.Input(input_shape), keras.layers.Dense(outputs)])
"""


@pytest.fixture
def checkout(make_checkout) -> Checkout:
    """With a second study, of a table and a model from files."""
    config = yaml.safe_load(SMALL)
    own = {"dataset": {"table": {"path": "data/own.csv", "target": "y"}}, "model": {"file": "data/model.py"}}
    config["studies"]["own"] = config["studies"]["small"] | own | {"batch_sizes": [16], "learning_curves": {}}
    config["studies"]["own"] |= {"claims": {}, "questions": {}}
    config["figures"]["formats"] = ["svg"]  # nothing looks at the others
    made = make_checkout(yaml.safe_dump(config, sort_keys=False))
    (made.folder / "data").mkdir()
    (made.folder / "data/own.csv").write_text(CSV)
    (made.folder / "data/model.py").write_text(MODEL)
    return made


def test_config_and_files_are_found_and_the_bytes_are_the_same(checkout, finished, tmp_path):
    there = Checkout(tmp_path / "elsewhere")
    printed = checkout.run("--cores", "2", "--directory", str(there.folder))
    assert f"own: what to take in {os.path.relpath(there.folder, checkout.folder)}/results/own/metrics/" in printed
    assert not (checkout.folder / "results").exists()
    for path in ("history/batch_size_8.parquet", "metrics/comparisons.csv", "metrics/claims.csv"):
        small = f"results/small/{path}"
        assert (there.folder / small).read_bytes() == (finished.folder / small).read_bytes()
    assert "Nothing to be done" in checkout.run("--cores", "2", "--directory", str(there.folder))
    assert (
        verify(there, checkout) == "results/own: all files are as recorded\nresults/small: all files are as recorded\n"
    )
    checkout.change_config(lambda config: config["studies"]["small"].update(epochs=13))
    assert verify(there, checkout).endswith(f"results/small: {checkout.folder}/config.yaml says otherwise of it now\n")


def test_what_is_in_that_folder_comes_first(checkout, tmp_path):
    (tmp_path / "config.yaml").write_text(SMALL.replace("small:", "theirs:"))
    planned = checkout.run("--dry-run", "--cores", "1", "--directory", str(tmp_path))
    assert "Training theirs at batch size 8" in planned
    assert "Training small" not in planned
    (tmp_path / "config.yaml").write_text(checkout.read("config.yaml"))
    (tmp_path / "data").mkdir()
    (tmp_path / "data/own.csv").write_text(CSV.replace("a,b,y", "a,b,z"))
    done = checkout.snakemake("--dry-run", "--cores", "1", "--directory", str(tmp_path))
    assert done.returncode == 1
    assert "studies.own.dataset.table.target: 'data/own.csv' has no column 'y'" in done.stdout + done.stderr


def verify(there: Checkout, checkout: Checkout) -> str:
    """What `make verify DIRECTORY=...` prints."""
    command = [sys.executable, "-m", "batchscope.results.provenance"]
    environment = os.environ | {"PYTHONPATH": str(checkout.folder / "workflow")}
    return subprocess.run(command, cwd=there.folder, env=environment, check=True, capture_output=True, text=True).stdout
