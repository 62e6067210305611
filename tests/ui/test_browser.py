"""The main job in a real browser, on full MNIST, in both modes: start, watch, steer, pause, reload, reset."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect, sync_playwright

from tests.conftest import require
from tests.ui.opening import CUT_OFF, open_whole
from tests.ui.serving import MODES, Serving, serving

pytestmark = [pytest.mark.slow, pytest.mark.timeout(280)]
CHROMIUM = Path("/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
START = 90_000
SOON = 30_000
expect.set_options(timeout=SOON)

WATCH_PLANES = """
// What a frame would show is looked at between the page's own turns; colour means points, the grid has none.
window.frames = { seen: 0, empty: [] };
const copy = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
const drawn = new WeakSet();
const coloured = (canvas) => {
  Object.assign(copy.canvas, { width: canvas.width, height: canvas.height });
  copy.drawImage(canvas, 0, 0);
  const pixels = copy.getImageData(0, 0, canvas.width, canvas.height).data;
  for (let i = 0, found = 0; i < pixels.length; i += 4) {
    const [r, g, b] = [pixels[i], pixels[i + 1], pixels[i + 2]];
    if (pixels[i + 3] > 60 && Math.max(r, g, b) - Math.min(r, g, b) > 50 && ++found > 20) return true;
  }
  return false;
};
setInterval(() => {
  for (const canvas of document.querySelectorAll("[data-testid^=plane-][data-points] canvas")) {
    if (!canvas.width || !canvas.height) continue;
    const full = coloured(canvas);
    if (full) drawn.add(canvas);
    if (!drawn.has(canvas)) continue;
    window.frames.seen += 1;
    const step = document.querySelector("[data-testid=step]").textContent;
    if (!full) window.frames.empty.push(`${canvas.parentElement.dataset.testid} at step ${step}`);
  }
}, 40);
"""


@dataclass
class Witness:
    """What the browser did that it should not."""

    host: str
    strangers: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    @property
    def errors(self) -> list[str]:
        """What went wrong, but what was cut off when the machine's network changed: containers of other tests begin and end."""
        changed = any(CUT_OFF[0] in text for text in self.said)
        return [text for text in self.said if not (changed and text.startswith(CUT_OFF))]

    def listen(self, page: Page) -> None:
        page.on("request", lambda request: self._request(request.url))
        page.on("console", lambda said: self.said.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self.said.append(str(error)))

    def _request(self, url: str) -> None:
        if urlsplit(url).scheme in ("http", "https", "ws", "wss") and urlsplit(url).netloc != self.host:
            self.strangers.append(url)


@pytest.fixture(scope="module", params=MODES)
def served(request, cache_dir, full_mnist) -> Iterator[Serving]:
    with serving(request.param, "--data-dir", full_mnist) as served:
        yield served


@pytest.fixture
def witness(served: Serving) -> Witness:
    return Witness(urlsplit(served.url).netloc)


@pytest.fixture
def page(served: Serving, witness: Witness) -> Iterator[Page]:
    require(CHROMIUM.exists(), f"no browser at {CHROMIUM}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.set_default_timeout(SOON)
        witness.listen(page)
        page.add_init_script(WATCH_PLANES)
        open_whole(page, served.url)
        yield page
        browser.close()


def number(locator: Locator) -> int:
    """The digits of a text as one number."""
    return int(re.sub(r"\D", "", locator.inner_text()))


def start(page: Page) -> None:
    """Click Start once the lab is there, and wait until the run trains and both planes show it."""
    expect(page.locator(".stage-title")).to_have_text("Press Start", timeout=START)
    page.locator("#verb-start").click()
    expect(page.get_by_test_id("status")).to_have_text("running", timeout=START)
    for level in (1, 2):
        expect(page.get_by_test_id(f"plane-{level}")).to_have_attribute("data-count", "512", timeout=START)


def moved(page: Page, attribute: str, level: int) -> None:
    """Wait until what the plane shows is no longer what it shows now."""
    plane = page.get_by_test_id(f"plane-{level}")
    before = plane.get_attribute(attribute)
    assert before
    expect(plane).not_to_have_attribute(attribute, before)


def paused_step(page: Page) -> int:
    """Pause; the step at which the run then stands still."""
    page.locator("#verb-pause").click()
    expect(page.get_by_test_id("status")).to_have_text("paused")
    page.wait_for_timeout(800)
    step = number(page.get_by_test_id("step"))
    page.wait_for_timeout(1500)
    assert number(page.get_by_test_id("step")) == step
    return step


def test_a_run_is_started_watched_steered_paused_reloaded_and_reset(
    page: Page, served: Serving, witness: Witness
) -> None:
    start(page)
    run_id = page.url.split("run=")[1]
    expect(page.get_by_test_id("data-source")).to_contain_text("60,000")
    for level in (1, 2):
        moved(page, "data-points", level)
        moved(page, "data-codes", level)

    page.get_by_test_id("slider-commit").focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    acknowledged = page.get_by_test_id("ack-commit")
    expect(acknowledged).to_have_text(re.compile(r"holds since step [1-9]"))
    page.wait_for_timeout(1500)
    history = served.client().predict(run_id, 0, api_name="/get_history")
    changes = [event for event in history["events"] if event["kind"] == "setting"]
    assert changes[0]["detail"]["old"] == 0.25
    assert changes[-1]["detail"]["new"] > 0.4
    assert number(acknowledged) == changes[-1]["step"]

    field = page.get_by_test_id("number-commit")
    field.fill("-1")
    field.press("Enter")
    expect(page.get_by_test_id("toast")).to_contain_text("λ_commit must be a number from 0 to 1,000,000; got -1")
    expect(page.get_by_test_id("status")).to_have_text("running")

    step = paused_step(page)
    assert step >= changes[-1]["step"]
    page.reload(wait_until="domcontentloaded")
    expect(page.get_by_test_id("status")).to_have_text("paused")
    expect(page.get_by_test_id("plane-2")).to_have_attribute("data-count", "512")
    assert number(page.get_by_test_id("step")) == step
    assert page.url.split("run=")[1] == run_id

    page.locator("#verb-reset").click()
    expect(page.get_by_test_id("step")).to_have_text("0")
    page.locator("#verb-start").click()
    expect(page.get_by_test_id("step")).to_have_text(re.compile(r"^[1-9]"))
    moved(page, "data-points", 1)

    page.locator("#verb-stop").click()
    expect(page.get_by_test_id("status")).to_have_text("stopped")
    shown = page.evaluate("window.frames")
    assert shown["seen"] > 20
    assert shown["empty"] == []
    assert witness.strangers == []
    assert witness.errors == []
