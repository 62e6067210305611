"""The Cluster tab in a real browser, over a page without Ray."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.conftest import require
from tests.ui.opening import open_whole
from tests.ui.serving import Serving, await_run, serving
from tests.ui.test_browser import CHROMIUM, FLAGS

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]
SMALL = {"batch_size": 16, "codebook_size": 8}


@pytest.fixture(scope="module")
def served(cache_dir, no_data) -> Iterator[Serving]:
    with serving("local", "--data-dir", no_data) as page:
        yield page


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    require(CHROMIUM.exists(), f"no browser at {CHROMIUM}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(served: Serving, browser: Browser) -> Iterator[Page]:
    opened = browser.new_page(viewport={"width": 1280, "height": 800})
    open_whole(opened, served.url)
    opened.get_by_role("tab", name="Cluster").click()
    yield opened
    opened.close()


def test_the_machine_is_shown_with_the_runs_that_it_holds_and_an_end_to_all_is_asked_for_twice(served, page) -> None:
    expect(page.get_by_test_id("machine")).to_have_count(1)
    expect(page.get_by_text("No run is here: start one in the Run tab")).to_be_visible()
    expect(page.get_by_test_id("cluster-stop-all")).to_be_disabled()
    client = served.client()
    run_id = client.predict(SMALL, "on show", api_name="/start_run")["run_id"]
    await_run(client, run_id, step=3)
    entry = page.locator(".machine li")
    expect(entry).to_contain_text("on show")
    expect(entry).to_contain_text("running · step")
    expect(page.get_by_test_id("cluster-summary")).to_contain_text("1 machine")
    expect(page.get_by_test_id("cluster-summary")).to_contain_text("1 here now")
    head = page.locator("#masthead").get_by_test_id("lab")
    said = head.inner_text()
    assert said
    head.evaluate("element => { element.textContent = 'what another tab said last'; }")
    expect(head).to_have_text(said)

    page.get_by_test_id("cluster-stop-all").click()
    expect(page.get_by_text("Stop 1 run?")).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    await_run(client, run_id, step=5)
    page.get_by_test_id("cluster-stop-all").click()
    page.get_by_test_id("dialog-yes").click()
    await_run(client, run_id, step=5, status="stopped")
    expect(page.get_by_text("No run is here: start one in the Run tab")).to_be_visible()


def test_a_run_of_the_list_is_opened_in_the_run_tab(served, page) -> None:
    client = served.client()
    run_id = client.predict(SMALL, "to open", api_name="/start_run")["run_id"]
    await_run(client, run_id, step=3)
    page.get_by_role("button", name="to open").click()
    expect(page.get_by_test_id("status")).to_have_text("running")
    assert run_id in page.url
    client.predict(run_id, api_name="/stop_run")


def test_a_run_that_ended_is_resumed_with_the_start_button(served, page) -> None:
    client = served.client()
    run_id = client.predict(SMALL, "to resume", api_name="/start_run")["run_id"]
    step = await_run(client, run_id, step=10)["step"]
    client.predict(run_id, api_name="/stop_run")
    page.goto(f"{served.url}#run={run_id}")
    page.reload()
    start = page.locator("#verb-start")
    expect(start).to_have_text("▶ Resume")
    start.click()
    assert await_run(client, run_id, step=step)["step"] >= step
    client.predict(run_id, api_name="/stop_run")


def test_a_hidden_run_tab_leaves_the_head_of_the_page_alone(page) -> None:
    head = page.locator("#masthead").get_by_test_id("lab")
    expect(head).not_to_be_empty()
    page.route("**/component_server**", lambda route: route.abort())
    page.wait_for_timeout(500)
    head.evaluate("element => { element.textContent = 'what the tab on show says'; }")
    page.wait_for_timeout(2500)
    expect(head).to_have_text("what the tab on show says")
    page.unroute("**/component_server**")
    expect(head).not_to_have_text("what the tab on show says")
