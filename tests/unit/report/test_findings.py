import math

import docutils.core
import jinja2
import numpy as np
import pandas as pd
import pytest

from batchscope.evidence.claims import judge
from batchscope.evidence.comparisons import compare
from batchscope.evidence.measured import Measured
from batchscope.evidence.trainings import Trainings
from batchscope.report.findings import sentence, study_findings, verdicts, write_findings
from batchscope.study.config import SCHEMA
from batchscope.study.setting import Setting
from tests.unit.tables import Scores, populations, replicates

TEMPLATE = SCHEMA.parents[1] / "report" / "findings.rst.jinja"
MARGINS = {"test_accuracy": 0.01, "test_accuracy_volatility": 0.1, "epochs_to_target": 1}
ON_NEW_SPLITS = {"replicates_on_new_splits": [4, 4], "diverged_on_new_splits": [0, 2]}
ADVICE = "Take batch size 500 at learning rate 0.1."
STATEMENT = "Batch_ *4* is `worse` {{ than }} |500|"


@pytest.fixture
def findings() -> dict:
    table = replicates({4: np.linspace(0.7, 0.71, 11), 64: np.linspace(0.8, 0.81, 11), 500: np.linspace(0.8, 0.81, 11)})
    of_rows = {size: group[["test_accuracy"]].to_numpy() for size, group in table.groupby("batch_size")}
    own = Trainings(table, Scores(of_rows))  # a single row, so no more uncertain
    new = table.assign(test_accuracy=table["test_accuracy"].where(table["batch_size"] != 64, 0.7))
    claims = [
        {"name": "worse", "statement": STATEMENT, "measure": "test_accuracy", "of": (4, 0.1, "constant")}
        | {"against": (500, 0.1, "constant"), "below": 0, "reported": -0.2, "explanation": "It is so."},
        {"name": "low", "statement": "It is low", "measure": "test_accuracy", "of": (4, 0.1, "constant"), "above": 0.9},
    ]
    return study_findings(
        {
            "title": "A study",
            "first": "results/a/first.svg",
            "best": "results/a/best.svg",
            "name": "a",
            "questions": [{"question": "Why_?", "answer": "low", "figure": "results/a/b.svg"}],
            "paired": True,
            "of_rows": True,
        },
        {"advice": ADVICE, "sentences": ["No setting is undecided."]},
        pd.DataFrame({"replicates": [11, 11], "diverged": [0, 1], **ON_NEW_SPLITS}),
        compare(populations(own, new), Setting(500, 0.1), MARGINS, seed=0),
        judge(claims, populations(own, new), [], seed=0),
    )


def test_a_study_in_words(findings):
    assert findings["trained"] == "22 trainings at 2 settings, and 8 on new splits; 3 diverged."
    assert findings["compared"][:2] == [
        "Against batch size 500, learning rate 0.1, final test accuracy on this split: worse at 4; equivalent at 64.",
        "Against batch size 500, learning rate 0.1, final test accuracy on new splits: worse at 4, 64.",
    ]
    [claim] = findings["claims"]
    assert (claim["name"], claim["verdict"]) == ("worse", "holds")
    assert claim["sentence"] == (
        f"{STATEMENT}: -0.100 [-0.100, -0.100] for new rows, [-0.100, -0.100] over trainings alone, expected below 0 "
        "(11 replicates). On new splits -0.100 [-0.100, -0.100] (11). The reported -0.2 lies above 0 % of them. It "
        "is so."
    )


def test_where_the_two_verdicts_differ_both_are_said(findings):
    claim = pd.Series({"verdict_on_this_split": "holds", "verdict_on_new_splits": "undecided"})
    assert verdicts(claim) == "holds on this split, undecided on new splits"
    assert (
        verdicts(claim.replace("undecided", "not judged")) == verdicts(claim.replace("undecided", "holds")) == "holds"
    )


def test_what_is_not_judged_is_said_with_why():
    table = replicates({4: np.full(8, math.nan)}, "train_loss").assign(diverged=False)
    claim = {"name": "c", "statement": "It is low", "measure": "train_loss", "of": (4, 0.1, "constant"), "below": 1}
    judged = judge([claim, claim | {"not_tested": True}], populations(table), [], seed=0)
    assert [sentence(row) for _, row in judged.iterrows()] == [
        "It is low: not measured, as the trainings at a setting that it is about have no final train loss.",
        "It is low: not tested, as a setting that it is about is not trained.",
    ]
    assert [verdicts(row) for _, row in judged.iterrows()] == ["not measured", "not tested"]


def judged(*claims: dict, **others) -> list[pd.Series]:
    table = replicates({4: np.linspace(0.7, 0.71, 11)})
    claim = {"name": "C", "statement": "It is high", "measure": "test_accuracy", "of": (4, 0.1, "constant")}
    made = judge([claim | each for each in claims], populations(table), [], seed=0, **others)
    return [row for _, row in made.iterrows()]


def test_the_settings_of_other_studies_are_named_with_how_they_are_compared():
    other = Measured(populations(replicates({4: np.linspace(0.8, 0.81, 11)})), [])
    across = {"against": (4, 0.1, "constant"), "against_study": "b", "paired": True, "basis": "in pairs", "above": 0}
    alone = {"of_study": "b", "above": 0.5, "reported": 0.9}
    found = [sentence(row) for row in judged(across, alone, elsewhere={"b": other})]
    assert found == [
        "It is high: -0.100 [-0.100, -0.100], expected above 0 (11 replicates). Settings: this study at batch size "
        "4, learning rate 0.1 against b at batch size 4, learning rate 0.1; in pairs.",
        "It is high: 0.805 [0.803, 0.807], expected above 0.5 (11 replicates). Settings: b at batch size 4, "
        "learning rate 0.1. The reported 0.9 lies above 100 % of them.",
    ]


def test_a_claim_has_its_source_and_a_control_that_does_not_fail_is_told(findings):
    failed, held = {"control": True, "above": 0.9, "source": "A 2019, 4.2"}, {"control": True, "above": 0.5}
    rows = judged(failed, held | {"name": "H"}, {"above": 0.5}, held | {"name": "N", "not_tested": True})
    assert [sentence(row)[:70] for row in rows[:3]] == [
        "It is high (negative control, which must fail; A 2019, 4.2): 0.705 [0.",
        "It is high (negative control, which must fail): 0.705 [0.703, 0.707], ",
        "It is high: 0.705 [0.703, 0.707], expected above 0.5 (11 replicates).",
    ]
    study = {"name": "a", "title": "A", "first": "a", "best": "b", "questions": [], "paired": True, "of_rows": True}
    summary = pd.DataFrame({"replicates": [11], "diverged": 0, "replicates_on_new_splits": 0})
    table = replicates({4: np.linspace(0.7, 0.71, 11), 500: np.linspace(0.8, 0.81, 11)})
    found = study_findings(
        study,
        {"advice": ADVICE, "sentences": ["No setting is undecided."]},
        summary.assign(diverged_on_new_splits=0),
        compare(populations(table), Setting(500, 0.1), MARGINS, seed=0),
        pd.DataFrame(rows),
    )
    assert found["sentences"] == [
        "The control H did not fail, so do not trust this study's verdicts on final test accuracy.",
        "No setting is undecided.",
    ]


def test_what_the_data_do_not_determine_is_told_with_why():
    nothing = dict.fromkeys(("estimate", "low", "high", "low_90", "high_90"), math.nan)
    refused = "it may lie above 256: try larger ones"
    fitted = pd.DataFrame([{"quantity": "critical_batch_size", **nothing, "replicates": math.nan, "refused": refused}])
    claim = {"measure": "critical_batch_size", "above": 4, "reported": 64}
    [row] = judged(claim, fitted=fitted)
    assert sentence(row) == (
        "It is high: not determined, expected above 4. It may lie above 256: try larger ones. Reported: 64."
    )


def test_an_answer_is_a_claim_that_does_not_stand_twice(findings):
    [answer] = findings["questions"]
    assert (answer["question"], answer["name"], answer["verdict"]) == ("Why_?", "low", "does not hold")
    assert answer["answer"].startswith("It is low: 0.705 [")
    assert "It is low" not in [claim["sentence"][:9] for claim in findings["claims"]]


def test_the_page_is_restructured_text_in_which_users_write_freely(findings, tmp_path):
    """Snakemake renders the page with Jinja and docutils; docutils would stop at an error."""
    write_findings([findings], TEMPLATE, tmp_path / "findings.rst")
    text = jinja2.Template((tmp_path / "findings.rst").read_text()).render()
    page = docutils.core.publish_parts(text, writer="html", settings_overrides={"halt_level": 2})["html_body"]
    assert STATEMENT in page
    assert "showResultInfo('results%2Fa%2Fb.svg')" in page
    assert "Why_?" in page
    assert page.index("What to take") < page.index(ADVICE) < page.index("Questions and answers")
    assert "No setting is undecided." in page
    links = [page.index(f"showResultInfo('results%2Fa%2F{name}.svg')") for name in ("first", "best", "b")]
    assert links == sorted(links)
    assert 'href="a/explorer.html"' in page


def test_the_page_begins_with_the_scorecard_where_there_is_one(findings, tmp_path):
    papers = [{"cited": "A_ et al. 2019", "in_words": "Of 2 claims 2 hold."}]
    write_findings([findings], TEMPLATE, tmp_path / "findings.rst", papers)
    text = jinja2.Template((tmp_path / "findings.rst").read_text()).render()
    page = docutils.core.publish_parts(text, writer="html", settings_overrides={"halt_level": 2})["html_body"]
    assert "showResultInfo('results%2Fscorecard.html')" in page
    assert page.index("The papers' scorecard") < page.index("A_ et al. 2019.") < page.index("Of 2 claims 2 hold.")
    assert page.index("Of 2 claims 2 hold.") < page.index("What to take")
