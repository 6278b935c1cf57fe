"""The numbers of a study by name, in a paper."""

import re
import shutil
import subprocess

import numpy as np
import pytest

from batchscope.evidence.claims import judge
from batchscope.evidence.metrics import measure_replicates, summarize
from batchscope.evidence.populations import add_populations
from batchscope.report.numbers import numbers, write_numbers
from batchscope.study.setting import Setting
from tests.unit.tables import history, populations, replicates, timing


@pytest.fixture
def found() -> dict[str, str]:
    curves = [[0.1, 0.5, 0.7, 0.6], [0.2, 0.3, 0.6, 0.8], [0.3, 0.4, 0.45, 0.4]]
    measured = measure_replicates(history(curves), timing(Setting(4, 0.1), (3, 4, 1.0)), "accuracy", 0.5)
    both = populations(measured, measured)
    summary = add_populations(summarize(measured, "accuracy", 0.5, seed=0), both, seed=0)
    table = replicates({4: np.linspace(0.7, 0.71, 11)})
    claim = {"name": "C1_a", "statement": "s", "measure": "test_accuracy", "of": (4, 0.1, "constant"), "above": 0.6}
    return numbers("blobs", summary, judge([claim], populations(table), [], seed=0))


def test_settings_and_claims_have_the_numbers_of_the_tables(found):
    assert found["blobs/4/0.1/test_accuracy/mean"] == found["blobs/4/0.1/test_accuracy/mean on new splits"] == "0.600"
    assert re.fullmatch(r"\[0\.\d+, 1\.\d+\]", found["blobs/4/0.1/test_accuracy/interval"])
    assert "blobs/4/0.1/test_accuracy/interval over trainings alone" in found
    assert (found["blobs/4/0.1/replicates"], found["blobs/4/0.1/epochs_to_target"]) == ("3", "3")
    assert found["blobs/claims/C1_a/verdict"] == "holds"
    assert found["blobs/claims/C1_a/estimate"] == "0.705"
    assert found["blobs/claims/C1_a/interval"].startswith("[0.70")


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
@pytest.mark.parametrize(("name", "compiles"), [("blobs/claims/C1_a/interval", True), ("blobs/claims/C2", False)])
def test_a_paper_says_a_number_by_its_name_and_none_that_there_is_not(found, tmp_path, name, compiles):
    write_numbers(found, tmp_path / "numbers.tex")
    text = rf"\documentclass{{article}}\input{{numbers}}\begin{{document}}It is \batchscope{{{name}}}.\end{{document}}"
    (tmp_path / "paper.tex").write_text(text)
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "paper.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode == 0) == compiles, done.stdout
    assert compiles or "There is no number 'blobs/claims/C2'" in done.stdout
