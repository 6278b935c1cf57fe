"""What tests in a real browser share."""

import shutil
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.checkout import ROOT

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FIREFOX = next(filter(None, map(shutil.which, ("firefox-esr", "firefox"))), None)
AXE = ROOT / "tests/node_modules/axe-core/axe.min.js"
# Success criteria of WCAG up to 2.2 AA, and what axe-core thinks good beyond them.
VIOLATIONS = """async () => {
    const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    const {violations} = await axe.run(document, {runOnly: tags})
    return violations.flatMap(({id, nodes}) => nodes.map(({html, failureSummary}) => [id, html, failureSummary]))
}"""
TWO_FRAMES = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
PHONE = 390


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"]) as browser,
    ):
        yield browser


@pytest.fixture
def page(browser) -> Iterator[Page]:
    """A page; fails where a request leaves this machine, an error is logged, or a phone would scroll sideways."""
    requests, errors = [], []
    with browser.new_page() as page:
        page.on("request", lambda request: requests.append(request.url))
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        yield page
        page.emulate_media(media="screen")
        page.set_viewport_size({"width": PHONE, "height": 850})
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE
    assert [address for address in requests if not address.startswith(("data:", "blob:", "file:"))] == []
    assert errors == []


@pytest.fixture
def assert_accessible() -> Callable[[Page], None]:
    """Fails where axe-core finds something in a page, in the light or in the dark."""
    if not AXE.exists():
        pytest.skip("axe-core is not installed: npm ci --prefix tests")

    def check(page: Page) -> None:
        page.evaluate(AXE.read_text())
        for scheme in ("dark", "light"):
            page.emulate_media(color_scheme=scheme)
            page.evaluate(TWO_FRAMES)  # in which a page draws itself anew
            assert page.evaluate(VIOLATIONS) == [], scheme

    return check


@pytest.fixture(scope="module")
def firefox(tmp_path_factory) -> Iterator:
    """A `marionette_driver.marionette.Marionette`, which speaks with Firefox itself."""
    if FIREFOX is None:
        pytest.skip("Firefox is not installed")
    reason = "Mozilla's driver needs telnetlib, which Python 3.13 has no more"
    marionette = pytest.importorskip("marionette_driver.marionette", reason=reason, exc_type=ImportError)
    log = tmp_path_factory.mktemp("firefox") / "gecko.log"
    driver = marionette.Marionette(bin=FIREFOX, headless=True, port=0, gecko_log=str(log))
    driver.start_session()
    yield driver
    driver.quit(in_app=True)
    driver.cleanup()
