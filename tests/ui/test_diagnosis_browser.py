"""Cells, paths, levels, lives and a remedy of a real run, in a real browser: each asked for only while somebody looks."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Request, expect, sync_playwright

from tests.conftest import require
from tests.ui.opening import open_whole
from tests.ui.serving import Serving, serving
from tests.ui.test_browser import CHROMIUM, FLAGS, START, WATCH_PLANES, Witness

pytestmark = [pytest.mark.slow, pytest.mark.timeout(280)]
CONFIG = {"batch_size": 16, "init_scale": 1.0}
"""Small batches train fast; so wide an initialisation leaves codes dead."""


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
    run = served.client().predict(CONFIG, "watched", api_name="/start_run")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.set_default_timeout(30_000)
        witness.listen(page)
        page.add_init_script(WATCH_PLANES)
        open_whole(page, f"{served.url}#run={run['run_id']}")
        expect(page.get_by_test_id("plane-1")).to_have_attribute("data-count", "512", timeout=START)
        yield page
        browser.close()


def asked(page: Page, seconds: float = 2) -> dict[str, Any]:
    """What the page asks for now."""

    def is_poll(request: Request) -> bool:
        return request.method == "POST" and '"history"' in (request.post_data or "")

    page.wait_for_timeout(1000 * seconds)
    with page.expect_request(is_poll) as found:
        pass
    text = found.value.post_data or ""
    return next(value for value in walk(json.loads(text)) if isinstance(value, dict) and "history" in value)


def walk(value: Any) -> Iterator[Any]:
    """A value of JSON, and all that is in it."""
    yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from walk(inner)


def flip(page: Page, selector: str) -> None:
    page.locator(selector).evaluate("box => box.click()")


def test_what_is_drawn_and_asked_for_is_what_is_switched_on(page: Page, witness: Witness) -> None:
    question = asked(page)
    assert question["diagnosis"]["images"] is False
    assert "life" not in question

    for name in ("cells", "joint", "paths"):
        flip(page, f"[name=overlay][value={name}]")
        page.wait_for_timeout(1500)
    assert asked(page)["life"]["count"] > 0
    flip(page, "[name=overlay][value=paths]")
    assert "life" not in asked(page)

    flip(page, "[name=by-level]")
    assert asked(page)["diagnosis"]["images"] is True
    flip(page, "[name=diagnosis][value=levels]")
    expect(page.get_by_test_id("levels-2")).to_contain_text("of 16")
    expect(page.get_by_test_id("levels-sum")).to_contain_text("of 256 tuples of codes")
    flip(page, "[name=diagnosis][value=time]")
    expect(page.get_by_test_id("lifetimes-2")).to_be_visible()
    assert asked(page)["life"]["count"] > 0

    frames = page.evaluate("window.frames")
    assert frames["seen"] > 50
    assert frames["empty"] == []
    assert (witness.strangers, witness.errors) == ([], [])


def test_a_remedy_by_hand_is_seen_on_the_plane_and_on_the_curves(page: Page, witness: Witness) -> None:
    page.wait_for_function("Number(document.querySelector('[data-testid=step]').textContent.replace(/\\D/g, '')) > 60")
    page.get_by_test_id("remedies").get_by_role("button", name="Reinit").click()
    chart = page.get_by_test_id("chart")
    expect(chart).to_contain_text("reinit: ", timeout=START)
    expect(chart).to_contain_text("of level 1")
    assert witness.errors == []
