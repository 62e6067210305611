"""Make README's picture of the Cluster tab from a real Ray: docs/cluster.png.

Needs Debian's chromium:  uv run scripts/screenshots_cluster.py
"""

import time

from gradio_client import Client
from gradio_client.exceptions import AppError
from playwright.sync_api import sync_playwright
from screenshots import DOCS, served


def main() -> None:
    """Start a comparison that does not fit, and take the picture."""
    with served("--cpus-per-run", "0.5") as url, sync_playwright() as playwright:
        lab = Client(url, verbose=False)
        config = {"batch_size": 16, "codebook_size": 8}
        while True:
            try:
                lab.predict({"commit": [0.05, 0.1, 0.25, 1, 4, 16]}, config, api_name="/start_comparison")
                break
            except AppError:  # Ray is starting
                time.sleep(1)
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 420})
        page.goto(url)
        page.get_by_role("tab", name="Cluster").click()
        page.wait_for_function("document.querySelectorAll('.machine li').length >= 4", timeout=120_000)
        time.sleep(20)
        page.screenshot(path=DOCS / "cluster.png")
        browser.close()


if __name__ == "__main__":
    main()
