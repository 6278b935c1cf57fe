from pathlib import Path

import pytest

from batchscope.imports import CHECKOUT
from batchscope.study.userfiles import found


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
