"""Make README's pictures from a real run: docs/run.png, run-dark, run-phone, run-commit-4, run-diagnosis and run.gif.

Needs Debian's chromium and, for the complete MNIST, TFDS_DATA_DIR:  uv run scripts/screenshots.py
"""

import io
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

DOCS = Path(__file__).parent.parent / "docs"
DESKTOP, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}


@contextmanager
def served(*options: str) -> Iterator[str]:
    """The address of a page of our own; `--local` without options."""
    command = [Path(sys.executable).with_name("rq-vae-explorer"), *(options or ["--local"]), "--port", "0"]
    with (
        tempfile.TemporaryDirectory() as runs,
        subprocess.Popen(
            command, stderr=subprocess.PIPE, text=True, env={**os.environ, "RQVAE_RUNS_DIR": runs}
        ) as server,
    ):
        assert server.stderr is not None
        yield next(found[1] for line in server.stderr if (found := re.search(r"is at (http\S+)", line)))
        server.terminate()


def await_step(page: Page, step: int) -> None:
    """Until the page shows that step."""
    page.wait_for_function(
        "least => Number(document.querySelector('[data-testid=step]')?.textContent.replace(/\\D/g, '')) >= least",
        arg=step,
        timeout=600_000,
    )


def animate(page: Page, seconds: float) -> list[Image.Image]:
    """A frame every 0.6 s."""
    frames = []
    for _ in range(round(seconds / 0.6)):
        picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB").resize((960, 600), Image.Resampling.LANCZOS)
        frames.append(picture.quantize(96))
        time.sleep(0.6)
    return frames


def diagnose(page: Page) -> None:
    """A picture of the run on show with its cells and its codes over time, soon after dead codes were revived."""
    for name, value in (("overlay", "cells"), ("diagnosis", "time")):
        page.locator(f"[name={name}][value={value}]").evaluate("box => box.click()")
    page.locator("[name=by-level]").evaluate("box => box.click()")
    time.sleep(2)
    page.get_by_test_id("remedies").get_by_role("button", name="Reinit").click()
    time.sleep(2)
    page.screenshot(path=DOCS / "run-diagnosis.png")


def main() -> None:
    """Start a run, watch it learn, turn λ_commit to 4, and take pictures."""
    DOCS.mkdir(exist_ok=True)
    with served() as url, sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        page = browser.new_page(viewport=DESKTOP)
        page.goto(url)
        page.locator("#verb-start").click()
        await_step(page, 2)
        frames = animate(page, 18)
        await_step(page, 800)
        page.screenshot(path=DOCS / "run.png")
        page.goto(f"{url}/?__theme=dark")
        await_step(page, 850)
        time.sleep(2)
        page.screenshot(path=DOCS / "run-dark.png")
        page.set_viewport_size(PHONE)
        time.sleep(2)
        page.screenshot(path=DOCS / "run-phone.png", full_page=True)
        page.set_viewport_size(DESKTOP)
        page.goto(f"{url}/?__theme=light")
        await_step(page, 900)
        number = page.locator("#commit-number input")
        number.fill("4")
        number.press("Enter")
        frames += animate(page, 14)
        page.screenshot(path=DOCS / "run-commit-4.png")
        diagnose(page)
        browser.close()
    frames[0].save(DOCS / "run.gif", save_all=True, append_images=frames[1:], duration=250, loop=0, optimize=True)


if __name__ == "__main__":
    main()
