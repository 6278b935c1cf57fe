"""The explorer in a real browser, of studies that have little: it draws, and says what it does not."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import Page, expect

from batchscope.evidence.comparisons import compare
from batchscope.evidence.metrics import measure_replicates, summarize
from batchscope.evidence.trainings import THIS_SPLIT, Trainings
from batchscope.report.explorer import drawing_library, read_explorer, write_explorer
from batchscope.study.setting import Setting
from tests.checkout import ROOT
from tests.end_to_end.conftest import CHROMIUM
from tests.unit.tables import history, timing

REPLICATES, EPOCHS = 8, 6
SMALL, LARGE = Setting(4, 0.1), Setting(16, 0.1)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")


@pytest.fixture
def page(browser):
    errors = []
    with browser.new_page(viewport={"width": 1280, "height": 800}) as page:
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        yield page
    assert errors == []


def accuracies() -> np.ndarray:
    return np.sort(np.random.default_rng(0).uniform(0.5, 0.9, (REPLICATES, EPOCHS)))


def opened(
    page: Page,
    folder: Path,
    curves: dict[Setting, np.ndarray],
    state: str = "",
    score: str = "accuracy",
    measured_every: float = 1,
) -> Page:
    """The explorer of a study with such curves, compared with its last setting."""
    of_epochs = pd.concat(history(values.tolist(), setting) for setting, values in curves.items())
    of_epochs["epoch"] *= measured_every
    seconds = pd.concat(timing(setting, (REPLICATES, EPOCHS, 1.0)) for setting in curves)
    replicates = measure_replicates(of_epochs, seconds, score, 0.8)
    trainings, reference = {THIS_SPLIT: Trainings(replicates)}, [*curves][-1]
    compared = compare(trainings, reference, {f"test_{score}": 0.01}, 0)
    study = {"title": "", "score": score, "margin": 0.01, "seed": 0, "of_rows": True, "reference": [*reference]}
    study["counted_in"] = "epoch"
    explorer = read_explorer(of_epochs, seconds, trainings, summarize(replicates, score, 0.8, 0), compared, study)
    write_explorer(explorer, ROOT / "workflow/report", drawing_library(folder), folder / "explorer.html")
    page.goto((folder / "explorer.html").as_uri() + state)
    page.wait_for_function("document.body.dataset.drawn")
    return page


def test_a_study_of_one_setting_is_drawn(page, tmp_path):
    opened(page, tmp_path, {SMALL: accuracies()})
    assert page.locator("#curves svg").count() == page.locator("#finals svg").count() == 1
    expect(page.locator("#differences p.quiet")).to_have_text("There is no other setting to compare.")
    assert page.locator("#numbers tbody tr").count() == 1


@pytest.mark.parametrize("sound", [0, 1])
def test_a_study_of_which_all_trainings_diverged_says_so(page, tmp_path, sound):
    diverged = accuracies()
    diverged[:, sound:] = math.nan
    opened(page, tmp_path, {SMALL: diverged, LARGE: diverged})
    assert page.locator("#curves svg").count() == sound
    expect(page.locator("#finals p.quiet")).to_have_text("No training has this value: all diverged.")
    unknown = "No difference is known, but a verdict stands in the table below: batch size 4."
    expect(page.locator("#differences p.quiet")).to_have_text(unknown)
    assert page.locator("#numbers tbody td:nth-child(3)").all_inner_texts() == ["8", "8"]


@pytest.mark.parametrize("state", ["#part=", "#setting="])
def test_where_nothing_is_chosen_nothing_is_drawn_or_offered_as_a_file(page, tmp_path, state):
    opened(page, tmp_path, {SMALL: accuracies(), LARGE: accuracies()}, state)
    assert page.locator("#curves svg").count() == 0
    expect(page.get_by_role("button", name="Learning curves as SVG")).to_be_disabled()
    page.get_by_role("button", name="Begin anew").click()
    expect(page.get_by_role("button", name="Learning curves as SVG")).to_be_enabled()


def test_losses_that_are_all_above_0_have_a_logarithm_however_far_they_span(page, tmp_path):
    losses = np.tile(np.geomspace(2.5, 0.01, EPOCHS), (REPLICATES, 1))
    opened(page, tmp_path, {SMALL: losses, LARGE: losses / 2}, "#log=y", score="loss")
    expect(page.locator("#curves p.quiet")).to_be_empty()
    assert "0.01" in page.locator("#curves .role-axis-label text").all_text_contents()


def test_long_names_of_schedules_fit_the_page(page, tmp_path):
    long = Setting(8, 0.1, "_".join(f"{2**power}x3" for power in range(10)))
    opened(page, tmp_path, {long: accuracies(), SMALL: accuracies()})
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") == width
    page.set_viewport_size({"width": 1280, "height": 800})


def test_a_setting_stands_at_its_batch_size_where_rates_go_with_it(page, tmp_path):
    opened(page, tmp_path, {Setting(size, size / 100): accuracies() for size in (4, 8, 16)})
    centers = """selector => [...document.querySelectorAll(selector)].map(one => {
        const {left, right} = one.getBoundingClientRect()
        return (left + right) / 2
    })"""
    ticks = page.evaluate(centers, "#finals .role-axis-tick line")[:3]
    means = page.evaluate(centers, "#finals .mark-symbol path")[-3:]
    assert means == pytest.approx(ticks, abs=1)


def test_on_paper_a_page_that_was_dark_is_legible(page, tmp_path):
    page.emulate_media(color_scheme="dark")
    opened(page, tmp_path, {SMALL: accuracies(), LARGE: accuracies()})
    style = "getComputedStyle(document.querySelector('{}')).{}"
    ink = page.evaluate(style.format("body", "color"))
    page.emulate_media(media="print")
    assert page.evaluate(style.format("body", "color")) != ink
    assert page.evaluate(style.format(".drawn svg", "printColorAdjust")) == "exact"
    expect(page.locator("#controls")).to_be_hidden()


def test_epochs_of_which_only_parts_are_trained_are_numbered(page, tmp_path):
    opened(page, tmp_path, {SMALL: accuracies()}, measured_every=0.01)
    assert {"0.020", "0.040", "0.060"} <= {*page.locator("#curves .role-axis-label text").all_text_contents()}
