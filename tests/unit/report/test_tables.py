import math
import re
import shutil
import subprocess

import numpy as np
import pandas as pd
import pytest

from batchscope.evidence.claims import judge
from batchscope.evidence.comparisons import compare
from batchscope.evidence.measured import Measured
from batchscope.evidence.metrics import measure_replicates, summarize
from batchscope.evidence.populations import add_populations
from batchscope.report.tables import (
    claims_table,
    comparisons_table,
    definitions_of,
    read_table,
    summary_table,
    write_latex,
    write_page,
)
from batchscope.report.words import number, seconds
from batchscope.study.config import SCHEMA
from batchscope.study.setting import Setting
from tests.unit.tables import history, populations, replicates, timing

TEMPLATE = SCHEMA.parents[1] / "report" / "table.html.jinja"
SCHEDULE = Setting(20, 0.1, "4x2_100x2")


@pytest.fixture
def summary() -> pd.DataFrame:
    curves = [[0.1, 0.5, 0.7, 0.6], [0.2, 0.3, 0.6, 0.8], [0.3, 0.4, 0.45, 0.4]]
    parts = [
        measure_replicates(history(curves, setting), timing(setting, (3, 4, 1.0)), "accuracy", target)
        for setting, target in ((Setting(4, 0.1), 0.5), (SCHEDULE, 0.9))
    ]
    table = pd.concat(parts)
    with_populations = add_populations(summarize(table, "accuracy", 0.5, seed=0), populations(table, table), seed=0)
    return summary_table(with_populations, "accuracy", at_once=3)


@pytest.fixture
def claims() -> pd.DataFrame:
    claim = {"name": "C1_a", "statement": "50 % & <more> {of} it_", "measure": "test_accuracy", "reported": 0.75}
    table = replicates({4: np.linspace(0.7, 0.8, 11)})
    return claims_table(judge([claim | {"of": (4, 0.1, "constant"), "above": 0.1}], populations(table), [], seed=0))


@pytest.fixture
def compared() -> pd.DataFrame:
    table = replicates({4: np.linspace(0.7, 0.71, 11), 500: np.linspace(0.8, 0.81, 11)})
    margins = {"test_accuracy": 0.01, "test_accuracy_volatility": 0.1, "epochs_to_target": 1}
    return comparisons_table(compare(populations(table), Setting(500, 0.1), margins, seed=0))


def test_the_summary_says_never_and_names_schedules(summary):
    assert summary["batch size"].tolist() == [
        "4",
        "4\N{MULTIPLICATION SIGN}2 \N{RIGHTWARDS ARROW} 100\N{MULTIPLICATION SIGN}2",
    ]
    assert summary["epochs to target"].tolist() == ["3", "never"]
    assert re.fullmatch(r"0.600 \[0\.\d+, 1\.\d+\]", summary["test accuracy"][0])
    assert summary["test accuracy on new splits"][0] == summary["test accuracy"][0]
    assert summary["seconds per replicate of 3 stacked"][0] == "0.33 s"


def test_the_summary_has_what_guessing_has_and_the_other_metrics():
    curves = history([[0.1, 0.5], [0.2, 0.3]]).assign(test_roc_auc=0.75, validation_roc_auc=math.nan)
    table = measure_replicates(curves, timing(Setting(4, 0.1), (2, 2, 1.0)), "roc_auc", 0.5)
    summary = add_populations(summarize(table, "roc_auc", 0.5, seed=0), populations(table), seed=0)
    shown = summary_table(summary.assign(test_guess=0.5), "roc_auc", at_once=1)
    columns = list(shown)
    assert columns[4:7] == ["train accuracy", "test ROC AUC", "guessing the largest class"]
    assert "test accuracy" in columns
    assert shown[["test ROC AUC", "guessing the largest class"]].iloc[0].tolist() == ["0.750 [0.750, 0.750]", "0.500"]
    assert {"test ROC AUC", "guessing the largest class"} <= definitions_of(columns).keys()


def test_the_claims_have_their_verdict_and_the_reported_number(claims):
    row = claims.iloc[0]
    assert row[["on this split", "on new splits", "expected", "reported", "percentile"]].tolist() == [
        *("holds", "not judged", "above 0.1", "0.75", "50"),
    ]


def test_claims_have_their_source_and_basis_where_any_has_one(claims, tmp_path):
    assert not {"source", "basis"} & {*claims}
    claim = {"name": "C", "statement": "s", "measure": "test_accuracy", "of": (4, 0.1, "constant"), "above": 0.1}
    across = {"against": (4, 0.1, "constant"), "of_study": "b", "paired": True, "basis": "in pairs", "control": True}
    trainings = populations(replicates({4: np.linspace(0.7, 0.8, 11)}))
    elsewhere = {"b": Measured(trainings, [])}
    judged = judge([claim | across | {"source": "A 2019"}, claim], trainings, [], seed=0, elsewhere=elsewhere)
    table = claims_table(judged)
    write_latex(table, tmp_path / "claims.tex")
    assert r"& A 2019 &" in (tmp_path / "claims.tex").read_text()
    assert table[["claim", "source", "basis"]].to_numpy().tolist() == [
        [
            "s (negative control, which must fail)",
            "A 2019",
            "b at batch size 4, learning rate 0.1 against this study at batch size 4, learning rate 0.1; in pairs",
        ],
        ["s", "", ""],
    ]


def test_comparisons_are_in_words(compared):
    assert compared.loc[0, ["measure", "difference", "on this split", "more often"]].tolist() == [
        *("final test accuracy", "-0.100 [-0.100, -0.100]", "worse", "mostly worse"),
    ]


def test_a_page_escapes_what_users_write(claims, tmp_path):
    write_page(claims, "T & T", "H & H", TEMPLATE, tmp_path / "claims.html")
    text = (tmp_path / "claims.html").read_text()
    assert "<h1>T &amp; T</h1>" in text
    assert "50 % &amp; &lt;more&gt; {of} it_" in text
    assert '<td class="holds">holds</td>' in text
    assert '<th scope="col" title="The verdict for new trainings, and for new rows' in text
    assert '<th scope="row">C1_a</th>' in text
    assert "http" not in text
    table = read_table(tmp_path / "claims.html")
    assert table.startswith("<table>")
    assert "<caption><span>H &amp; H</span></caption>" in table
    assert table.endswith("</table>")


def test_the_rows_of_a_measure_stand_together(compared, tmp_path):
    write_page(compared, "T", "H", TEMPLATE, tmp_path / "comparisons.html")
    table = read_table(tmp_path / "comparisons.html")
    groups = re.findall(r'<th scope="rowgroup" colspan="\d+">(.*)</th>', table)
    assert groups == ["final test accuracy", "volatility of test accuracy", "epochs to target"]
    assert table.count('<th scope="row">4</th>') == table.count("<tbody>") == 3


def test_every_heading_that_is_not_plain_has_its_definition(claims, summary, compared):
    plain = {"name", "claim", "batch size", "learning rate", "replicates", "updates per epoch", "measure", "mean"}
    headings = {*claims, *compared, *summary, "source", "basis"}
    assert headings - plain - definitions_of(headings).keys() == set()


@pytest.mark.parametrize("table", ["claims", "compared"])
def test_a_page_without_rows_says_so(table, request, tmp_path):
    write_page(request.getfixturevalue(table).iloc[:0], "none", "none", TEMPLATE, tmp_path / "empty.html")
    assert ">none</td>" in (tmp_path / "empty.html").read_text()


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
def test_tables_compile_in_latex(summary, claims, tmp_path):
    write_latex(summary, tmp_path / "summary.tex")
    write_latex(claims, tmp_path / "claims.tex")
    (tmp_path / "paper.tex").write_text(
        r"\documentclass{article}\usepackage{booktabs}\begin{document}\input{summary}\input{claims}\end{document}"
    )
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "paper.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert (tmp_path / "paper.pdf").exists()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.83333, "0.833"),
        (0.8, "0.800"),
        (12.5, "12.5"),
        (103.4, "103"),
        (999.6, "1000"),
        (3.0, "3"),
        (123456.7, "123457"),
        (0.000123, "0.000123"),
        (math.nan, "-"),
        (math.inf, "never"),
    ],
)
def test_numbers(value, text):
    assert number(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.00591, "0.0059 s"),
        (0.0000591, "0.000059 s"),
        (5.04, "5 s"),
        (31.4, "31 s"),
        (123.4, "120 s"),
        (-0.00412, "-0.0041 s"),
        (math.nan, "-"),
        (math.inf, "never"),
    ],
)
def test_seconds_have_two_digits(value, text):
    assert seconds(value) == text
