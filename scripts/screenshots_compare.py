"""Make the pictures of the Compare tab from real runs: docs/compare-2.png, -4, -9, -16, compare-heat.png and compare-dark.png.

Needs Debian's chromium and, for the complete MNIST, TFDS_DATA_DIR:  uv run scripts/screenshots_compare.py [NAME ...]
"""

import sys
import time
from pathlib import Path
from typing import Any

from gradio_client import Client
from playwright.sync_api import Page, sync_playwright

sys.path.insert(0, str(Path(__file__).parent))
from screenshots import DESKTOP, DOCS, served

SCENES: dict[str, tuple[dict[str, list[float]], dict[str, Any], int]] = {
    "compare-4": ({"commit": [0.05, 0.25, 1, 4]}, {}, 600),
    "compare-2": ({"codebook_size": [4, 64]}, {}, 500),
    "compare-9": ({"commit": [0.05, 0.25, 1], "codebook_size": [4, 16, 64]}, {"batch_size": 32}, 500),
    "compare-16": ({"commit": [0.02, 0.1, 0.5, 2], "seed": [0, 1, 2, 3]}, {"batch_size": 32}, 400),
}
"""What differs, what is shared, and the step at which all have arrived when the picture is taken."""


def await_all(page: Page, runs: int, step: int) -> None:
    """Until all cards show a run at that step or later."""
    page.wait_for_function(
        """([runs, step]) => {
          const told = [...document.querySelectorAll("[data-testid=card-step]")].map((element) => element.textContent);
          const steps = told.map((text) => Number(text.replace(/\\D/g, "")));
          return steps.length === runs && steps.every((shown) => shown >= step);
        }""",
        arg=[runs, step],
        timeout=900_000,
    )


def main() -> None:
    """Start each comparison, wait until it has something to tell, and take its picture."""
    with served() as url, sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        client = Client(url, verbose=False)
        for name in sys.argv[1:] or SCENES:
            axes, shared, step = SCENES[name]
            started = client.predict(axes, shared, "", step, True, api_name="/start_comparison")
            ids = [run["run_id"] for run in started["runs"]]
            page = browser.new_page(viewport=DESKTOP)
            page.goto(f"{url}#tab=compare&runs={','.join(ids)}")
            await_all(page, len(ids), step)
            time.sleep(2)
            page.screenshot(path=DOCS / f"{name}.png", full_page=True)
            if name == "compare-9":
                page.locator("[data-testid=compare-panel-switch] label").nth(2).click()
                page.mouse.move(4, 4)  # what it points at stands out, and the rest fades
                time.sleep(1)
                page.locator("#compare-panels").screenshot(path=DOCS / "compare-heat.png")
            if name == "compare-4":
                page.goto(f"{url}/?__theme=dark#tab=compare&runs={','.join(ids)}")
                await_all(page, len(ids), step)
                time.sleep(2)
                page.screenshot(path=DOCS / "compare-dark.png")
            page.close()
        browser.close()


if __name__ == "__main__":
    main()
