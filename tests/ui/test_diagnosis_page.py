"""Cells, paths and moves as somebody meets them, in a real browser: the page's own modules, no run."""

import json
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.ui.bench import alive, drawn, flip, life_of, show, switch, told
from tests.ui.bench import bench as bench
from tests.ui.test_modules import page as page
from tests.ui.watching import view

pytestmark = pytest.mark.timeout(120)


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
