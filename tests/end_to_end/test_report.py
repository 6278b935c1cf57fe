"""The report in a real browser: every page is reached by clicking, every figure is seen, and no request leaves."""

import pytest
from playwright.sync_api import Locator, Page

from tests.end_to_end.conftest import CHROMIUM

FIGURES = [
    *("answer Q1", "batch sizes", "dataset", "final accuracy", "learning curve whole", "time to target", "volatility"),
    "which is best",
]
TABLES = {
    "claims": "A batch of 8 ends more accurate than one of 100",
    "comparisons": "volatility of test accuracy",
    "methods": "make_blobs",
    "summary": "updates per epoch",
}

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")


@pytest.fixture
def requests() -> list[str]:
    return []


@pytest.fixture
def page(browser, finished, requests):
    """The report, opened; `requests` gets the address of every request."""
    with browser.new_page(viewport={"width": 1400, "height": 1000}) as page:
        page.on("request", lambda request: requests.append(request.url))
        page.on("pageerror", lambda error: pytest.fail(str(error)))
        page.goto((finished.folder / "results/report.html").as_uri())
        yield page


def click(page: Page, text: str) -> None:
    page.get_by_text(text, exact=True).first.click()


def eye(page: Page, row: str) -> Locator:
    """The button that shows the result of a row of the menu."""
    return page.get_by_role("row").filter(has=page.get_by_role("cell", name=row, exact=True)).locator("[iconname=eye]")


def test_the_first_page_says_in_words_what_was_found(page):
    text = page.inner_text("body")
    assert "What was found" in text
    assert text.index("5 replicates decide nothing, train at least") < text.index("Does it matter?")
    assert "Judged by these 150 test rows, everything, as fewer than 6 replicates decide nothing." in text
    assert "Does it matter?" in text
    assert "A batch of 8 ends more accurate than one of 100: 0." in text
    assert "25 trainings at 5 settings; none diverged." in text


def test_a_page_higher_than_the_window_is_read_from_its_top(page):
    page.set_viewport_size({"width": 1400, "height": 300})
    heading = page.get_by_role("heading", name="What was found")
    assert heading.bounding_box()["y"] >= 0


def test_every_figure_is_seen(page, requests):
    for text in ("Results", "small", "Figures"):
        click(page, text)
    assert [row.inner_text().strip() for row in page.locator("tbody tr").all()] == FIGURES
    for name in FIGURES:
        eye(page, name).click()
        image = page.locator("div.p-3 > img")
        image.wait_for(state="visible")
        page.wait_for_function("document.querySelector('div.p-3 > img').complete")
        assert image.evaluate("image => image.naturalWidth") > 100, name
        box = image.bounding_box()
        assert box["width"] > 300, name
        assert box["x"] + box["width"] <= 1400, name
    assert outside(requests) == []


def test_every_table_is_read(page, requests):
    for text in ("Results", "small", "Tables"):
        click(page, text)
    for name, text in TABLES.items():
        eye(page, name).click()
        assert text in page.frame_locator("iframe").locator("body").inner_text(), name
    assert outside(requests) == []


def test_every_figure_and_table_has_a_caption(page):
    for part, rows in (("Figures", FIGURES), ("Tables", list(TABLES))):
        for name in rows:
            page.reload()
            for text in ("Results", "small", part):
                click(page, text)
            eye(page, name).locator("xpath=following-sibling::*").click()
            caption = page.locator("li.prose")
            assert len(caption.inner_text()) > 80, name


def test_a_question_leads_to_its_figure(page):
    click(page, "Figure")
    page.locator("[iconname=eye]").click()
    page.locator("div.p-3 > img").wait_for(state="visible")


def test_statistics_of_the_run(page, requests):
    click(page, "Statistics")
    page.locator("canvas, svg.marks").first.wait_for(state="visible")
    assert outside(requests) == []


def outside(requests: list[str]) -> list[str]:
    """The requests that leave the report itself."""
    return [address for address in requests if not address.startswith(("data:", "blob:", "file:"))]
