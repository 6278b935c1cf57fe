import json
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from batchscope.results import provenance
from batchscope.study.config import SCHEMA

WORKFLOW = SCHEMA.parents[1]


@pytest.fixture
def study(tmp_path) -> Path:
    """The results of a study in a folder of its own, recorded."""
    folder = tmp_path / "results" / "mine"
    for name, text in {
        "metrics/summary.csv": "a,b\n1,2\n",
        "figures/dataset.svg": "<svg/>",
        "timing/batch_size_4.csv": "batch_size,hardware,software,engine\n4,A CPU,keras 3,a\n4,A CPU,keras 3,a\n",
        "benchmarks/train.tsv": "s\th:m:s\n12.5\t0:00:12\n",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    results = [folder / name for name in ("metrics/summary.csv", "figures/dataset.svg", "timing/batch_size_4.csv")]
    recorded = provenance.record(folder, results, [str(SCHEMA)], {"studies": {"mine": {"seed": 3}}}, WORKFLOW.parent)
    provenance.write_provenance(recorded, folder / "provenance.json")
    return folder


def verify(study: Path) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "batchscope.results.provenance"]
    environment = {"PYTHONPATH": str(WORKFLOW)}
    return subprocess.run(command, cwd=study.parents[1], env=environment, capture_output=True, text=True)


def test_what_trained_is_told_with_the_batch_sizes_that_it_trained(study, tmp_path):
    one, other = study / "timing/batch_size_4.csv", tmp_path / "batch_size_full.csv"
    other.write_text("batch_size,engine\n500,b: too odd\n")
    assert provenance.trained_by([one, other]) == {"a": ["batch size 4"], "b: too odd": ["batch size full"]}


def test_other_software_is_told(study, tmp_path):
    one, other = study / "timing/batch_size_4.csv", tmp_path / "batch_size_full.csv"
    assert provenance.mixed_software([one]) is None
    other.write_text("batch_size,software\n500,keras 2\n")
    assert provenance.mixed_software([one, other]) == "keras 3 trained batch size 4, keras 2 trained batch size full"


def test_what_is_recorded(study):
    recorded = json.loads((study / "provenance.json").read_text())
    assert recorded["config"]["studies"]["mine"] == {"seed": 3}
    assert recorded["trained_on"] == ["A CPU, keras 3"]
    assert recorded["seconds"] == {"train": 12.5}
    assert recorded["files"] == {str(SCHEMA): provenance.sha256(SCHEMA)}
    assert {"numpy", "tensorflow", "statsmodels"} <= recorded["packages"].keys()
    assert recorded["hardware"]["cores"] > 0
    assert (
        recorded["sha256"]["figures/dataset.svg"]
        == (
            subprocess.run(["sha256sum", study / "figures/dataset.svg"], capture_output=True, text=True).stdout.split()[
                0
            ]
        )
    )


def test_results_that_are_as_recorded(study):
    done = verify(study)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "results/mine: all files are as recorded\n"


def test_a_file_that_was_altered_or_is_missing_is_named(study):
    (study / "metrics/summary.csv").write_text("a,b\n1,3\n")
    (study / "figures/dataset.svg").unlink()
    done = verify(study)
    assert done.returncode == 1
    assert done.stderr.splitlines()[:2] == [
        "results/mine/figures/dataset.svg is missing",
        "results/mine/metrics/summary.csv is not what was recorded",
    ]


def test_what_has_changed_since_is_told_and_is_no_failure(study):
    recorded = json.loads((study / "provenance.json").read_text())
    recorded["packages"]["numpy"] = "1.0"
    provenance.write_provenance(recorded, study / "provenance.json")
    done = verify(study)
    assert (done.returncode, done.stderr) == (0, "")
    [line] = done.stdout.splitlines()[1:]
    assert line == f"results/mine: it was made with other packages: numpy 1.0 is now {version('numpy')}"


def test_a_config_that_cannot_be_read_now_is_told_in_a_line(study):
    (study.parents[1] / "config.yaml").write_text("studies: [")
    done = verify(study)
    assert (done.returncode, done.stderr) == (0, "")
    assert "results/mine: whether its config is that of now is not known: config.yaml, line 1: " in done.stdout


def test_without_results_there_is_nothing_to_verify(tmp_path):
    study = tmp_path / "results" / "none"
    study.mkdir(parents=True)
    done = verify(study)
    assert (done.returncode, done.stderr) == (1, "results/ has no provenance to verify; run make first\n")
