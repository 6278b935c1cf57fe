"""The scorecard of a study that is a miniature of a paper: it says what the study's own table says, and comes first."""

import re

import pandas as pd
import pytest

from batchscope.report.words import measured
from tests.end_to_end.conftest import CHROMIUM

PAPER = {"authors": "A & B", "year": 2019, "arxiv": ["1811.03600"]}
WORDS = {"reports": "An effect of 0.1", "would_change": "more replicates"}


@pytest.fixture(scope="module")
def scored(_finished, tmp_path_factory):
    """The small study as a miniature of a paper."""
    checkout = _finished.copy(tmp_path_factory.mktemp("scored"))

    def cite(config: dict) -> None:
        study = config["studies"]["small"]
        study["paper"] = PAPER
        study["claims"]["C1"] |= WORDS
        study["claims"]["C2"] |= {"control": True}

    checkout.change_config(cite)
    due = checkout.rules_due()
    assert "write_scorecard" in due
    assert not {rule for rule in due if rule.startswith(("train_", "aggregate_", "compare_"))}
    checkout.run("--cores", "2")
    return checkout


def test_the_scorecard_agrees_with_the_claims_of_its_study(scored):
    claims = pd.read_csv(scored.folder / "results/small/metrics/claims.csv")
    page = scored.read("results/scorecard.html")
    rows = [row for row in re.findall(r'<tr role="row">.*?</tr>', page, re.DOTALL) if "<td" in row]
    assert len(rows) == len(claims) == 2
    for row, (_, claim) in zip(rows, claims.iterrows()):
        number = measured(*claim[["measure", "estimate", "low_on_this_split", "high_on_this_split"]])
        assert f'alt="{number}, expected {claim["expected"]}: {claim["verdict_on_this_split"]}"' in row
        assert claim["statement"] in row.replace("&#39;", "'")
        assert f">{claim['verdict_on_this_split'].capitalize()}</strong>" in row
    latex = scored.read("results/scorecard.tex")
    assert [latex.count(claim.replace("_", r"\_")) for claim in claims["statement"]] == [1, 1]


def test_the_scorecard_comes_first(scored):
    front, findings = scored.read("results/index.html"), scored.read("results/findings.rst")
    assert front.index("Scorecard</a> of A &amp; B 2019: Of 1 claim ") < front.index("What to take")
    assert findings.index("A & B 2019") < findings.index("What to take")
    assert "results%2Fscorecard.html" in findings


@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
def test_the_scorecard_in_a_browser_and_in_the_report(browser, scored, assert_accessible):
    for width in (400, 1280):
        with browser.new_page(viewport={"width": width, "height": 850}) as page:
            page.goto((scored.folder / "results/scorecard.html").as_uri())
            assert page.evaluate("document.documentElement.scrollWidth") == width
            for image in page.locator("img").all():
                assert image.evaluate("image => image.decode().then(() => image.naturalWidth)") > 100
            cell = page.get_by_role("cell").filter(has_text="More replicates")
            assert cell.evaluate("cell => getComputedStyle(cell).display") == (
                "block" if width == 400 else "table-cell"
            )
            assert page.get_by_role("row").count() == 2 + 1 + 2  # of the counts, and of the claims
            assert_accessible(page)
    with browser.new_page(viewport={"width": 1400, "height": 1000}) as page:
        page.goto((scored.folder / "results/report.html").as_uri())
        items = page.locator("li").all_inner_texts()
        assert [item.strip() for item in items if item.strip() in ("Scorecard", "small")] == ["Scorecard", "small"]
        page.get_by_text("Scorecard", exact=True).last.click()
        page.locator("[iconname=eye]").first.click()
        assert "A & B 2019" in page.frame_locator("iframe").locator("body").inner_text()
