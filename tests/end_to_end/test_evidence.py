"""The provenance of results, and the studies that come with the workflow."""

import json
import shutil
import subprocess
import sys

import pytest
import yaml

from tests.checkout import ROOT


def verify(checkout) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "batchscope.provenance"]
    environment = {"PYTHONPATH": str(checkout.folder / "workflow")}
    return subprocess.run(command, cwd=checkout.folder, env=environment, capture_output=True, text=True)


def test_provenance_covers_every_result(finished):
    folder = finished.folder / "results/small"
    provenance = json.loads((folder / "provenance.json").read_text())
    written = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    kept = {name for name in written if name.split("/")[0] not in ("logs", "benchmarks")}
    assert set(provenance["sha256"]) == kept - {"provenance.json"}
    assert provenance["config"]["studies"]["small"]["seed"] == 0  # a default
    assert {"train_batch_size_8", "aggregate_metrics", "plot_dataset"} <= provenance["seconds"].keys()
    assert len(provenance["trained_on"]) == 1


def test_verify_names_the_file_that_differs(finished):
    assert (verify(finished).returncode, verify(finished).stderr) == (0, "")
    path = finished.folder / "results/small/metrics/summary.csv"
    path.write_text(path.read_text().replace("0", "1", 1))
    done = verify(finished)
    assert done.returncode == 1
    assert done.stderr.startswith("results/small/metrics/summary.csv is not what was recorded\n")


@pytest.mark.parametrize("name", [None, *sorted(path.stem for path in (ROOT / "studies").glob("*.yaml"))])
def test_every_study_that_comes_along_can_be_planned_and_answers_a_question(make_checkout, name):
    checkout = make_checkout((ROOT / "config.yaml").read_text())
    text = (ROOT / "config.yaml").read_text()
    arguments = []
    if name is not None:
        shutil.copytree(ROOT / "studies", checkout.folder / "studies")
        text = (ROOT / f"studies/{name}.yaml").read_text()
        arguments = ["--configfile", f"studies/{name}.yaml"]
    assert "train_batch_size_4" in checkout.run("--dry-run", "--cores", "1", *arguments)
    studies = yaml.safe_load(text)["studies"].values()
    assert any(study.get("questions") for study in studies)
