"""The networks at work in a real browser: what is seen is what was written, and the keyboard is enough."""

import re

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import Page, expect

from batchscope.data.dataset import Dataset
from batchscope.data.plane import SIDE, fit_plane
from batchscope.evidence.comparisons import compare
from batchscope.evidence.metrics import measure_replicates, summarize
from batchscope.evidence.trainings import THIS_SPLIT, Trainings
from batchscope.report.explorer import drawing_library, read_explorer, write_explorer
from batchscope.report.network import read_networks
from batchscope.results.network import DIVERGED, write_network
from batchscope.study.setting import Setting
from tests.checkout import ROOT
from tests.end_to_end.conftest import CHROMIUM
from tests.unit.tables import history, timing

SMALL, LARGE = Setting(4, 0.1), Setting(16, 0.1)
EPOCHS, REPLICATES = 3, 8
POINTS = SIDE**2
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")


@pytest.fixture(scope="module")
def points() -> np.ndarray:
    """Of two settings at four moments three replicates: class and probability of all points.

    A replicate of the larger batch predicts class 1 with certainty after the first epoch, and then diverges.
    """
    seen = np.random.default_rng(0).integers([0, 128], [2, 256], (2, 4, 3, POINTS, 2)).astype(np.uint8)
    seen[1, 1, 2] = [1, 255]
    seen[1, 2:, 2] = [DIVERGED, 0]
    return seen


@pytest.fixture(scope="module")
def accuracies() -> np.ndarray:
    values = np.random.default_rng(1).uniform(0.5, 1, (2, REPLICATES, EPOCHS))
    values[1, 2, 1:] = np.nan
    return values


@pytest.fixture(scope="module")
def confusion() -> np.ndarray:
    """Of two settings at four moments; in the end nobody is left of the larger batch."""
    counts = np.array([[[[10, 30], [5, 15]], [[30, 10], [2, 18]], [[40, 0], [1, 19]], [[39, 1], [0, 20]]]] * 2)
    counts[1, 3] = 0
    return counts


@pytest.fixture(scope="module")
def address(tmp_path_factory, points, accuracies, confusion) -> str:
    """A page of two settings that looks at both."""
    folder = tmp_path_factory.mktemp("explorer")
    x = np.random.default_rng(2).normal(size=(40, 2)).astype(np.float32)
    dataset = Dataset(x[:20], np.arange(20) % 2, x[20:], np.arange(20) % 2, features=np.array(["age", "size"]))
    write_network([SMALL, LARGE], range(4), folder / "network.npz", (fit_plane(dataset), points), confusion)
    curves = pd.concat(history(values.tolist(), each) for each, values in zip((SMALL, LARGE), accuracies))
    seconds = pd.concat(timing(setting, (REPLICATES, EPOCHS, 1.0)) for setting in (SMALL, LARGE))
    replicates = measure_replicates(curves, seconds, "accuracy", 0.8)
    trainings = {THIS_SPLIT: Trainings(replicates)}
    margins = {"test_accuracy": 0.01, "epochs_to_target": 2}
    study = {"title": "Two", "score": "accuracy", "margin": 0.01, "seed": 0, "of_rows": True, "reference": [*LARGE]}
    study["counted_in"] = "epoch"
    summary, compared = summarize(replicates, "accuracy", 0.8, 0), compare(trainings, LARGE, margins, 0)
    explorer = read_explorer(curves, seconds, trainings, summary, compared, study)
    explorer["network"] = read_networks([folder / "network.npz"], dataset, [SMALL, LARGE], curves)
    write_explorer(explorer, ROOT / "workflow/report", drawing_library(folder), folder / "explorer.html")
    return (folder / "explorer.html").as_uri()


def opened(page: Page, address: str) -> Page:
    page.goto(address)
    page.wait_for_function("document.body.dataset.drawn")
    return page


def words(page: Page) -> list[str]:
    return page.locator("#network figcaption").all_inner_texts()


def colors(page: Page) -> list[list[int]]:
    """The colour of each panel near the upper right corner of its plane."""
    return page.evaluate("""[...document.querySelectorAll("#network canvas[role=img]")].map(canvas => {
        const {width, height} = canvas, context = canvas.getContext("2d")
        return [...context.getImageData(width * 0.9, height * 0.15, 1, 1).data].slice(0, 3)
    })""")


def test_every_moment_shows_the_accuracies_of_the_history_and_the_keyboard_is_enough(page, address, accuracies):
    opened(page, address)
    slider = page.get_by_role("slider", name="Epoch")
    slider.focus()
    for epoch in (3, 2, 1):
        assert slider.get_attribute("aria-valuetext") == f"epoch {epoch}"
        shares = [f"{100 * accuracies[place, 0, epoch - 1]:.1f} %" for place in range(2)]
        assert words(page) == [
            f"batch size {setting.batch_size}\nepoch {epoch}, {share} of test rows right"
            for setting, share in zip((SMALL, LARGE), shares)
        ]
        page.keyboard.press("ArrowLeft")
    assert "epoch 0, before training" in words(page)[0]
    label = page.locator("#network canvas[role=img]").first.get_attribute("aria-label")
    assert label == "batch size 4, epoch 0, before training: what replicate 0 predicts on the plane of age and size"
    page.keyboard.press("Tab")  # to the choice of a replicate
    page.keyboard.press("ArrowDown")
    assert "what replicate 1 predicts" in page.locator("#network canvas[role=img]").first.get_attribute("aria-label")


def test_colours_are_those_of_the_classes_and_what_diverged_has_none(page, address):
    opened(page, f"{address}#moment=1&shown=2&rows=none")
    orange = [round(255 + 0.62 * (part - 255)) for part in (0xE6, 0x9F, 0x00)]
    assert np.abs(np.subtract(colors(page)[1], orange)).max() <= 1
    page.get_by_role("slider", name="Epoch").press("ArrowRight")
    assert colors(page)[1] == [255, 255, 255]
    assert words(page)[1] == "batch size 16\nepoch 2, diverged"


def test_a_link_opens_the_same_view_and_the_numbers_are_those_of_the_file(page, address, points, tmp_path):
    opened(page, address)
    page.get_by_role("slider", name="Epoch").press("ArrowLeft")
    page.locator("[name=shown]").select_option("1")
    said = words(page)
    opened(page, re.sub("explorer.html", "explorer.html?again", page.url))
    assert page.url.endswith("#moment=2&shown=1")
    assert words(page) == said
    with page.expect_download() as download:
        page.get_by_role("button", name="The network at work as CSV").click()
    download.value.save_as(tmp_path / "network.csv")
    table = pd.read_csv(tmp_path / "network.csv")
    on_plane = table[table["class"].notna()]
    assert len(on_plane) == 2 * POINTS
    np.testing.assert_array_equal(on_plane["class"], points[:, 2, 1, :, 0].ravel())
    np.testing.assert_allclose(on_plane["probability"], points[:, 2, 1, :, 1].ravel() / 255, atol=1e-3)
    assert table["share"].dropna().tolist() == pytest.approx([1, 0, 0.05, 0.95] * 2)
    with page.expect_download() as download:
        page.get_by_role("button", name="The network at work as PNG").click()
    download.value.save_as(tmp_path / "network.png")
    assert (tmp_path / "network.png").read_bytes().startswith(b"\x89PNG")


def test_tables_say_what_the_classes_are_taken_for(page, address):
    opened(page, f"{address}#moment=0")
    table = page.get_by_role(
        "table", name=re.compile("batch size 4, epoch 0, 41.7 % of test rows right: classes in rows")
    )
    assert table.locator("tbody tr").all_inner_texts() == ["0\t25\t75", "1\t25\t75"]


def test_where_all_replicates_diverged_a_table_has_no_numbers(page, address, tmp_path):
    opened(page, address)
    table = page.get_by_role("table", name=re.compile("batch size 16, epoch 3, diverged"))
    assert table.locator("tbody tr").all_inner_texts() == ["0\t-\t-", "1\t-\t-"]
    with page.expect_download() as download:
        page.get_by_role("button", name="The network at work as CSV").click()
    download.value.save_as(tmp_path / "network.csv")
    shares = pd.read_csv(tmp_path / "network.csv").dropna(subset="taken_for")
    assert shares["share"].notna().tolist() == [True] * 4 + [False] * 4


def test_the_keyboard_reaches_tables_that_scroll(page, address):
    opened(page, address)
    boxes = page.locator(".confusion")
    assert boxes.first.get_attribute("tabindex") is None
    page.locator("#network .panels").evaluate("panels => panels.style.width = '60px'")
    page.get_by_role("slider", name="Epoch").press("ArrowLeft")
    expect(boxes.first).to_have_attribute("tabindex", "0")
    assert boxes.first.get_attribute("aria-label") == "Confusion at batch size 4"
    page.locator("#network .panels").evaluate("panels => panels.style.width = ''")
    page.get_by_role("slider", name="Epoch").press("ArrowLeft")
    expect(boxes.first).not_to_have_attribute("tabindex", "0")


def test_it_plays_to_the_end_and_pauses(page, address):
    opened(page, f"{address}#moment=0")
    page.get_by_role("button", name="Play").click()
    page.get_by_role("button", name="Pause").click()
    assert page.get_by_role("button", name="Play").is_visible()
    page.get_by_role("button", name="Play").click()
    expect(page.get_by_role("button", name="Play")).to_be_visible(timeout=10_000)  # at the end
    assert page.get_by_role("slider", name="Epoch").get_attribute("aria-valuetext") == "epoch 3"


def test_nothing_moves_where_the_system_asks_for_that(page, address):
    page.emulate_media(reduced_motion="reduce")
    opened(page, address)
    assert page.get_by_role("button", name="Play").is_disabled()
    assert page.get_by_text("Your system asks for no motion").is_visible()
    page.emulate_media(reduced_motion="no-preference")
    expect(page.get_by_role("button", name="Play")).to_be_enabled()


def test_it_fits_a_phone_and_everyone_can_use_it(page, address, assert_accessible):
    page.set_viewport_size({"width": 390, "height": 800})
    opened(page, address)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    for canvas in page.locator("#network canvas[role=img]").all():
        box = canvas.bounding_box()
        assert box["width"] > 150
        assert box["x"] + box["width"] <= 390
    assert_accessible(page)
