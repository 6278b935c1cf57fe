"""The environments of pip, conda and the container agree with each other and with what the code imports."""

import ast
import re
import subprocess
from importlib.metadata import packages_distributions

import pytest
import yaml

from batchscope.imports import LIBRARY, library_modules

ROOT = LIBRARY.parents[1]
SCRIPTS = {path for path in (ROOT / "workflow/scripts").glob("*.py") if path.name != "find_facts.py"}  # of jobs
OF_DATA = {ROOT / "workflow/scripts" / name for name in ("prepare_dataset.py", "draw_splits.py")}
OF_MODELS = {ROOT / "workflow/scripts" / name for name in ("measure_pace.py", "keep_model.py")}
TRAINING = OF_DATA | OF_MODELS | {*(ROOT / "workflow/scripts").glob("train*.py")}
CUDA = "[and-cuda]"


def locked(name: str) -> set[str]:
    """The packages of a lock file, as name==version."""
    return set(re.findall(r"^[\w.-]+==[\w.]+", (ROOT / f"envs/{name}.txt").read_text(), re.MULTILINE))


def environment(name: str) -> dict:
    return yaml.safe_load((ROOT / f"envs/{name}.yaml").read_text())


def pinned(name: str) -> set[str]:
    """What pip installs into an environment of conda, as name==version."""
    [packages] = [each["pip"] for each in environment(name)["dependencies"] if isinstance(each, dict)]
    return set(packages)


def imported(scripts: set) -> set[str]:
    """The packages that scripts and the library behind them import, at the top or later."""
    names = set()
    for path in scripts.union(*map(library_modules, scripts)):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                names.add(node.module.split(".")[0])
    distributions = packages_distributions()
    return {distributions[name][0].lower() for name in names & distributions.keys()}


@pytest.mark.parametrize(
    ("name", "lock"),
    [("training", "requirements"), ("analysis", "requirements"), ("torch", "requirements-torch")],
)
def test_conda_has_the_versions_of_pip(name, lock):
    of_events = {pin for pin in locked("requirements-test") if pin.startswith("tensorboard==")}  # only where used
    assert pinned(name) <= locked(lock) | of_events


def test_conda_has_what_the_scripts_of_a_phase_import_and_no_more():
    def names(pins):
        return {pin.partition("==")[0] for pin in pins}

    assert names(pinned("training")) == imported(TRAINING)
    assert names(pinned("analysis")) == imported(SCRIPTS - TRAINING)


def test_conda_for_gpus_differs_by_cuda_alone():
    text = (ROOT / "envs/training-gpu.yaml").read_text()
    assert text.count(CUDA) == 1
    assert yaml.safe_load(text.replace(CUDA, "")) == environment("training")


@pytest.mark.parametrize("name", ["training", "training-gpu", "analysis", "torch"])
def test_conda_has_a_python_that_is_supported(name):
    assert {"python=3.11", "python=3.12", "python=3.13"} & set(map(str, environment(name)["dependencies"]))


@pytest.mark.parametrize("name", ["requirements-gpu", "requirements-test", "requirements-benchmark"])
def test_every_lock_has_the_versions_of_the_workflow(name):
    assert locked("requirements") < locked(name)


def test_the_lock_for_pytorch_has_the_versions_of_the_workflow():
    names = {pin.partition("==")[0] for pin in locked("requirements")}
    shared = {pin for pin in locked("requirements-torch") if pin.partition("==")[0] in names}
    assert len(shared) > 5
    assert shared <= locked("requirements")


def test_the_oldest_snakemake_is_the_one_that_the_workflow_asks_for():
    [oldest] = re.findall(r'^min_version\("([\d.]+)"\)$', (ROOT / "Snakefile").read_text(), re.MULTILINE)
    assert locked("requirements-oldest") == {f"snakemake=={oldest}.0"}


def test_the_lock_for_gpus_adds_cuda_alone():
    assert all(pin.startswith("nvidia-") for pin in locked("requirements-gpu") - locked("requirements"))


def test_the_container_copies_what_git_knows():
    recipe = (ROOT / "Dockerfile").read_text()
    [requirements] = re.findall(r"^ARG REQUIREMENTS=(\S+)$", recipe, re.MULTILINE)
    assert (ROOT / "envs" / requirements).is_file()
    copied = {source for line in re.findall(r"^COPY (.+) \S+$", recipe, re.MULTILINE) for source in line.split()}
    assert {"Snakefile", "config.yaml", "envs", "workflow"} <= copied
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True).stdout.split()
    assert copied <= set(tracked) | {path.partition("/")[0] for path in tracked}
