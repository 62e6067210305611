"""Presets on the page, in a real browser, over real runs: one click starts one, and what to look for stays with its runs."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from explorer.presets import PRESETS
from tests.conftest import require
from tests.ui.opening import open_whole
from tests.ui.serving import Serving, serving
from tests.ui.test_browser import CHROMIUM, FLAGS, Witness

pytestmark = [pytest.mark.slow, pytest.mark.timeout(290)]
START = 90_000
CARDS = "[data-testid=cards] > article"


@pytest.fixture(scope="module")
def served(cache_dir, no_data) -> Iterator[Serving]:
    with serving("local", "--data-dir", no_data) as served:
        yield served


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    require(CHROMIUM.exists(), f"no browser at {CHROMIUM}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser, served: Serving) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.set_default_timeout(30_000)
    yield page
    page.close()


def test_one_click_starts_a_preset_and_what_to_look_for_stays_with_its_runs(page: Page, served: Serving) -> None:
    witness = Witness(urlsplit(served.url).netloc)
    witness.listen(page)
    open_whole(page, f"{served.url}#tab=compare")
    empty = page.get_by_test_id("compare-empty")
    expect(empty.locator(".preset")).to_have_count(len(PRESETS), timeout=START)
    expect(empty.get_by_test_id("preset-ema")).to_be_enabled(timeout=START)
    empty.get_by_test_id("preset-textbook").focus()
    for _ in range(list(PRESETS).index("ema")):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.locator(CARDS)).to_have_count(2, timeout=START)
    note = page.get_by_test_id("preset-note")
    expect(note).to_have_count(1)
    expect(note).to_contain_text(PRESETS["ema"].text)
    expect(page.locator(f"{CARDS} .canvas-host[data-count='512']")).to_have_count(2, timeout=START)
    expect(page.get_by_test_id("in-step")).to_be_checked()
    page.get_by_test_id("pause-all").click()

    page.goto("about:blank")
    page.go_back(wait_until="domcontentloaded")
    expect(page.get_by_test_id("preset-note")).to_contain_text(PRESETS["ema"].title, timeout=START)

    page.get_by_test_id("presets").click()
    sheet = page.get_by_test_id("compare-presets")
    sheet.get_by_test_id("preset-estimators").click()
    expect(sheet).to_be_hidden()
    expect(page.get_by_test_id("preset-note")).to_contain_text(PRESETS["estimators"].title)
    page.get_by_role("button", name=f"Close: {PRESETS['estimators'].title}").click()
    expect(page.get_by_test_id("preset-notes")).to_be_hidden()
    page.get_by_test_id("pause-all").click()
    assert not [*witness.errors, *witness.strangers]
