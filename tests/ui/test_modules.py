"""The page's own modules in a real browser, against numpy: no server but one for files, no run."""

import functools
import http.server
import json
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, sync_playwright

from explorer.messages import Event, History
from tests.conftest import require
from tests.ui.watching import snapshot, view
from ui.live import STATIC
from ui.payload import encode_fixed, encode_history, encode_snapshot

CHROMIUM = Path("/usr/bin/chromium")
pytestmark = pytest.mark.timeout(120)


class Files(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""

    def do_GET(self) -> None:
        if self.path != "/":
            return super().do_GET()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>modules</title><body></body>")
        return None


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    require(CHROMIUM.exists(), "there is no Chromium at /usr/bin/chromium")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Files, directory=STATIC))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        )
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{server.server_port}/")
        yield page
        browser.close()
    server.shutdown()
    server.server_close()
    thread.join(5)


def run(page: Page, module: str, body: str, argument: object = None) -> Any:
    """`body`, a function body over `module`'s exports and `given`, in the page."""
    return page.evaluate(f"async (given) => {{ const module = await import('/{module}'); {body} }}", argument)


@pytest.mark.parametrize(("levels", "codes"), [(1, 2), (2, 16), (3, 256), (3, 257), (8, 1024)])
def test_the_browser_reads_what_the_server_wrote(page: Page, levels: int, codes: int) -> None:
    seen = view(levels, codes, points=40)
    raw = json.loads(encode_snapshot(snapshot(1, seen)))["view"]
    read = run(
        page,
        "decode.js",
        "const view = module.decodeView(given); const plain = (a) => Array.from(a);"
        "return { ...view, codebooks: plain(view.codebooks), latents: plain(view.latents), assigned: plain(view.assigned),"
        " counts: plain(view.counts), reconstructions: plain(view.reconstructions) };",
        raw,
    )
    np.testing.assert_allclose(read["codebooks"], seen.codebooks.ravel(), atol=1e-3)
    np.testing.assert_allclose(read["latents"], seen.latents.ravel(), atol=1e-3)
    np.testing.assert_array_equal(read["assigned"], seen.codes.ravel())
    np.testing.assert_array_equal(read["counts"], seen.health.counts.ravel())
    np.testing.assert_array_equal(read["dead"], seen.health.dead.ravel())
    np.testing.assert_allclose(read["reconstructions"], seen.reconstructions.ravel(), atol=4.1)


def test_the_browser_reads_labels_and_inputs(page: Page) -> None:
    seen = view()
    body = "const fixed = module.decodeFixed(given); return [Array.from(fixed.labels), Array.from(fixed.inputs), fixed.shown];"
    labels, inputs, shown = run(page, "decode.js", body, json.loads(encode_fixed(seen)))
    np.testing.assert_array_equal(labels, seen.labels)
    np.testing.assert_allclose(inputs, seen.inputs.ravel(), atol=4.1)
    assert shown == 10


def test_residuals_and_sums_are_those_of_the_formulas(page: Page) -> None:
    seen = view(levels=3, codes=5, points=30)
    plain = {
        "levels": 3,
        "size": 5,
        "points": 30,
        "codebooks": seen.codebooks.ravel().tolist(),
        "latents": seen.latents.ravel().tolist(),
        "assigned": seen.codes.ravel().tolist(),
    }
    body = (
        "const view = { ...given, latents: new Float32Array(given.latents) };"
        "return [module.residuals(view), module.sums(view)].map((levels) => levels.map((level) => Array.from(level)));"
    )
    residuals, sums = run(page, "levels.js", body, plain)
    chosen = np.stack([seen.codebooks[level][seen.codes[:, level]] for level in range(3)])
    expected_sums = np.cumsum(chosen, axis=0)
    expected_residuals = seen.latents - np.concatenate([np.zeros((1, 30, 2)), expected_sums[:-1]])
    np.testing.assert_allclose(residuals, expected_residuals.reshape(3, 60), atol=1e-5)
    np.testing.assert_allclose(sums, expected_sums.reshape(3, 60), atol=1e-5)


def test_a_digits_name_stands_at_the_median_of_its_points(page: Page) -> None:
    seen = view(points=45)
    seen.labels[seen.labels == 7] = 3
    body = "return Array.from(module.medians(new Float32Array(given.points), new Uint8Array(given.labels)));"
    given = {"points": seen.latents.ravel().tolist(), "labels": seen.labels.tolist()}
    medians = np.array(run(page, "levels.js", body, given), float).reshape(10, 2)
    assert np.isnan(medians[7]).all()
    for digit in set(range(10)) - {7}:
        points = np.sort(seen.latents[seen.labels == digit], axis=0)
        np.testing.assert_allclose(medians[digit], points[len(points) // 2], atol=1e-5)


def test_bounds_hold_whatever_jitters_within_them(page: Page) -> None:
    body = (
        "const axes = new module.Axes(); axes.include([-1, -1, 1, 1]); const first = axes.target;"
        "for (let i = 0; i < 200; i++) axes.include([-0.9 - 0.1 * (i % 2), -0.95, 0.9 + 0.1 * (i % 3) / 2, 0.9]);"
        "return [first, axes.target];"
    )
    first, last = run(page, "axes.js", body)
    assert first == last


def test_bounds_grow_at_once_and_shrink_only_after_a_while(page: Page) -> None:
    body = (
        "const axes = new module.Axes(); axes.include([-1, -1, 1, 1]); axes.include([-1, -1, 9, 1]); const grown = axes.target;"
        "axes.include([-1, -1, 1, 1]); const still = axes.target;"
        "for (let i = 0; i < 30; i++) axes.include([-1, -1, 1, 1]); return [grown, still, axes.target];"
    )
    grown, still, shrunk = run(page, "axes.js", body)
    assert grown[2] >= 9
    assert still == grown
    assert 1 <= shrunk[2] < 3


@pytest.mark.parametrize("box", [[0, 0, 0, 0], [-1e-12, 0, 1e-12, 0], [-1e30, -1e30, 1e30, 1e30], [5, 5, 5, 5]])
def test_bounds_are_never_empty(page: Page, box: list[float]) -> None:
    left, bottom, right, top = run(
        page, "axes.js", "const axes = new module.Axes(); axes.include(given); return axes.target;", box
    )
    assert left < right
    assert bottom < top


def told(steps: range, stride: int, known: int, generation: int = 0, changes: tuple[Event, ...] = ()) -> dict[str, Any]:
    column = np.array(steps, np.float32)
    history = History("run-a", generation, stride, np.array(steps, np.int32), {"loss/recon": column}, changes)
    return json.loads(encode_history(history, known))


def test_curves_grow_by_increments_and_start_anew_when_sent_whole(page: Page) -> None:
    old = Event(4, "setting", {"name": "commit", "old": 0.25, "new": 1.0})
    new = Event(4, "setting", {"name": "commit", "old": 0.25, "new": 4.0})
    answers = [
        told(range(1, 5), 1, 0, changes=(old,)),
        told(range(5, 7), 1, 4, changes=(new,)),
        told(range(5, 7), 1, 4, changes=(new,)),  # an answer that came twice
    ]
    body = (
        "const history = new module.History(); given.forEach((answer) => history.take(answer));"
        "return { steps: history.steps, values: history.columns['loss/recon'], changes: history.changes, place: history.place };"
    )
    read = run(page, "history.js", body, answers)
    assert read["steps"] == read["values"] == [1, 2, 3, 4, 5, 6]
    assert [change["new"] for change in read["changes"]] == [4.0]
    whole = run(page, "history.js", body, [*answers, told(range(2, 8, 2), 2, 0)])
    assert whole["steps"] == [2, 4, 6]
    assert whole["place"] == {"generation": 0, "stride": 2, "step": 6}


def test_the_poller_never_asks_twice_at_once_and_recovers(page: Page) -> None:
    body = """
    let under = 0, most = 0, asked = 0; const heard = [], failed = [];
    const poller = new module.Poller({
      ask: async () => {
        asked += 1; under += 1; most = Math.max(most, under);
        await new Promise((resolve) => setTimeout(resolve, 20));
        under -= 1;
        if (asked > 2 && asked < 5) throw new Error("down");
        return asked;
      },
      answered: (answer) => heard.push(answer), unanswered: (failures) => failed.push(failures),
      alive: () => asked < 8, interval: 40,
    });
    for (let i = 0; i < 5; i++) poller.now();
    await new Promise((resolve) => setTimeout(resolve, 1500));
    return { most, heard, failed, asked };
    """
    read = run(page, "poller.js", body)
    assert read["most"] == 1
    assert read["failed"] == [1, 2]
    assert read["heard"] == [1, 2, 5, 6, 7, 8]
    assert read["asked"] == 8


@pytest.mark.parametrize("status", ["pending", "compiling", "running", "paused", "failed", "lost", "stopped"])
def test_every_status_without_a_picture_is_put_in_words(page: Page, status: str) -> None:
    given = {"status": status, "reason": "no node has 1 GPU"}
    body = "return module.words({ ready: true, message: '' }, given, false, '');"
    read = run(page, "status.js", body, given)
    assert read["title"]
    assert status in {"running", "paused", "stopped"} or "No node has 1 GPU." in read["text"] + read["note"]


@pytest.mark.parametrize("starting", [True, False])
def test_who_starts_a_run_while_the_lab_is_starting_is_told_that_it_begins_by_itself(
    page: Page, *, starting: bool
) -> None:
    lab = {"kind": "ray", "ready": False, "message": "Ray is starting"}
    body = 'return module.words(given.lab, undefined, false, "", given.starting).text;'
    told = run(page, "status.js", body, {"lab": lab, "starting": starting})
    assert told == "Ray is starting." + (" Your run begins by itself." if starting else "")


def test_a_leftover_clock_is_ended_and_nothing_else(page: Page) -> None:
    body = """
    let ours = 0, theirs = 0;
    const leftover = () => { theirs += 1; requestAnimationFrame(leftover); };
    leftover();
    module.endLeftoverClock();
    await new Promise((resolve) => setTimeout(resolve, 2500));
    const stopped = theirs;
    requestAnimationFrame(() => (ours += 1));
    await new Promise((resolve) => setTimeout(resolve, 300));
    return [stopped, theirs, ours];
    """
    stopped, theirs, ours = run(page, "idle.js", body)
    assert stopped == theirs
    assert ours == 1


def test_no_module_names_a_host_and_none_writes_markup() -> None:
    texts = {path.name: path.read_text(encoding="utf-8") for path in STATIC.rglob("*") if path.is_file()}
    assert len(texts) > 20
    assert not [name for name, text in texts.items() if re.search(r"https?://(?!www\.w3\.org/2000/svg)", text)]
    assert not [name for name, text in texts.items() if re.search(r"innerHTML|outerHTML|insertAdjacentHTML", text)]
    assert not [name for name, text in texts.items() if len(text.splitlines()) > 250]
