"""A page of which a script does not come, because the connection was cut off, in a real browser."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, Route, expect, sync_playwright

from tests.conftest import require
from tests.ui.opening import open_whole
from tests.ui.serving import Serving, serving
from tests.ui.test_browser import CHROMIUM, FLAGS

pytestmark = [pytest.mark.slow, pytest.mark.still_network, pytest.mark.timeout(240)]
AGAIN = 2500
"""Milliseconds within which a page would have loaded itself once more."""


@pytest.fixture(scope="module")
def served(cache_dir, no_data) -> Iterator[Serving]:
    with serving("local", "--data-dir", no_data) as page:
        yield page


@pytest.fixture
def page(served: Serving) -> Iterator[Page]:
    require(CHROMIUM.exists(), f"no browser at {CHROMIUM}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.set_default_timeout(60_000)
        open_whole(page, served.url)
        yield page
        browser.close()


@pytest.mark.parametrize("often", [1, 99])
@pytest.mark.parametrize(
    ("script", "tab", "where", "what"),
    [
        ("live.js", "Run", ".stage-title", "Press Start"),
        ("compare/main.js", "Compare", ".gallery", "Too much commitment"),
        ("cluster.js", "Cluster", ".summary", "1 machine"),
    ],
)
def test_the_page_loads_itself_again_once(page: Page, script: str, tab: str, where: str, what: str, often: int) -> None:
    """Then it works, or says that it could not be loaded."""
    asked: list[str] = []
    loads: list[Page] = []

    def answer(route: Route) -> None:
        asked.append(route.request.url)
        if len(asked) <= often:
            route.abort()
        else:
            route.continue_()

    page.route(f"**/bench/{script}", answer)
    page.on("domcontentloaded", lambda loaded: loads.append(loaded))
    page.reload(wait_until="domcontentloaded")
    page.get_by_role("tab", name=tab).click()
    while len(loads) < 2:
        page.wait_for_timeout(50)
    page.get_by_role("tab", name=tab).click()
    while len(asked) < 2:
        page.wait_for_timeout(50)
    page.wait_for_timeout(AGAIN)
    assert len(loads) == 2  # the script may be asked for more often: a busy page mounts a view twice
    view = page.locator({"Run": "#live", "Compare": "#compare", "Cluster": "#cluster"}[tab])
    if often == 1:
        expect(view.locator(where)).to_contain_text(what)
        expect(view).not_to_contain_text("could not be loaded")
    else:
        expect(view).to_contain_text("could not be loaded")
