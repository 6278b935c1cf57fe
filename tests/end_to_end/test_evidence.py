"""The provenance of results, and the studies that come with the workflow."""

import json
import shutil
import subprocess
import sys

import yaml

from tests.checkout import ROOT

# Studies of data sets, which ask nothing but what to take.
OWN_DATA = {"breast_cancer", "diabetes", "digits", "harvest", "wine"}


def verify(checkout) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "batchscope.results.provenance"]
    environment = {"PYTHONPATH": str(checkout.folder / "workflow")}
    return subprocess.run(command, cwd=checkout.folder, env=environment, capture_output=True, text=True)


def test_provenance_covers_every_result(finished):
    folder = finished.folder / "results/small"
    provenance = json.loads((folder / "provenance.json").read_text())
    written = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    written = {name for name in written if ".written/" not in name}
    kept = {name for name in written if name.split("/")[0] not in ("logs", "benchmarks")}
    pages = {"provenance.json", "index.html", "explorer.html"}  # which tell of it
    assert set(provenance["sha256"]) == kept - pages
    assert provenance["config"]["studies"]["small"]["seed"] == 0  # a default
    assert {"train_batch_size_8", "aggregate_metrics", "plot_dataset"} <= provenance["seconds"].keys()
    assert len(provenance["trained_on"]) == 1
    assert ": compiled to train 5 replicates at a time" in (folder / "tables/methods.html").read_text()


def test_verify_names_the_file_that_differs(finished):
    assert (verify(finished).returncode, verify(finished).stderr) == (0, "")
    assert verify(finished).stdout == "results/small: all files are as recorded\n"
    finished.change_config(lambda config: config["studies"]["small"].update(epochs=13))
    assert verify(finished).stdout.endswith("results/small: config.yaml says otherwise of it now\n")
    path = finished.folder / "results/small/metrics/summary.csv"
    path.write_text(path.read_text().replace("0", "1", 1))
    done = verify(finished)
    assert done.returncode == 1
    assert done.stderr.startswith("results/small/metrics/summary.csv is not as it was written\n")


def test_all_studies_that_come_along_can_be_planned_together_and_those_of_readers_answer_a_question(make_checkout):
    checkout = make_checkout((ROOT / "config.yaml").read_text())
    shutil.copytree(ROOT / "studies", checkout.folder / "studies")
    files = sorted((ROOT / "studies").glob("*.yaml")) + sorted((ROOT / "studies/literature").glob("*.yaml"))
    planned = checkout.run(
        "--dry-run", "--cores", "1", "--configfile", *(str(file.relative_to(ROOT)) for file in files)
    )
    for file in files:
        studies = yaml.safe_load(file.read_text())["studies"]
        for name, study in studies.items():
            job = f"Running the program of {name}" if "program" in study else f"Training {name}"
            assert f"{job} at batch size" in planned
        assert file.stem in OWN_DATA or any(study.get("questions") for study in studies.values())
        controls = [
            claim for study in studies.values() for claim in study.get("claims", {}).values() if "control" in claim
        ]
        assert controls or file.parent.name != "literature"
