"""In a real browser over a real run: the settings behind “more”, dead codes treated by hand, a fork with a cure beside it."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.conftest import require
from tests.ui.opening import open_whole
from tests.ui.serving import Serving, serving
from tests.ui.test_browser import CHROMIUM, FLAGS, Witness, number

pytestmark = [pytest.mark.slow, pytest.mark.timeout(290)]
START = 90_000


@pytest.fixture(scope="module")
def served(cache_dir, no_data) -> Iterator[Serving]:
    with serving("local", "--data-dir", no_data) as served:
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
        page.set_default_timeout(30_000)
        witness.listen(page)
        open_whole(page, served.url)
        yield page
        browser.close()


def start(page: Page, **fields: str) -> str:
    """Start a small run in the New-run panel; its id, once it trains."""
    expect(page.locator(".stage-title")).to_have_text("Press Start", timeout=START)
    page.locator("#new-run-button").click()
    for name, value in fields.items():
        page.locator(f"#field-{name} :is(input, textarea)").fill(value)
    expect(page.locator("#start-new-run")).to_be_enabled()
    page.locator("#start-new-run").click()
    expect(page.get_by_test_id("status")).to_have_text("running", timeout=START)
    expect(page.get_by_test_id("plane-1")).to_have_attribute("data-count", "512", timeout=START)
    return page.url.split("run=")[1]


def test_an_entropy_term_is_turned_up_and_dead_codes_are_treated_by_hand(
    page: Page, served: Serving, witness: Witness
) -> None:
    run_id = start(page, batch_size="16", codebook_size="32/4")
    history = lambda: served.client().predict(run_id, 0, api_name="/get_history")["events"]  # noqa: E731

    expect(page.locator("#entropy-slider input[type=range]")).to_be_hidden()
    page.get_by_test_id("more-weights").click()
    expect(page.locator("#entropy_temperature-number input")).to_be_disabled()
    expect(page.locator(".weight", has_text="temperature")).to_contain_text("no effect: λ_entropy is 0")
    page.get_by_test_id("slider-entropy").focus()
    for _ in range(30):
        page.keyboard.press("ArrowRight")
    expect(page.get_by_test_id("ack-entropy")).to_have_text(re.compile(r"holds since step [1-9]"))
    expect(page.locator("#entropy_temperature-number input")).to_be_enabled()
    page.wait_for_timeout(1500)
    change = [event for event in history() if event["kind"] == "setting"][-1]
    assert change["detail"]["name"] == "entropy"
    assert change["detail"]["new"] > 0
    assert number(page.get_by_test_id("ack-entropy")) == change["step"]

    expect(page.get_by_test_id("health-badge")).to_contain_text(re.compile("dead|collapsed"))
    page.get_by_test_id("health-badge").click()
    expect(page.get_by_test_id("badge-list")).to_contain_text(re.compile("reinit|below the threshold"))
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("cure-ema_expiry")).to_be_hidden()
    expect(page.get_by_test_id("dead-count")).to_have_text(re.compile(r"^\d+ dead code"))
    page.get_by_test_id("cure-reinit").click()
    expect(page.get_by_test_id("dead-count")).to_have_text(
        re.compile(r"^✓ Reinit(: \d+ moved at| acts before) step [\d,]+$")
    )
    expect(page.get_by_test_id("dead-count")).to_have_text(re.compile(r"^✓ Reinit: \d+ moved at step"))
    moved, step = map(int, re.findall(r"\d+", page.get_by_test_id("dead-count").inner_text().replace(",", "")))
    cured = [event for event in history() if event["kind"] == "remedy"][-1]
    assert (cured["step"], len(cured["detail"]["codes"])) == (step, moved)
    assert (cured["detail"]["name"], cured["detail"]["by"]) == ("reinit", "hand")

    page.get_by_test_id("fork-with-cure").click()
    page.get_by_test_id("fork-split").click()
    cards = page.locator("[data-testid=cards] > article")
    expect(cards).to_have_count(2, timeout=START)
    expect(page.get_by_test_id("card-name").last).to_have_text(re.compile(r"\+ Split$"))
    expect(page.locator(".lineage").last).to_contain_text("fork of")
    expect(page.locator("[data-testid=cards] .canvas-host[data-count='512']")).to_have_count(2, timeout=START)
    runs = {run["run_id"]: run for run in served.client().predict(api_name="/list_runs")}
    child = next(run for run in runs.values() if run["parent"] == run_id)
    assert (child["config"]["remedy"], runs[run_id]["config"]["remedy"]) == ("split", "none")
    assert witness.strangers == []
    assert witness.errors == []


def test_what_does_not_fit_together_is_refused_at_once(page: Page, witness: Witness) -> None:
    expect(page.get_by_test_id("status")).to_have_text("running", timeout=START)
    page.locator("#new-run-button").click()
    note = page.get_by_test_id("new-run-note")
    page.locator("#field-codebook_size textarea").fill("16/8/4")
    expect(note).to_have_text(
        "codebook_size must be one size for each of the 2 levels, or one for all; got '16/8/4'", timeout=START
    )
    expect(page.locator("#start-new-run")).to_be_disabled()
    page.locator("#field-levels input").fill("3")
    expect(note).to_have_text("3 levels of 16/8/4 codes in 2 dimensions: at most 9 bits an image")
    expect(page.locator("#start-new-run")).to_be_enabled()
    assert witness.errors == []
