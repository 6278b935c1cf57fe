"""The explorer of a study in real browsers: what is seen is what the tables say, and can be chosen, linked, saved."""

import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import Locator, Page

from batchscope.study.setting import SETTING
from tests.end_to_end.conftest import CHROMIUM

in_chromium = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
CHARTS = {"curves": "Learning curves", "finals": "Final values by batch size", "differences": "Differences from "}
# What the keyboard reaches one by one; of radio buttons that one which is chosen.
CONTROLS = "main :is(a, button, input:not([type=radio]:not(:checked)), select, [tabindex])"
# The middle of the first of some marks that nothing lies upon.
UNCOVERED = """marks => {
    for (const mark of marks) {
        const {x, y, width, height} = mark.getBoundingClientRect()
        if (document.elementFromPoint(x + width / 2, y + height / 2) === mark) return [x + width / 2, y + height / 2]
    }
}"""


@pytest.fixture
def results(_finished) -> Path:
    return _finished.folder / "results/small"


@pytest.fixture
def explorer(page, results) -> Page:
    """The explorer, opened."""
    return opened(page, (results / "explorer.html").as_uri())


def opened(page: Page, address: str) -> Page:
    page.goto(address)
    page.wait_for_function("document.body.dataset.drawn")
    return page


def drawn_after(page: Page, act) -> None:
    """Wait until the page has drawn once more because of something."""
    before = page.evaluate("Number(document.body.dataset.drawn)")
    act()
    page.wait_for_function(f"Number(document.body.dataset.drawn) > {before}")


def numbers(page: Page) -> list[list[str]]:
    rows = page.locator("#numbers tbody tr").all()
    return [row.locator("th, td").all_inner_texts() for row in rows]


def parsed(cell: str) -> list[float]:
    """The numbers of `0.833 [0.831, 0.834]`."""
    return [float(number) for number in cell.replace("[", "").replace("]", "").replace(",", "").split()]


def marks(page: Page, chart: str) -> Locator:
    return page.locator(f"#{chart} svg g.mark-symbol.role-mark")


def saved(page: Page, chart: str, kind: str, folder: Path) -> Path:
    with page.expect_download() as download:
        page.locator(f"#{chart}").get_by_role("button", name=f" as {kind}").click()
    assert download.value.suggested_filename == f"{chart}.{kind.lower()}"
    download.value.save_as(folder / f"{chart}.{kind}")
    return folder / f"{chart}.{kind}"


@in_chromium
def test_the_table_says_what_the_summary_and_the_comparisons_say(explorer, results):
    summary = pd.read_csv(results / "metrics/summary.csv").sort_values(SETTING)
    compared = pd.read_csv(results / "metrics/comparisons.csv").set_index(["measure", *SETTING])
    for measure in ("test_accuracy", "train_loss"):
        if measure != "test_accuracy":
            drawn_after(explorer, lambda: explorer.locator("[name=measure]").select_option("train_loss"))
        bounds = "_on_this_split" * (measure == "test_accuracy")
        shown = {row[0]: row for row in numbers(explorer)}
        assert len(shown) == len(summary) == 5
        for row in summary.to_dict("records"):
            cells = shown[f"batch size {row['batch_size']}, rate {row['learning_rate']}"]
            assert cells[1:3] == [str(row["replicates"]), str(row["diverged"])]
            columns = [f"{measure}_mean", f"{measure}_low{bounds}", f"{measure}_high{bounds}"]
            assert parsed(cells[3]) == pytest.approx([row[name] for name in columns], rel=5e-3)
            if row["batch_size"] == 150:
                assert cells[4:] == ["", "reference"]
            else:
                difference = compared.loc[("test_accuracy", *(row[key] for key in SETTING))]
                columns = ["difference", "low_on_this_split", "high_on_this_split"]
                assert parsed(cells[4]) == pytest.approx([difference[name] for name in columns], rel=5e-3)
                assert cells[5] == difference["verdict_on_this_split"]


@in_chromium
def test_files_hold_what_is_seen_which_is_the_history(explorer, results, tmp_path):
    drawn_after(explorer, lambda: explorer.get_by_role("radio", name="all replicates").check())
    drawn_after(explorer, lambda: explorer.get_by_label("batch size 8, rate 0.01", exact=True).uncheck())
    curves, finals, differences = (pd.read_csv(saved(explorer, chart, "CSV", tmp_path)) for chart in CHARTS)
    keys = [*SETTING, "replicate", "epoch"]
    history = pd.read_parquet(results / "metrics/history.parquet")
    history = history[(history["batch_size"] != 8) | (history["learning_rate"] != 0.01)].set_index(keys).sort_index()
    for part in ("train", "test"):
        seen = curves[curves["part"] == part].set_index(keys).sort_index()["accuracy"]
        pd.testing.assert_series_equal(
            seen, history[f"{part}_accuracy"], check_names=False, check_exact=True, check_dtype=False
        )
    replicates = pd.read_csv(results / "metrics/replicates.csv").set_index(keys[:-1]).sort_index()
    finals = finals.set_index(keys[:-1]).sort_index()
    assert finals["test_accuracy"].tolist() == replicates["test_accuracy"].tolist()  # also of what is not chosen
    compared = pd.read_csv(results / "metrics/comparisons.csv").query("measure == 'test_accuracy'").set_index(SETTING)
    assert len(differences) == 3
    for key, row in differences.set_index(SETTING).iterrows():
        assert row["difference"] == compared.loc[key, "difference"]
        assert row["verdict"] == compared.loc[key, "verdict_on_this_split"]
    with explorer.expect_download() as download:
        explorer.get_by_role("button", name="Numbers as CSV").click()
    shown = pd.read_csv(download.value.path()).set_index(SETTING)
    assert len(shown) == 4
    summary = pd.read_csv(results / "metrics/summary.csv").set_index(SETTING)
    for key, row in shown.iterrows():
        for name, column in {"mean": "mean", "low": "low_on_this_split", "high": "high_on_this_split"}.items():
            assert row[name] == summary.loc[key, f"test_accuracy_{column}"]
        if key in compared.index:
            assert row["difference_low"] == compared.loc[key, "low_on_this_split"]
    for chart in CHARTS:
        picture = ElementTree.parse(saved(explorer, chart, "SVG", tmp_path)).getroot()
        assert picture.tag == "{http://www.w3.org/2000/svg}svg"
        assert len(picture.findall(".//{*}path")) == explorer.locator(f"#{chart} .drawn svg path").count()
        assert saved(explorer, chart, "PNG", tmp_path).read_bytes().startswith(b"\x89PNG")


@in_chromium
def test_a_link_opens_the_same_view(explorer):
    def seen() -> list:
        pictures = [explorer.locator(f"#{chart} .drawn svg").inner_html() for chart in CHARTS]
        pictures = [re.sub(r"clip\d+", "", picture) for picture in pictures]  # which are counted on
        return [explorer.locator("#said").inner_text(), numbers(explorer), pictures]

    first = seen()
    for act in (
        lambda: explorer.get_by_role("radio", name="all replicates").check(),
        lambda: explorer.get_by_label("in one panel").check(),
        lambda: explorer.get_by_label("log across").check(),
        lambda: explorer.get_by_label("batch size 100, rate 0.001", exact=True).uncheck(),
        lambda: explorer.locator("[name=score]").select_option("loss"),
        lambda: explorer.locator("[name=reference]").select_option("8@0.01"),
        lambda: explorer.locator("[name=replicate]").select_option("3"),
    ):
        drawn_after(explorer, act)
    chosen = seen()
    assert all(one != other for one, other in zip(first, chosen))
    opened(explorer, explorer.url.replace("#", "?again#"))
    assert seen() == chosen
    drawn_after(explorer, lambda: explorer.get_by_role("button", name="Begin anew").click())
    assert seen() == first
    assert explorer.url.endswith("?again#")


@in_chromium
def test_a_click_on_a_batch_size_shows_its_replicates_and_on_a_replicate_marks_it_in_every_view(explorer):
    explorer.set_viewport_size({"width": 1280, "height": 2000})
    explorer.wait_for_function("document.querySelector('#finals svg').clientWidth > 400")
    point = marks(explorer, "finals").last.locator("path").evaluate_all(UNCOVERED)
    drawn_after(explorer, lambda: explorer.mouse.click(*point))
    assert [row[0] for row in numbers(explorer)] == ["batch size 8, rate 0.001", "batch size 8, rate 0.01"]
    assert explorer.get_by_role("radio", name="all replicates").is_checked()
    before = {chart: explorer.locator(f"#{chart} .drawn svg path").count() for chart in CHARTS}
    point = marks(explorer, "finals").first.locator("path").evaluate_all(UNCOVERED)
    drawn_after(explorer, lambda: explorer.mouse.click(*point))
    marked = explorer.locator("[name=replicate]").input_value()
    assert marked in "01234"
    assert f"replicate {marked} marked" in explorer.locator("#said").inner_text()
    after = {chart: explorer.locator(f"#{chart} .drawn svg path").count() for chart in CHARTS}
    assert after["curves"] - before["curves"] >= 4  # train and test of both settings
    assert after["finals"] - before["finals"] >= 5  # of all settings


@in_chromium
def test_a_marked_replicate_has_a_line_of_its_own_for_each_setting_and_part_in_one_panel(page, results):
    opened(page, (results / "explorer.html").as_uri() + "#lines=replicates&panels=one&replicate=2")
    ink = page.evaluate("getComputedStyle(document.body).getPropertyValue('--ink')").strip()
    assert page.locator(f"#curves g.mark-line path[stroke='{ink}']").count() == 5 * 2


@in_chromium
def test_the_keyboard_alone_reaches_every_control_and_changes_the_view(explorer):
    expected = explorer.locator(CONTROLS).evaluate_all(
        "all => { all.forEach((each, place) => { each.dataset.place = place }); return all.length }"
    )
    reached, changed = set(), set()
    for _ in range(expected):
        explorer.keyboard.press("Tab")
        focused = explorer.locator(":focus")
        reached.add(int(focused.get_attribute("data-place")))
        outline = focused.evaluate("each => getComputedStyle(each).outlineStyle")
        assert outline == "solid", focused.evaluate("each => each.outerHTML")
        name, kind = focused.get_attribute("name"), focused.evaluate("each => each.type")
        if name is not None and name not in changed:
            there, back = {"checkbox": ("Space", "Space"), "radio": ("ArrowRight", "ArrowLeft")}.get(
                kind, ("ArrowDown", "ArrowUp")
            )
            if focused.evaluate("each => each.selectedIndex > 0"):
                there, back = back, there
            drawn_after(explorer, lambda key=there: explorer.keyboard.press(key))
            assert f"{name}=" in explorer.url
            drawn_after(explorer, lambda key=back: explorer.keyboard.press(key))
            assert explorer.url.endswith(("explorer.html", "#"))
            changed.add(name)
    assert reached == {*range(expected)}
    assert changed == {*explorer.locator("#controls [name]").evaluate_all("all => all.map(each => each.name)")}


@in_chromium
@pytest.mark.parametrize("state", ["", "#lines=replicates&panels=one&replicate=1", "#setting="])
def test_everyone_can_use_it_on_a_phone_and_on_a_desk(page, results, assert_accessible, state):
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 850})
        opened(page, (results / "explorer.html").as_uri() + state)
        assert page.evaluate("document.documentElement.scrollWidth") == width
        for heading in CHARTS.values():  # as a screen reader names them
            expected = "Nothing is chosen" if state == "#setting=" else f"{heading}.*: 5 of 5 settings; train, test"
            assert page.get_by_role("img", name=re.compile(expected)).count() >= 1
        for picture in page.locator(".drawn svg").all():
            box = picture.bounding_box()
            assert box["x"] >= 0
            assert 150 < box["x"] + box["width"] <= width
        assert_accessible(page)
        page.goto("about:blank")


def test_firefox_draws_it_and_understands_a_click_and_a_link(firefox, results):
    from marionette_driver import By, Wait

    address = (results / "explorer.html").as_uri()

    def open_and_wait(address: str) -> None:
        firefox.navigate(address)
        Wait(firefox, timeout=30).until(lambda _: firefox.execute_script("return document.body.dataset.drawn"))

    def said() -> str:
        return firefox.find_element(By.ID, "said").text

    open_and_wait(address)
    assert len(firefox.find_elements(By.CSS_SELECTOR, ".drawn svg")) == 3
    assert said() == "Drawn: 5 of 5 settings; train, test accuracy by epoch; median and middle 80 %."
    firefox.find_element(By.CSS_SELECTOR, "#settings button").click()
    Wait(firefox, timeout=30).until(lambda _: said().startswith("Drawn: 1 of 5 settings"))
    assert "all replicates" in said()
    open_and_wait(f"{address}?again#lines=replicates&replicate=2")
    assert said() == "Drawn: 5 of 5 settings; train, test accuracy by epoch; all replicates; replicate 2 marked."
