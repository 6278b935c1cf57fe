import shutil
from pathlib import Path

import numpy as np
import psutil
import pytest
import yaml

from batchscope.errors import ConfigError
from batchscope.study import limits as limits_module
from batchscope.study import studies
from batchscope.study.config import check_config
from batchscope.study.keras_plan import KerasPlan
from batchscope.study.limits import Limits, beyond, too_large, too_long
from batchscope.study.needs import Need, Size

SPEC = """
dataset: {make_blobs: {n_samples: 1000, n_features: 2, random_state: 1}}
split: {train: 500}
model: [{Dense: {units: 4}}]
optimizer: SGD
epochs: 100
batch_sizes: [8, full]
learning_rates: [0.1]
"""
SIZE = Size([500, 500], features=2, outputs=3, parameters=1000, values_per_row=7)


def config(study: str = "{}", limits: str = "{}") -> dict:
    spec = yaml.safe_load(SPEC) | yaml.safe_load(study)
    return check_config({"studies": {"mine": spec}, "limits": yaml.safe_load(limits)})


def plan(study: str = "{}") -> KerasPlan:
    return KerasPlan("mine", config(study)["studies"]["mine"], train_rows=500, multiplications=10**6)


def test_left_to_auto_the_limits_are_what_the_machine_has(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    limits = Limits(config())
    assert limits.memory == psutil.virtual_memory().total
    Path("results").mkdir()
    Path("results/history").write_bytes(bytes(10**6))
    free = shutil.disk_usage(".").free
    assert limits.disk == pytest.approx(free + 10**6, abs=free / 1000)


@pytest.mark.parametrize(("allowed", "memory"), [("4000000000\n", 4 * 10**9), ("max\n", None), (f"{2**63}\n", None)])
def test_a_container_may_have_less_memory_than_the_machine(allowed, memory, tmp_path, monkeypatch):
    file = tmp_path / "memory.max"
    file.write_text(allowed)
    monkeypatch.setattr(limits_module, "_OF_CONTAINER", (file, tmp_path / "none"))
    assert Limits(config()).memory == (memory or psutil.virtual_memory().total)


def test_the_config_may_say_otherwise():
    limits = Limits(config(limits="{memory_gb: 7, disk_gb: 0.5}"))
    assert (limits.memory, limits.memory_of_training, limits.disk) == (7e9, 7e9, 0.5e9)


def test_a_training_may_have_the_memory_that_is_asked_for_it():
    limits = Limits(config(limits="{memory_gb: 1}") | {"resources": {"mem_mb": 20_000}})
    assert limits.memory_of_training == 20_000 * 2**20
    assert list(too_large(plan("epochs: 10000"), SIZE._replace(parameters=10**8), limits)) == []


def test_what_is_too_large_is_one_line_with_its_place_and_the_numbers():
    needs = [Need(8, {"epochs": 10**6, "replicates": 10**4}), Need(8, {"model": 10**10})]
    assert list(beyond(needs, "disk", 25e9)) == [
        "epochs: the study needs about 160 GB of disk, and there are 25; make it smaller, or raise `limits.disk_gb`"
    ]
    assert list(beyond(needs, "disk", 160e9)) == []


@pytest.mark.parametrize(
    ("study", "limits", "line"),
    [
        ("epochs: 1000000000000", "{}", "epochs: the study needs about 11,500,000 GB of memory, and there are"),
        ("{epochs: 10000, evaluate_every: {updates: 1}}", "{memory_gb: 1}", "evaluate_every: the study needs about"),
        ("epochs: 1000000", "{memory_gb: 1}", "epochs: the study needs about 11.5 GB of memory, and there are 1; "),
        ("replicates: 1000000000", "{}", "replicates: the study needs about"),
        ("new_splits: {replicates: 1000000000}", "{}", "new_splits.replicates: the study needs about"),
        ("batch_sizes: [8, {8: 10, full: 1000000000}]", "{}", "batch_sizes[1]: the study needs about"),
        ("ensembles: {batch_size: 8, repeats: 9223372036854775807}", "{}", "ensembles.repeats: the study needs about"),
        ("variance: {batch_sizes: [8], orders: 1000000000000}", "{}", "variance.orders: the study needs about"),
        ("pace: {processes: 1000000000}", "{}", "pace.processes: the study needs about"),
        ("epochs: 100000", "{memory_gb: 20, disk_gb: 0.1}", "epochs: the study needs about 0.24"),
        ("keep: {predictions: true}", "{disk_gb: 0.0001}", "dataset.make_blobs.n_samples: the study needs about"),
    ],
)
def test_a_study_that_is_too_large_is_refused_with_what_makes_it_large(study, limits, line):
    [refusal] = too_large(plan(study), SIZE, Limits(config(study, limits)))
    assert refusal.startswith(line)


@pytest.mark.parametrize(
    ("dataset", "place"),
    [
        ("make_blobs: {n_samples: 1000000000000}", "make_blobs.n_samples"),
        ("make_blobs: {n_samples: [1000000000000, 5]}", "make_blobs.n_samples"),
        ("make_classification: {n_features: 100000000000}", "make_classification.n_features"),
        ("make_blobs: {centers: 1000000000}", "make_blobs.centers"),
    ],
)
def test_data_that_is_too_large_is_refused_before_it_is_made(tmp_path, monkeypatch, dataset, place):
    monkeypatch.setattr(studies, "_ask", None)
    given = config(f"dataset: {{{dataset}}}")
    with pytest.raises(ConfigError) as raised:
        studies.read_studies(given, [], tmp_path)
    assert str(raised.value).startswith(f"studies.mine.dataset.{place}: the study needs about ")


@pytest.mark.parametrize("name", ["table", "npz"])
def test_a_file_that_is_too_large_is_refused_before_it_is_read(tmp_path, monkeypatch, name):
    monkeypatch.setattr(studies, "_ask", None)
    path = tmp_path / "data"
    if name == "npz":
        with open(path, "wb") as file:
            np.savez_compressed(file, x=np.zeros(10**6))  # which compress to nothing
    else:
        path.write_bytes(bytes(10**6))
    target = ", target: y" if name == "table" else ""
    given = config(f"dataset: {{{name}: {{path: {path}{target}}}}}", "{memory_gb: 0.0015}")
    with pytest.raises(ConfigError) as raised:
        studies.read_studies(given, [], tmp_path)
    assert str(raised.value).startswith(f"studies.mine.dataset.{name}.path: the study needs about 0.0")


def test_where_a_study_is_not_limited_nothing_is_refused(tmp_path, monkeypatch):
    facts = {"train_rows": 500, "multiplications": 10**6, "size": SIZE._asdict()}
    monkeypatch.setattr(studies, "_ask", lambda questions, memory: {"mine": facts})
    given = config(limits="{memory_gb: 0.0001}")
    studies.read_studies(given, [], tmp_path, limited=False)
    with pytest.raises(ConfigError, match=r"limits\.memory_gb"):
        studies.read_studies(given, [], tmp_path)


def test_a_process_that_has_no_memory_left_is_told_in_one_line(tmp_path, monkeypatch):
    program = tmp_path / "scripts/find_facts.py"
    program.parent.mkdir()
    program.write_text("import os; os.abort()")
    monkeypatch.setattr(studies, "LIBRARY", tmp_path / "batchscope")
    with pytest.raises(ConfigError, match=r"^studies: mine cannot be checked: .* by SIGABRT, .* memory"):
        studies._ask({"mine": {}}, None)


def test_a_long_training_is_told_once_and_only_what_is_left_of_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    study = plan("{epochs: 10000000, new_splits: {}}")
    hours = [study.seconds(name) / 3600 for name in ("8", "full")]
    [line] = too_long([study], at_once=1, hours=24)
    assert line.startswith(f"training may take {sum(hours):,.0f} hours (jobs at once: 1), most of it studies.mine; ")
    assert list(too_long([study], at_once=1, hours=sum(hours) + 1)) == []
    [line] = too_long([study], at_once=100, hours=24)
    assert line.startswith(f"training may take {max(hours):,.0f} hours (jobs at once: 100)")
    for name in ("8", "full"):
        path = Path(f"results/mine/history/batch_size_{name}.parquet")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert list(too_long([study], at_once=1, hours=24)) == []
