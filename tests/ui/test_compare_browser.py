"""The Compare tab in a real browser, over real runs on a Ray of their own: started, watched, steered, forked, shared."""

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.conftest import require
from tests.ui.opening import open_whole
from tests.ui.serving import Serving, serving
from tests.ui.test_browser import CHROMIUM, FLAGS, Witness

pytestmark = [pytest.mark.slow, pytest.mark.timeout(290)]
START = 90_000
SMALL = {"batch_size": 8, "codebook_size": 8}
CARDS = "[data-testid=cards] > article"


@pytest.fixture(scope="module")
def served(cache_dir, no_data) -> Iterator[Serving]:
    """Room for ten runs on whatever this machine has."""
    with serving("ray", "--data-dir", no_data, "--cpus-per-run", "0.2", "--gpu", "off") as served:
        served.await_line("Ray · 1 node")
        yield served


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    require(CHROMIUM.exists(), f"no browser at {CHROMIUM}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def witness(served: Serving) -> Witness:
    return Witness(urlsplit(served.url).netloc)


@pytest.fixture
def page(browser: Browser, served: Serving, witness: Witness) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.set_default_timeout(30_000)
    witness.listen(page)
    yield page
    page.close()


def begin(page: Page, served: Serving, axes: dict[str, str]) -> None:
    """Start a comparison by hand: small codebooks and batches, so that many runs fit on this machine."""
    open_whole(page, f"{served.url}#tab=compare")
    page.get_by_test_id("compare-new").click()
    form = page.get_by_test_id("compare-begin")
    form.locator("summary").first.click()
    for name, value in SMALL.items():
        form.get_by_test_id(f"begin-{name}").fill(f"{value}")
    for i, (name, values) in enumerate(axes.items()):
        if i:
            form.get_by_test_id("compare-add-axis").click()
        form.get_by_test_id("axis-name").nth(i).select_option(name)
        form.get_by_test_id("axis-values").nth(i).fill(values)


def all_train(page: Page, count: int) -> None:
    """Wait until every card shows a run that trains, with its 512 points."""
    expect(page.locator(CARDS)).to_have_count(count, timeout=START)
    expect(page.locator(f"{CARDS}[data-status=running]")).to_have_count(count, timeout=START)
    expect(page.locator(f"{CARDS} .canvas-host[data-count='512']")).to_have_count(count, timeout=START)


def steps(page: Page) -> list[int]:
    return [int(re.sub(r"\D", "", text) or 0) for text in page.get_by_test_id("card-step").all_inner_texts()]


def test_an_address_typed_into_an_open_page_opens_the_tab_that_it_names(page: Page, served: Serving) -> None:
    tab = page.locator("#tabs button[role=tab][aria-selected=true]")
    open_whole(page, served.url)
    expect(page.get_by_test_id("lab")).to_contain_text("Ray", timeout=START)
    expect(tab).to_have_text("Run")
    page.evaluate("location.hash = 'tab=compare'")
    expect(tab).to_have_text("Compare")
    expect(page.get_by_test_id("compare-new")).to_be_visible()
    page.evaluate("location.hash = 'run=run-0'")
    expect(tab).to_have_text("Run")


def test_four_runs_are_started_steered_forked_exported_and_shared(
    page: Page, browser: Browser, served: Serving, witness: Witness, tmp_path: Path
) -> None:
    begin(page, served, {"commit": "0.05, x"})
    expect(page.get_by_test_id("compare-plan")).to_contain_text("got 'x'")
    expect(page.get_by_test_id("compare-start")).to_be_disabled()
    page.get_by_test_id("axis-values").fill("0.05, 0.25, 1, 4")
    expect(page.get_by_test_id("compare-plan")).to_contain_text("4 runs: the lab holds 10 at once")
    page.get_by_test_id("compare-start").click()
    all_train(page, 4)
    before = steps(page)
    expect(page.get_by_test_id("card-step").first).not_to_have_text(f"step {before[0]:,}")

    page.get_by_test_id("card-tune").first.click()
    page.get_by_test_id("card-slider-commit").first.focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_test_id("card-slider-ack-commit").first).to_have_text(re.compile(r"holds since step \d"))
    page.get_by_test_id("steer-all").click()
    page.get_by_test_id("linked-scale-commit").click()
    expect(page.get_by_test_id("linked-ack-commit")).to_contain_text("4 runs, since step")
    page.keyboard.press("Escape")

    page.get_by_test_id("pause-all").click()
    expect(page.locator(f"{CARDS}[data-status=paused]")).to_have_count(4)
    page.get_by_test_id("card-menu").nth(1).click()
    page.get_by_test_id("do-fork").click()
    page.get_by_test_id("dialog-name").fill("<img src=x onerror=alert(1)>/fork")
    page.get_by_test_id("dialog-commit").fill("2")
    page.get_by_test_id("dialog-yes").click()
    expect(page.locator(CARDS)).to_have_count(5)
    expect(page.get_by_test_id("card-name").last).to_have_text("<img src=x onerror=alert(1)>/fork")
    expect(page.locator(".lineage").last).to_contain_text(re.compile(r"fork of λ_commit 0\.25 at step \d"))
    expect(page.locator(f"{CARDS} .canvas-host[data-count='512']")).to_have_count(5, timeout=START)

    with page.expect_download() as download:
        page.get_by_test_id("compare-export").click()
    download.value.save_as(tmp_path / "runs.zip")
    names = zipfile.ZipFile(tmp_path / "runs.zip").namelist()
    assert len([name for name in names if name.endswith("snapshot.npz")]) == 5
    assert "figure.pdf" in names

    page.locator("[data-testid=compare-view] label").nth(1).click()
    other = browser.new_page(viewport={"width": 1280, "height": 800})
    open_whole(other, page.url)
    expect(other.locator(CARDS)).to_have_count(5, timeout=START)
    expect(other.locator("[data-testid=compare-view] input:checked")).to_have_value("level-2")
    assert other.get_by_test_id("card-name").all_inner_texts() == page.get_by_test_id("card-name").all_inner_texts()
    other.close()

    page.get_by_test_id("stop-all").click()
    page.get_by_test_id("dialog-yes").click()
    expect(page.locator(f"{CARDS}[data-status=stopped]")).to_have_count(5, timeout=START)
    assert witness.strangers == []
    assert witness.errors == []


def test_nine_runs_fill_a_heat_map_and_say_that_they_are_in_step(page: Page, served: Serving, witness: Witness) -> None:
    begin(page, served, {"commit": "0.05, 0.25, 1", "codebook": "0.5, 1, 2"})
    page.get_by_test_id("begin-in-step").check()
    expect(page.get_by_test_id("compare-plan")).to_contain_text("9 runs")
    page.get_by_test_id("compare-start").click()
    all_train(page, 9)
    expect(page.get_by_test_id("in-step")).to_be_checked()
    page.locator("[data-testid=compare-panel-switch] label").nth(2).click()
    expect(page.get_by_test_id("compare-heat")).to_be_visible()
    page.locator("[data-testid=compare-panel-switch] label").nth(3).click()
    expect(page.get_by_test_id("compare-rate")).to_be_visible()
    page.locator("[data-testid=compare-panel-switch] label").nth(0).click()
    expect(page.get_by_test_id("compare-table").locator("tbody tr")).to_have_count(9)
    expect(page.get_by_test_id("compare-chart")).to_have_attribute("data-points", re.compile(r"^[1-9]\d\d+"))
    page.reload(wait_until="domcontentloaded")
    all_train(page, 9)
    page.get_by_test_id("card-name").first.click()
    expect(page.get_by_test_id("status")).to_have_text("running")
    expect(page.get_by_test_id("plane-1")).to_have_attribute("data-count", "512")
    assert witness.strangers == []
    assert witness.errors == []
