"""A page opened whole, though containers of other tests begin and end meanwhile.

Each changes the machine's network, and Chromium then cuts off what it is loading, from this machine, too. A page of which a part
did not arrive stays half built.
"""

from playwright.sync_api import ConsoleMessage, Page, TimeoutError

CUT_OFF = ("Failed to load resource: net::ERR_NETWORK_CHANGED", "Unable to preload CSS", "Failed to fetch")
"""How what the browser says of it begins."""
TRIES = 5
SETTLED = 1000
"""Milliseconds after its head that a page may still ask for parts of itself."""
WITHIN = 30_000


def open_whole(page: Page, url: str) -> None:
    """Go there; load it again if it was cut off."""
    cut: list[str] = []

    def hear(said: ConsoleMessage) -> None:
        if said.text.startswith(CUT_OFF):
            cut.append(said.text)

    page.on("console", hear)
    page.goto(url, wait_until="domcontentloaded")
    for _ in range(TRIES):
        if _settles(page) and not cut:
            break
        cut.clear()
        page.reload(wait_until="domcontentloaded")
    page.remove_listener("console", hear)


def _settles(page: Page) -> bool:
    try:
        page.locator("#masthead h1").wait_for(timeout=WITHIN)
    except TimeoutError:
        return False
    page.wait_for_timeout(SETTLED)
    return True
