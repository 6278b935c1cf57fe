from pathlib import Path

import pytest

from batchscope.imports import CHECKOUT
from batchscope.study.userfiles import file_mistakes, found, program_files


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


def test_a_file_is_of_the_folder_of_the_run_before_the_checkout():
    assert found("studies/harvest.csv") == str(CHECKOUT / "studies/harvest.csv")
    Path("studies").mkdir()
    Path("studies/harvest.csv").touch()
    assert found("studies/harvest.csv") == "studies/harvest.csv"


@pytest.mark.parametrize("path", ["studies/harvets.csv", "studies", "/nowhere/harvest.csv"])
def test_what_is_nowhere_keeps_the_name_that_the_config_has(path):
    assert found(path) == path


def test_a_file_at_home(tmp_path):
    assert found("~/own.csv") == str(tmp_path / "home/own.csv")


@pytest.mark.parametrize(
    "command",
    [
        "python train.py {history}",
        "python -m train {history}",
        "run --program=train.py {history}",
        "bash -c 'cd . && python train.py {history}'",
    ],
)
def test_a_program_is_made_of_the_files_that_its_command_names_and_of_modules_beside_them(
    tmp_path, monkeypatch, command
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.py").write_text("import layers, json\n")
    (tmp_path / "layers.py").write_text("")
    (tmp_path / "other.py").write_text("")
    program = {"command": command, "files": []}
    assert program_files(program) == ["train.py", "layers.py"]
    (tmp_path / "train.py").write_text("a syntax of later years\n")
    assert {*program_files(program)} == {"train.py", "layers.py", "other.py"}


def test_folders_are_their_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data/inner").mkdir(parents=True)
    (tmp_path / "empty").mkdir()
    for name in ("data/b.npz", "data/inner/a.npz"):
        (tmp_path / name).write_text("")
    program = {"command": "run", "files": ["data", "empty", "nowhere"]}
    assert program_files(program) == ["data/b.npz", "data/inner/a.npz", "nowhere"]
    lines = list(file_mistakes({"program": program}))
    assert [line.partition(":")[0] for line in lines] == ["program.files[1]", "program.files[2]"]
