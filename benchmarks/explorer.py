"""How long explorers take to their first view in Chromium: python benchmarks/explorer.py results/*/explorer.html"""

import shutil
import statistics
import sys
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

TIMES = 5


def milliseconds_to_first_view(browser: Browser, path: Path) -> float:
    """From the click on a link until all views are drawn, in a window that was never open before."""
    with browser.new_page() as page:
        page.goto(path.resolve().as_uri(), wait_until="commit")
        page.wait_for_function("document.body?.dataset.drawn")
        return page.evaluate("performance.now()")


def main() -> None:
    chromium = shutil.which("chromium")
    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"]) as browser,
    ):
        for path in map(Path, sys.argv[1:]):
            times = [milliseconds_to_first_view(browser, path) for _ in range(TIMES)]
            size = path.stat().st_size / 1e6
            print(f"{path}, {size:.1f} MB: {statistics.median(times):.0f} ms, at most {max(times):.0f}", flush=True)


if __name__ == "__main__":
    main()
