"""Levels, lives of codes and reconstructions as somebody meets them, in a real browser: the page's own modules, no run."""

from dataclasses import replace

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.ui.bench import bench as bench
from tests.ui.bench import life_of, show
from tests.ui.test_modules import page as page
from tests.ui.test_modules import run
from tests.ui.watching import view

pytestmark = pytest.mark.timeout(120)


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
