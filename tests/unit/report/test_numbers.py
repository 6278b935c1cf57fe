"""The numbers of a study by name, in a paper."""

import re
import shutil
import subprocess

import numpy as np
import pandas as pd
import pytest

from batchscope.evidence import variance
from batchscope.evidence.claims import judge
from batchscope.evidence.comparisons import compare
from batchscope.evidence.measured import Measured
from batchscope.evidence.metrics import measure_replicates, summarize
from batchscope.evidence.populations import add_populations
from batchscope.evidence.recommendation import ranked_table, recommend
from batchscope.report.numbers import numbers, write_numbers
from batchscope.study.setting import Setting
from tests.unit.tables import history, populations, replicates, timing


@pytest.fixture
def found() -> dict[str, str]:
    curves = [[0.1, 0.5, 0.7, 0.6], [0.2, 0.3, 0.6, 0.8], [0.3, 0.4, 0.45, 0.4]]
    measured = measure_replicates(history(curves), timing(Setting(4, 0.1), (3, 4, 1.0)), "accuracy", 0.5)
    both = populations(measured, measured)
    summary = add_populations(summarize(measured, "accuracy", 0.5, seed=0), both, seed=0)
    table = replicates({4: np.linspace(0.7, 0.71, 11), 8: np.linspace(0.6, 0.72, 11)})
    own = populations(table)
    claim = {"name": "C1_a", "statement": "s", "measure": "test_accuracy", "of": (4, 0.1, "constant"), "above": 0.6}
    compared = compare(own, Setting(8, 0.1), {"test_accuracy": 0.01}, seed=0)
    ranked = ranked_table({on: recommend(each, {"test_accuracy": 0.01}, seed=0) for on, each in own.items()})
    parts = pd.DataFrame([(4, 0.1, "constant", "split", 0.02, 0.01, 0.05, 0.8, 27, 0)], columns=variance.COLUMNS)
    across = claim | {"name": "C2_a", "of_study": "b_c"}
    claims = judge([claim, across], own, [], seed=0, elsewhere={"b_c": Measured(own, [])})
    return numbers("blobs", summary, claims, compared, ranked, [Setting(7, 0.1, "4x20_16x30")], parts)


def test_settings_and_claims_have_the_numbers_of_the_tables(found):
    assert found["blobs/4/0.1/test_accuracy/mean"] == found["blobs/4/0.1/test_accuracy/mean on new splits"] == "0.600"
    assert re.fullmatch(r"\[0\.\d+, 1\.\d+\]", found["blobs/4/0.1/test_accuracy/interval"])
    assert "blobs/4/0.1/test_accuracy/interval over trainings alone" in found
    assert (found["blobs/4/0.1/replicates"], found["blobs/4/0.1/epochs_to_target"]) == ("3", "3")
    assert found["blobs/claims/C1_a/verdict"] == "holds"
    assert found["blobs/claims/C1_a/estimate"] == "0.705"
    assert found["blobs/claims/C1_a/interval"].startswith("[0.70")
    assert "blobs/claims/C1_a/basis" not in found
    assert found["blobs/claims/C2_a/basis"] == r"b\_c at batch size 4, learning rate 0.1"


def test_comparisons_the_recommendation_and_variances_have_names_too(found):
    against = "blobs/4/0.1/against 8/0.1/test_accuracy"
    assert found[f"{against}/difference"] == "0.0450"
    assert re.fullmatch(r"\[0\.\d+, 0\.\d+\]", found[f"{against}/interval"])
    assert (found[f"{against}/verdict"], found[f"{against}/pairs"]) == ("better", "11")
    assert found["blobs/8/0.1/from the best/score/difference"] == "-0.0450"
    assert found["blobs/4/0.1/from the best/score/verdict"] == "best"
    assert "blobs/4/0.1/from the best/score/difference" not in found
    assert (found["blobs/may be best/score"], found["blobs/settings"]) == ("1", "1")
    assert found["blobs/take/batch size"] == Setting(7, 0.1, "4x20_16x30").batch_sizes
    assert found["blobs/4/0.1/variance/split/sd"] == "0.0200"


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
@pytest.mark.parametrize(
    ("name", "compiles"),
    [
        *((name, True) for name in ("blobs/claims/C1_a/interval", "blobs/take/batch size", "blobs/claims/C2_a/basis")),
        ("blobs/claims/C2", False),
    ],
)
def test_a_paper_says_a_number_by_its_name_and_none_that_there_is_not(found, tmp_path, name, compiles):
    write_numbers(found, tmp_path / "numbers.tex")
    text = rf"\documentclass{{article}}\input{{numbers}}\begin{{document}}It is \batchscope{{{name}}}.\end{{document}}"
    (tmp_path / "paper.tex").write_text(text)
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "paper.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode == 0) == compiles, done.stdout
    assert compiles or "There is no number 'blobs/claims/C2'" in done.stdout
