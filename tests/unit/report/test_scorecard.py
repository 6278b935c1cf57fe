"""The scorecard, of tables of claims made by hand."""

import math
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from batchscope.evidence.claims import judge, read_claims
from batchscope.files import write_csv
from batchscope.report.scorecard import read_scorecard
from batchscope.report.scorecard_page import scorecard_table, write_scorecard
from batchscope.study.config import SCHEMA
from tests.unit.report.test_pages import Reader
from tests.unit.tables import populations, replicates

TEMPLATE = SCHEMA.parents[1] / "report" / "scorecard.html.jinja"
AT_4 = {"measure": "test_accuracy", "of": (4, 0.1, "constant")}
STATEMENT = 'A <b>small</b> "batch" & 50 % of {{ it }}'
CLAIMS = {
    "late": {
        "true": AT_4 | {"statement": STATEMENT, "above": 0.1, "source": "B 2019, section 1"},
        "control": AT_4 | {"statement": "It is below 0.1", "below": 0.1, "control": True},
        "difference": AT_4 | {"statement": "They differ", "against": (500, 0.1, "constant"), "within": [0.2, 0.3]},
    },
    "early": {
        "false": AT_4 | {"statement": "It is high", "above": 0.9, "reported": 0.95},
        "open": AT_4 | {"statement": "It is above its mean", "above": 0.705},
        "untested": AT_4 | {"statement": "Not trained", "above": 0, "not_tested": True},
        "held": AT_4 | {"statement": "A control that does not fail", "above": 0, "control": True},
    },
    "again": {"true": AT_4 | {"statement": "It is above 0.2", "above": 0.2}},
}
WORDS = {"late": {"true": {"reports": "the same _100 %_", "would_change": "more rows"}}}
PAPERS = {
    "late": {"authors": "B & C", "year": 2019, "arxiv": ["1811.03600"]},
    "early": {"authors": "A et al.", "year": 2012},
    "again": {"authors": "B & C", "year": 2019, "arxiv": ["1811.03600"]},
}


@pytest.fixture
def papers(tmp_path) -> list[dict]:
    table = replicates({4: np.linspace(0.7, 0.71, 11), 500: np.linspace(0.8, 0.81, 11)})
    studies = []
    for name, claims in CLAIMS.items():
        stated = [{"name": claim} | spec for claim, spec in claims.items()]
        (tmp_path / name / "metrics").mkdir(parents=True)
        write_csv(judge(stated, populations(table), [], seed=0), tmp_path / name / "metrics/claims.csv")
        words = {
            claim: {key: spec[key] for key in ("above", "below", "within") if key in spec}
            | WORDS.get(name, {}).get(claim, {})
            for claim, spec in claims.items()
        }
        studies.append({"name": name, "title": f"Study {name}", "paper": PAPERS[name], "claims": words})
    return read_scorecard(tmp_path, studies)


@pytest.fixture
def page(papers, tmp_path) -> Reader:
    write_scorecard(papers, TEMPLATE, tmp_path / "scorecard.html", tmp_path / "scorecard.tex")
    return Reader(tmp_path / "scorecard.html")


def test_papers_stand_by_year_and_claims_as_in_the_config(papers):
    assert [paper["cited"] for paper in papers] == ["A et al. 2012", "B & C 2019"]
    claims = [(claim["study"], claim["name"]) for paper in papers for claim in paper["claims"]]
    assert claims == [(study, name) for study in ("early", "late", "again") for name in CLAIMS[study]]
    assert [paper["studies"] for paper in papers] == [["early"], ["late", "again"]]


def test_claims_are_counted_and_controls_by_themselves(papers):
    early, late = papers
    assert early["counts"] == {"holds": 0, "does not hold": 1, "undecided": 1, "not judged": 1}
    assert (early["controls"], early["failed"]) == (1, 0)
    assert early["in_words"] == (
        "Of 3 claims 1 does not hold, 1 is undecided, 1 is not judged; 0 of 1 negative control failed, though it must."
    )
    assert late["in_words"] == "Of 3 claims 2 hold, 1 does not hold; 1 of 1 negative control failed, as it must."


def test_a_row_has_the_verdict_and_the_numbers_of_the_claim(papers, tmp_path):
    for row in (row for paper in papers for row in paper["claims"]):
        claim = read_claims(tmp_path / row["study"] / "metrics/claims.csv").set_index("claim").loc[row["name"]]
        for column in ("statement", "verdict_on_this_split", "expected", "replicates"):
            assert row[column] == claim[column]
        for column in ("estimate", "low_on_this_split", "high_on_this_split"):
            assert row[column] == claim[column] or (math.isnan(row[column]) and math.isnan(claim[column]))


def test_words_are_those_of_the_config(papers):
    rows = {(row["study"], row["name"]): row for paper in papers for row in paper["claims"]}
    assert rows["late", "true"]["reports"] == "The same _100 %_"
    assert rows["late", "true"]["would_change"] == "More rows"
    assert rows["early", "false"]["reports"] == "0.95"
    assert rows["early", "open"]["reports"] == ""
    assert rows["late", "true"]["measured"].startswith("0.705 [0.7")
    assert rows["late", "true"]["measure"] == "final test accuracy"
    assert rows["late", "difference"]["measure"] == "difference in final test accuracy"
    assert rows["early", "untested"]["measured"] == ""


def test_the_page_has_every_claim_once_with_its_picture_in_words(page, papers):
    rows = [row for paper in papers for row in paper["claims"]]
    heads = [head for head in page.all("th") if head.get("role") == "rowheader"]
    assert len(heads) == len(rows)
    for head, row in zip(heads, rows):
        assert row["statement"] in head["text"]
        assert row["source"] in head["text"]
        assert ("Negative control, which must fail" in head["text"]) == row["control"]
    measured = [row for row in rows if row["measured"]]
    assert [image["alt"] for image in page.all("img")] == [
        f"{row['measured']}, expected {row['expected']}: {row['verdict']}" for row in measured
    ]
    assert page.text.count("as it must") == 2  # said of the paper whose control failed, and of that control


def test_a_control_that_does_not_fail_is_told_beside_its_verdict(page):
    assert page.text.count("though it must fail: do not trust the study's verdicts on this measure") == 1


def test_the_page_links_to_the_claims_and_to_the_papers_and_needs_no_network(page):
    links = [link["href"] for link in page.all("a")]
    assert "late/index.html#claim-true" in links
    assert links.count("https://arxiv.org/abs/1811.03600") == 1
    places = {element["id"] for element in page.elements if "id" in element}
    assert {link[1:] for link in links if link.startswith("#")} == places == {"paper-1", "paper-2"}
    assert all(image["src"].startswith("data:image/svg+xml;base64,") for image in page.all("img"))
    assert page.all("script", "link", "iframe") == []


def test_the_page_has_headings_in_order(page):
    assert [(heading["tag"], heading["text"]) for heading in page.all("h1", "h2", "h3")] == [
        ("h1", "The papers' scorecard"),
        ("h2", "A et al. 2012"),
        ("h2", "B & C 2019"),
    ]


def test_the_table_has_every_claim_once_and_a_paper_at_its_first(papers):
    table = scorecard_table(papers)
    assert table["paper"].tolist() == ["A et al. 2012", "", "", "", "B & C 2019", "", "", ""]
    assert table["claim"][5] == "It is below 0.1 (late; negative control, which must fail)"
    assert table["claim"][0] == "It is high"
    assert table["verdict"].tolist() == [row["verdict"] for paper in papers for row in paper["claims"]]


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
def test_the_table_compiles_in_latex(page, tmp_path: Path):
    (tmp_path / "paper.tex").write_text(
        r"\documentclass[landscape]{article}\usepackage[margin=2cm]{geometry}\usepackage{booktabs,longtable}"
        r"\begin{document}\input{scorecard}\end{document}"
    )
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "paper.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
