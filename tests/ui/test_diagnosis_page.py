"""Cells, paths, moves, levels and lives as somebody meets them, in a real browser: the page's own modules, no run."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from explorer.messages import View
from explorer.probes import ProbeLog
from tests.ui.test_modules import page as page
from tests.ui.test_modules import run
from tests.ui.watching import snapshot, view
from ui.diagnosing import encode_diagnosis, encode_life
from ui.page import STYLES
from ui.payload import encode_fixed, encode_snapshot

pytestmark = pytest.mark.timeout(120)

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


def test_cells_are_drawn_and_taken_away_again(bench: Page) -> None:
    show(bench, view())
    plain = [drawn(bench, level) for level in (1, 2)]
    flip(bench, "cells")
    celled = [drawn(bench, level) for level in (1, 2)]
    assert all(one != other for one, other in zip(plain, celled, strict=True))
    flip(bench, "joint")
    expect(switch(bench, "cells")).not_to_be_checked()
    assert drawn(bench, 1) != celled[0]
    assert drawn(bench, 2) == celled[1]  # the last level has no level after it
    flip(bench, "joint")
    assert [drawn(bench, level) for level in (1, 2)] == plain


def test_cells_by_angle_are_others(bench: Page) -> None:
    show(bench, view())
    flip(bench, "cells")
    near = drawn(bench)
    show(bench, view(), angular=True)
    assert drawn(bench) != near


def test_cells_hold_still_while_nothing_changes(bench: Page) -> None:
    show(bench, view())
    flip(bench, "joint")
    still = drawn(bench)
    for _ in range(3):
        show(bench, view())
        assert drawn(bench) == still


@pytest.mark.parametrize(
    ("seen", "off"), [({"dims": 8}, {"cells", "joint"}), ({"levels": 1}, {"joint"}), ({"codes": 300}, {"paths"})]
)
def test_what_would_not_be_true_is_off_with_a_reason(bench: Page, seen: dict[str, Any], off: set[str]) -> None:
    show(bench, view(**seen))
    for name in ("cells", "joint", "paths"):
        expect(switch(bench, name)).to_be_enabled(enabled=name not in off)
        assert switch(bench, name).locator("..").get_attribute("title")


def test_a_switch_that_is_on_goes_quiet_with_words_where_a_run_does_not_allow_it(bench: Page) -> None:
    show(bench, view())
    flip(bench, "cells")
    why = bench.get_by_test_id("overlay-why")
    expect(why).to_be_hidden()
    show(bench, view(dims=8))
    expect(why).to_contain_text("Cells have 8 dimensions")
    assert bench.evaluate("planes.planes.every((plane) => plane.mosaic === null)")
    show(bench, view())
    expect(why).to_be_hidden()
    assert bench.evaluate("planes.planes.every((plane) => plane.mosaic !== null)")


def test_planes_of_more_dimensions_say_what_they_show(bench: Page) -> None:
    show(bench, view(dims=8))
    expect(bench.locator("#planes")).to_contain_text(
        "first two principal components of z_e, 83% of the variance of its 8"
    )
    expect(bench.locator("figcaption").first).to_contain_text("encoder outputs, z_e (projected)")
    show(bench, view())
    expect(bench.locator("#planes")).not_to_contain_text("principal components of")


def test_too_many_joint_cells_are_not_drawn_and_the_largest_codebook_does_not_freeze_the_page(bench: Page) -> None:
    show(bench, view(codes=1024))
    flip(bench, "joint")
    assert bench.evaluate("planes.planes[0].mosaic.tooMany")
    flip(bench, "cells")
    assert not bench.evaluate("planes.planes[0].mosaic.tooMany")
    given = told(view(codes=1024))
    longest = bench.evaluate(
        """async (given) => {
          const lengths = [];
          for (let i = 0; i < 3; i++) {
            const before = performance.now();
            show(given);
            lengths.push(performance.now() - before);
            await new Promise((done) => setTimeout(done, 600));
          }
          return Math.min(...lengths);
        }""",
        given,
    )
    assert longest < 1000, longest


def alive(shape: tuple[int, int, int]) -> np.ndarray:
    return np.full(shape, 1 / shape[2])


def test_paths_are_drawn_from_what_was_asked_for(bench: Page) -> None:
    seen = view()
    show(bench, seen)
    assert "life" not in bench.evaluate("diagnosis.question")
    plain = drawn(bench)
    flip(bench, "paths")
    assert bench.evaluate("[asked, diagnosis.question.life]") == [1, {"generation": 0, "count": 0, "step": 0}]
    show(bench, seen, life=life_of(seen, alive((3, 2, 16))))
    assert drawn(bench) != plain
    assert bench.evaluate("diagnosis.question.life") == {"generation": 0, "count": 3, "step": 100}


def test_paths_of_a_run_that_stands_still_are_drawn_once_they_come(bench: Page) -> None:
    seen = view()
    show(bench, seen)
    flip(bench, "paths")
    plain = drawn(bench)
    life = json.loads(life_of(seen, alive((3, 2, 16))))
    bench.evaluate("(life) => { diagnosis.take({ life }, 'run-a'); planes.remember(diagnosis.life, []); }", life)
    assert drawn(bench) != plain


def test_a_leap_by_a_remedy_is_no_part_of_a_path(bench: Page) -> None:
    seen = view()
    shares = alive((3, 2, 16))
    shares[1:, :, 3] = 0
    show(bench, seen, life=life_of(seen, shares))
    flip(bench, "paths")
    walked = drawn(bench)
    remedy = {"step": 110, "name": "remedy", "remedy": "reinit", "by": "run", "moved": [[0, 1]]}
    show(bench, seen, changes=[remedy])
    assert bench.evaluate("planes.planes[0].paths.cured") == [False, False, False, True]
    assert bench.evaluate("planes.planes[0].paths.dead[2][3]")
    assert drawn(bench) != walked


def test_a_remedy_draws_an_arrow_that_fades_and_one_of_the_past_draws_none(bench: Page) -> None:
    def remedy(step: int) -> dict[str, Any]:
        places = {"scale": 1 / 32767, "data": "AAAAAP9//38="}  # from (0, 0) to (1, 1)
        return {
            "step": step,
            "name": "remedy",
            "remedy": "split",
            "by": "hand",
            "moved": [[0, 1]],
            "codes": [[0, 3]],
            "places": places,
        }

    show(bench, view(), changes=[remedy(50)])
    plain = drawn(bench)
    assert bench.evaluate("planes.moves.moves.length") == 0
    show(bench, view(), changes=[remedy(50), remedy(118)])
    (move,) = bench.evaluate("planes.moves.moves")
    assert (move["level"], move["code"]) == (0, 3)
    np.testing.assert_allclose([*move["from"], *move["to"]], [0, 0, 1, 1], atol=1e-3)
    arrow = drawn(bench)
    assert arrow != plain
    show(bench, view(), changes=[remedy(50), remedy(118)])
    assert bench.evaluate("planes.moves.moves.length") == 1
    bench.wait_for_function("planes.moves.moves.length === 0", timeout=20_000)
    assert drawn(bench) == plain


def test_levels_tell_ratios_bits_and_tuples_and_mark_one_that_adds_error(bench: Page) -> None:
    seen = replace(view(sizes=(16, 8, 4)), residual_ratio=np.array([0.25, 1.3, 0.5], np.float32))
    show(bench, seen)
    bench.locator("[name=diagnosis][value=levels]").evaluate("radio => radio.click()")
    rows = [bench.get_by_test_id(f"levels-{level}") for level in (1, 2, 3)]
    expect(rows[0]).to_contain_text(f"{seen.health.active[0]} of 16")
    expect(rows[0]).to_contain_text("0.25")
    expect(rows[1]).to_contain_text("1.30 ▲ adds error")
    expect(rows[1]).to_have_attribute("data-worse", "true")
    expect(rows[2]).to_have_attribute("data-worse", "false")
    expect(rows[2]).to_contain_text("of 4")
    expect(rows[2]).to_contain_text("16%")  # 0.25 · 1.3 · 0.5
    expect(bench.get_by_test_id("levels-sum")).to_contain_text("97 of 512 tuples of codes")
    expect(bench.get_by_test_id("levels-sum")).to_contain_text("of 9 bits")
    expect(bench.get_by_test_id("chart")).to_be_hidden()


@pytest.mark.parametrize(
    ("sizes", "words"), [([16, 16], "256"), ([16, 8, 4], "512"), ([16] * 8, "4.3 · 10⁹"), ([1024] * 8, "1.2 · 10²⁴")]
)
def test_how_many_tuples_there_could_be_is_a_number_that_can_be_read(page: Page, sizes: list[int], words: str) -> None:
    assert run(page, "leveltable.js", "return module.tuplesOf(given);", sizes) == words


def test_lives_tell_what_each_code_was_chosen_for_and_when_it_was_dead(bench: Page) -> None:
    seen = view(levels=1, codes=4)
    shares = np.array([[0.25, 0.25, 0.25, 0.25], [0.5, 0.3, 0.2, 0], [0.7, 0, 0.3, 0]])[:, None]
    show(bench, seen)
    bench.locator("[name=diagnosis][value=time]").evaluate("radio => radio.click()")
    assert bench.evaluate("diagnosis.question.life.count") == 0
    show(bench, seen, life=life_of(seen, shares))
    card = bench.locator("#curves")
    expect(card.locator("h2")).to_have_text("Codes over time")
    box = bench.get_by_test_id("lifetimes-1").bounding_box()
    assert box
    inner = box["height"] - 20

    def point(step: float, code: int) -> None:
        bench.mouse.move(box["x"] + 20 + (box["width"] - 21) * step / 120, box["y"] + 5 + inner * (code + 0.5) / 4)

    point(25, 0)
    expect(card.locator("header small")).to_have_text("level 1, code 0, step 50: 50%")
    point(75, 1)
    expect(card.locator("header small")).to_have_text("level 1, code 1, step 100: 0%, dead")
    point(115, 0)
    expect(card.locator("header small")).to_contain_text("step 120")  # up to now: the health's own window
    bench.mouse.move(5, 5)
    expect(card.locator("header small")).to_have_text("share of their level's choices")


def test_levels_of_the_reconstructions_come_a_row_each(bench: Page) -> None:
    def height() -> int:
        return bench.evaluate("document.querySelector('[data-testid=digits]').height")

    show(bench, view(levels=4))
    two = height()
    bench.locator("[name=by-level]").evaluate("box => box.click()")
    assert bench.evaluate("[asked, diagnosis.question.diagnosis]") == [1, {"version": None, "images": True}]
    show(bench, view(levels=4))
    assert height() > 1.5 * two
    assert bench.evaluate("digits.shown.rows.map(({ name }) => name)") == [
        "input",
        "level 1",
        "1 + 2",
        "1 to 3",
        "1 to 4",
    ]
    assert bench.evaluate("digits.shown.rows[1].note") == "0.0000"  # here each level's images are the inputs
    bench.locator("[name=by-level]").evaluate("box => box.click()")
    show(bench, view(levels=4))
    assert height() == two


def test_every_level_has_only_its_own_codes(bench: Page) -> None:
    show(bench, view(sizes=(16, 3)))
    assert bench.evaluate("planes.planes.map((plane) => plane.scene.dead.length)") == [16, 3]
    assert bench.evaluate("planes.planes.map((plane) => plane.scene.codes.length)") == [32, 6]
    expect(bench.get_by_test_id("health-2")).to_contain_text("/3")
    canvas = bench.locator("#health canvas").nth(1)
    box = canvas.bounding_box()
    assert box
    bench.mouse.move(box["x"] + box["width"] - 2, box["y"] + box["height"] / 2)
    expect(bench.get_by_test_id("health-2")).to_contain_text("code 2: ")
    expect(bench.get_by_test_id("health-2")).to_contain_text("gradient 0.")
