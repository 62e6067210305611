"""A page of the diagnosis's own modules in a real browser, without a run, and what its tests show there and read."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page

from explorer.messages import View
from explorer.probes import ProbeLog
from tests.ui.watching import snapshot
from ui.diagnosing import encode_diagnosis, encode_life
from ui.page import STYLES
from ui.payload import encode_fixed, encode_snapshot

BUILD = """
async (given) => {
  const load = (name) => import(`/${name}.js`);
  const [{ Planes }, { Diagnosis }, { Health }, { Digits }, { Focus }, { Motion }, { palette }, decode] = await Promise.all(
    ["planes", "diagnosis", "health", "digits", "focus", "motion", "palette", "decode"].map(load));
  const text = await (await fetch("/run.html")).text();
  const bench = document.createElement("div");
  bench.id = "bench";
  bench.append(...new DOMParser().parseFromString(text, "text/html").body.childNodes);
  const sheet = (name) => Object.assign(document.createElement("link"), { rel: "stylesheet", href: `/${name}` });
  const links = given.styles.map(sheet);
  const loaded = links.map((link) => new Promise((done) => (link.onload = done)));
  document.head.replaceChildren(...links);
  document.body.replaceChildren(bench);
  await Promise.all(loaded);
  bench.querySelector(".stage").hidden = true;
  const part = (id) => bench.querySelector(`#${id}`);
  const [focus, colours] = [new Focus(), palette(bench)];
  window.planes = new Planes(part("planes"), new Motion(), focus, colours);
  window.health = new Health(part("health"), focus, colours);
  window.digits = new Digits(part("digits"));
  window.asked = 0;
  const wanted = () => { asked += 1; look(); };
  window.diagnosis = new Diagnosis(part("curves"), part("digits"), focus, colours, planes.overlays, wanted);
  window.look = () => {
    const { view, fixed, step } = window.seen;
    digits.update(view, fixed, diagnosis.images);
    health.update(view, diagnosis.newest, 100, false);
    diagnosis.update(view, step, window.seen.changes);
  };
  window.show = ({ view, fixed, told, life, step, changes = [], angular = false }) => {
    window.seen = { view: decode.decodeView(view), fixed: decode.decodeFixed(fixed), step, changes };
    diagnosis.take({ diagnosis: told, life }, "run-a");
    planes.angular = angular;
    planes.update(seen.view, seen.fixed.labels, 0, step);
    planes.remember(diagnosis.life, changes);
    planes.moves.update("run-a", changes, step);
    look();
  };
  window.drawn = (level) => {
    const canvas = document.querySelector(`[data-testid=plane-${level}] canvas`);
    const pixels = new Uint32Array(canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.buffer);
    return pixels.reduce((hash, bits) => (Math.imul(hash, 31) + bits) | 0, 0);
  };
}
"""


def life_of(seen: View, shares: np.ndarray) -> bytes:
    """The codes' life at steps 0, 50, … with these shares (N, L, K), codes walking to the right."""
    levels, size, dims = seen.codebooks.shape
    log = ProbeLog((levels, size, dims))
    for i, counts in enumerate(np.rint(shares * 10000).astype(int)):
        moved = replace(seen, codebooks=seen.codebooks + 0.1 * i, health=replace(seen.health, counts=counts))
        log.add(50 * i, moved)
    return encode_life(log.probes("run-a", 0), (0, 0, 0), seen)


def told(seen: View, *, images: bool = True, life: bytes | None = None, step: int = 120, **more: Any) -> dict[str, Any]:
    instant = snapshot(1, seen, step=step)
    return {
        "view": json.loads(encode_snapshot(instant))["view"],
        "fixed": json.loads(encode_fixed(seen)),
        "told": json.loads(encode_diagnosis(instant, seen, images=images)),
        "life": json.loads(life) if life else None,
        "step": step,
        **more,
    }


def show(page: Page, seen: View, **more: Any) -> None:
    page.evaluate("(given) => window.show(given)", told(seen, **more))
    rest(page)


def rest(page: Page) -> None:
    """Until all has moved to its place."""
    page.wait_for_function("!planes.motion.moving && planes.motion.progress === 1")


@pytest.fixture
def bench(page: Page) -> Page:
    page.set_viewport_size({"width": 1280, "height": 800})
    page.evaluate(BUILD, {"styles": STYLES})
    return page


def switch(page: Page, name: str) -> Any:
    return page.locator(f"[name=overlay][value={name}]")


def flip(page: Page, name: str) -> None:
    switch(page, name).evaluate("box => box.click()")
    rest(page)


def drawn(page: Page, level: int = 1) -> int:
    return page.evaluate("(level) => window.drawn(level)", level)


def alive(shape: tuple[int, int, int]) -> np.ndarray:
    return np.full(shape, 1 / shape[2])
