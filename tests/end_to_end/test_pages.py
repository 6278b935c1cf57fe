"""The page of a study and the front of all studies in a real browser: on a phone, on a desk, on paper."""

import re

import pytest
import yaml
from playwright.sync_api import Page

from tests.end_to_end.conftest import CHROMIUM

PAGES = ["results/index.html", "results/small/index.html"]
in_a_browser = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
# Of every text that is seen, how much its colour differs from what is behind it, by the formula of WCAG 2.
CONTRASTS = """() => {
    const light = color => color.match(/[\\d.]+/g).slice(0, 3).map(part => part / 255)
        .map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
        .reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0)
    const behind = element => {
        const color = getComputedStyle(element).backgroundColor
        return color === 'rgba(0, 0, 0, 0)' ? behind(element.parentElement) : color
    }
    return [...document.querySelectorAll('body *')]
        .filter(element => [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim()))
        .map(element => [light(getComputedStyle(element).color), light(behind(element))].sort((a, b) => a - b))
        .map(([dark, bright]) => (bright + 0.05) / (dark + 0.05))
}"""


def opened(page: Page, finished, name: str, width: int) -> Page:
    page.set_viewport_size({"width": width, "height": 850})
    page.goto((finished.folder / name).as_uri())
    return page


@in_a_browser
@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("width", [390, 1280])
def test_a_page_fits_its_window_and_its_tables_scroll_by_themselves(page, finished, name, width):
    opened(page, finished, name, width)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    images = page.locator("img").all()
    assert len(images) == 8
    for image in images:
        assert image.evaluate("image => image.decode().then(() => image.naturalWidth)") > 100
        box = image.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
    comparisons, methods = (page.get_by_role("region", name=name) for name in ("Comparisons", "Methods"))
    assert comparisons.evaluate("box => box.scrollWidth > box.clientWidth")
    assert methods.evaluate("box => box.scrollWidth == box.clientWidth")
    heading = page.locator("caption", has_text="Every setting against batch size 150, learning rate 0.05")
    before = heading.locator("span").bounding_box()
    comparisons.evaluate("box => { box.scrollLeft = 200 }")
    assert heading.locator("span").bounding_box()["x"] == before["x"]


@in_a_browser
@pytest.mark.parametrize("width", [390, 1280])
def test_the_first_screen_has_a_figure_and_what_to_take(page, finished, width):
    opened(page, finished, PAGES[0], width)
    figure, heading = page.locator("img").first.bounding_box(), page.get_by_role("heading", name="What to take")
    assert figure["y"] < 200
    assert heading.bounding_box()["y"] < 850
    assert "5 replicates decide nothing, train at least" in page.locator(".advice").inner_text()


@in_a_browser
def test_headings_are_as_large_as_their_rank(page, finished):
    opened(page, finished, PAGES[0], 1280)
    sizes = {
        rank: set(page.locator(f"h{rank}").evaluate_all("all => all.map(each => getComputedStyle(each).fontSize)"))
        for rank in (1, 2, 3)
    }
    [[first], [second], [third]] = [[float(size.removesuffix("px")) for size in each] for each in sizes.values()]
    assert first > second > third > 16


@in_a_browser
@pytest.mark.parametrize("name", [*PAGES, "results/small/tables/comparisons.html"])
def test_text_stands_out_from_what_is_behind_it(page, finished, name):
    contrasts = opened(page, finished, name, 1280).evaluate(CONTRASTS)
    assert len(contrasts) > 100
    assert min(contrasts) >= 4.5


@in_a_browser
@pytest.mark.parametrize("name", [*PAGES, "results/small/tables/comparisons.html"])
def test_everyone_can_use_a_page_on_a_phone_and_on_a_desk(page, finished, assert_accessible, name):
    for width in (390, 1280):
        assert_accessible(opened(page, finished, name, width))


@in_a_browser
def test_on_paper_tables_are_as_wide_as_their_page(page, finished):
    opened(page, finished, PAGES[0], 1280)
    sizes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", page.pdf(prefer_css_page_size=True))
    assert {float(width) < float(height) for width, height in sizes} == {True, False}
    page.emulate_media(media="print")
    for heading, millimetres in (("Tables", 297 - 2 * 16), ("Methods", 210 - 2 * 16)):
        width = round(millimetres / 25.4 * 96)
        page.set_viewport_size({"width": width, "height": 1000})
        below = page.get_by_role("heading", name=heading, exact=True).bounding_box()["y"]
        tables = [table.bounding_box() for table in page.locator("table").all()]
        widths = [table["width"] for table in tables if table["y"] > below]
        assert widths
        assert max(widths) <= width, heading


def test_a_study_is_a_target_that_makes_its_page_alone_with_the_same_bytes(finished):
    before = finished.read("results/small/index.html")
    for name in PAGES:
        (finished.folder / name).unlink()
    printed = finished.run("--cores", "2", "small")
    assert "What was found: open results/small/index.html in a browser" in printed
    assert finished.read("results/small/index.html") == before
    assert not (finished.folder / "results/index.html").exists()


def test_a_study_has_its_page_though_another_one_fails_and_both_are_on_the_front(finished):
    config = yaml.safe_load((finished.folder / "config.yaml").read_text())
    config["studies"]["other"] = config["studies"]["small"] | {"epochs": 2, "batch_sizes": [8], "learning_curves": {}}
    config["studies"]["other"] |= {"claims": {}, "questions": {}}
    finished.configure(yaml.safe_dump(config, sort_keys=False))
    (finished.folder / "results/small/index.html").unlink()
    with finished.another_job_at_work("results/other/history/batch_size_8.parquet"):
        assert finished.snakemake("--cores", "2", "--keep-going").returncode == 1
    assert "<h1>small</h1>" in finished.read("results/small/index.html")
    finished.run("--cores", "2")
    front = finished.read("results/index.html")
    assert '<a href="small/index.html">small</a>' in front
    assert '<a href="other/index.html">other</a>' in front
    assert "<h1>other</h1>" in finished.read("results/other/index.html")
