"""Where the jobs' software comes from, and the workflow apart from its working folder, as in the container."""

import os
import re
import shutil
import sys
from pathlib import Path

import pytest

from tests.checkout import Checkout

CONDA = """#!/bin/sh
case "$1" in
    info) echo '{"conda_prefix": "/", "platform": "linux-64"}' ;;
    --version) echo conda 25.1.0 ;;
    config) echo '{"get": {"channel_priority": "strict"}}' ;;
    env) grep -q tensorflow "$6" && exit 1 || mkdir -p "$8" ;;
esac
"""
# One that makes real environments, though empty ones, and can activate them.
MAKING = """#!/bin/sh
case "$1" in
    info) echo '{"conda_prefix": "BASE", "platform": "linux-64"}' ;;
    --version) echo conda 25.1.0 ;;
    config) echo '{"get": {"channel_priority": "strict"}}' ;;
    env) PYTHON -m venv --without-pip "$8" ;;
esac
"""
ACTIVATE = 'export CONDA_PREFIX="$1"; export PATH="$1/bin:$PATH"\n'
PROGRAM = """
studies:
  mine:
    program: {command: "python train.py {seed} {batch_size} {history}", conda: mine.yaml}
    train_rows: 100
    epochs: 1
    replicates: 2
    batch_sizes: [8]
    learning_rates: [0.1]
"""


@pytest.fixture(scope="module")
def with_conda(make_checkout):
    """A checkout, and the PATH to a conda that tells of itself and makes all but what trains."""
    checkout = make_checkout()
    conda = checkout.folder / "bin/conda"
    conda.parent.mkdir()
    conda.write_text(CONDA)
    conda.chmod(0o755)
    return checkout, f"{conda.parent}{os.pathsep}{os.environ['PATH']}"


@pytest.mark.parametrize(
    ("gpu", "visible", "training"),
    [("auto", "", "training"), ("auto", "0", "training-gpu"), (1, "", "training-gpu"), (0, "0", "training")],
)
def test_conda_brings_cuda_where_training_asks_for_gpus(with_conda, gpu, visible, training):
    checkout, path = with_conda
    checkout.change_config(lambda config: config.update(resources={"gpu": gpu}))
    printed = checkout.run("--sdm", "conda", "--dry-run", PATH=path, CUDA_VISIBLE_DEVICES=visible)
    created = re.findall(r"Conda environment envs/(\S+)\.yaml will be created", printed)
    assert sorted(created) == sorted(["analysis", training])


def test_conda_brings_cuda_to_the_jobs_of_a_cluster(with_conda):
    checkout, path = with_conda
    checkout.change_config(lambda config: config.update(resources={"gpu": "auto"}))
    arguments = ("--profile", "profiles/slurm", "--sdm", "conda")
    done = checkout.snakemake(*arguments, PATH=path, CUDA_VISIBLE_DEVICES="")  # ends before it submits anything
    failed = re.findall(r"Could not create conda environment from \S*envs/(\S+)\.yaml", done.stdout + done.stderr)
    assert failed == ["training-gpu"]


def test_a_program_runs_in_an_environment_of_its_own_and_is_read_in_that_of_the_workflow(make_checkout):
    checkout = make_checkout(PROGRAM)
    base = checkout.folder / "base"
    (base / "bin").mkdir(parents=True)
    (base / "bin/conda").write_text(MAKING.replace("BASE", str(base)).replace("PYTHON", sys.executable))
    (base / "bin/activate").write_text(ACTIVATE)
    (base / "bin/conda").chmod(0o755)
    (checkout.folder / "mine.yaml").write_text("dependencies: [python]\n")
    writes = "open(sys.argv[-1], 'w').write(f'epoch,test_accuracy\\n1,0.{sys.argv[1]}')"
    (checkout.folder / "train.py").write_text(f"import sys; print('prefix', sys.prefix); {writes}")
    target = "results/mine/runs/batch_size_8/runs.json"
    path = f"{base}/bin{os.pathsep}{os.environ['PATH']}"
    checkout.run(target, "--cores", "1", "--sdm", "conda", PATH=path)
    [prefix, other] = re.findall("prefix (.+)", checkout.read("results/mine/logs/train_batch_size_8.log"))
    assert prefix == other
    assert Path(prefix).parent == checkout.folder / ".snakemake/conda"
    printed = checkout.run(target, "--cores", "1", "--forceall")
    assert "Conda environments: ignored" in printed
    assert sys.prefix in checkout.read("results/mine/logs/train_batch_size_8.log")


def test_the_report_is_made_where_the_workflow_lies_elsewhere(finished):
    work = finished.folder / "work"
    work.mkdir()
    for name in ("config.yaml", "results", ".snakemake"):
        shutil.move(finished.folder / name, work)
    (work / "results/report.html").unlink()
    Checkout(work).run(
        "results/report.html", "--snakefile", "../Snakefile", "--cores", "1", "--rerun-triggers", "mtime"
    )
    assert (work / "results/report.html").is_file()


def test_containerize_refuses_as_the_environment_of_trainings_depends_on_where_they_run(finished):
    """What profiles/README.md says of it."""
    done = finished.snakemake("--containerize")
    assert done.returncode == 1
    assert "any conda env definition is dynamic" in done.stderr
    assert done.stdout == ""
