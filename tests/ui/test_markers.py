"""What the page says of what happened to a run, and of losses that are not computed all the time."""

from typing import Any

import pytest
from playwright.sync_api import Page

from tests.ui.test_compare_panels import over
from tests.ui.test_modules import page as page
from tests.ui.test_modules import run


def remedy(step: int, by: str = "run", **more: Any) -> dict[str, Any]:
    return {"step": step, "name": "remedy", "remedy": "reinit", "by": by, "moved": [[0, 2]], **more}


def change(step: int, old: float, new: float) -> dict[str, Any]:
    return {"step": step, "name": "commit", "old": old, "new": new}


def merged(page: Page, changes: list[dict[str, Any]], reach: int = 12, far: int = 100) -> list[dict[str, Any]]:
    body = "return module.merged(given.changes, given.reach, given.far);"
    return run(page, "markers.js", body, {"changes": changes, "reach": reach, "far": far})


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (remedy(5), "reinit: 2 codes of level 1"),
        (remedy(5, moved=[[1, 1]]), "reinit: 1 code of level 2"),
        (remedy(5, moved=[[0, 3], [2, 1]], times=4), "reinit, 4 times: 3 codes of level 1 and 1 of level 3"),
        (remedy(5, moved=[]), "reinit: nothing was dead"),
        (change(5, 0.25, 4), "λ_commit 0.25 → 4"),
        ({"step": 5, "name": "ema_decay", "old": 0.99, "new": 0.9}, "EMA decay 0.99 → 0.9"),
        ({"step": 50, "name": "recovered", "old": 1200, "new": 50}, "recovered (was at 1,200)"),
    ],
)
def test_what_happened_is_put_in_words(page: Page, event: dict[str, Any], words: str) -> None:
    assert run(page, "markers.js", "return module.markerWords(given);", event) == words


def test_turns_of_a_runs_own_remedy_become_one_marker_that_counts_them(page: Page) -> None:
    turns = [remedy(100), remedy(200, moved=[[0, 1], [1, 4]]), remedy(300), remedy(900)]
    first, last = merged(page, turns)
    assert (first["step"], first["last"], first["times"]) == (100, 300, 3)
    assert first["moved"] == [[0, 5], [1, 4]]
    assert (last["step"], last.get("times")) == (900, None)


def test_remedies_by_hand_stay_apart_and_a_drag_of_a_slider_is_one_marker(page: Page) -> None:
    kept = merged(page, [remedy(100, "hand"), remedy(101, "hand"), change(100, 0.25, 0.5), change(105, 0.5, 4)])
    assert [(one["name"], one["step"]) for one in kept] == [("remedy", 100), ("remedy", 101), ("commit", 100)]
    assert (kept[-1]["old"], kept[-1]["new"]) == (0.25, 4)
    assert merged(page, [change(100, 0.25, 0.5), change(105, 0.5, 0.25)]) == []


def names(page: Page, columns: dict[str, list[float | None]], scale: str) -> list[dict[str, Any]]:
    body = """
    const numbers = (values) => values.map((value) => value ?? NaN);
    const columns = Object.fromEntries(Object.entries(given.columns).map(([name, values]) => [name, numbers(values)]));
    const curves = { colours: {}, scale: given.scale, legend: { hidden: new Set() } };
    return module.traces({ steps: [1, 2, 3], columns }, curves).map(({ name, y }) => ({ name, y }));
    """
    return run(page, "curves.js", body, {"columns": columns, "scale": scale})


def test_losses_that_were_never_computed_are_not_drawn_and_gaps_stay_gaps(page: Page) -> None:
    usual = {f"loss/{name}": [1.0, 2.0, 3.0] for name in ("total", "recon", "commit", "codebook")}
    absent = {"loss/entropy": [None] * 3, "loss/transport": [None] * 3}
    assert [one["name"] for one in names(page, {**usual, **absent}, "log")] == ["total", "recon", "commit", "codebook"]
    partly = {"loss/entropy": [None, -0.5, -0.75], "loss/transport": [0.1, None, None]}
    drawn = {one["name"]: one["y"] for one in names(page, {**usual, **partly}, "linear")}
    assert str(drawn["entropy"]) == "[nan, -0.5, -0.75]"
    assert str(drawn["transport"]) == "[0.1, nan, nan]"


def test_a_term_below_zero_shows_its_size_on_a_logarithmic_scale(page: Page) -> None:
    (*_, last) = names(page, {"loss/entropy": [-0.5, -0.6, -0.7]}, "log")
    assert last == {"name": "−entropy", "y": [0.5, 0.6, 0.7]}


def test_rare_losses_can_be_compared_once_a_run_has_them(page: Page) -> None:
    body = "return module.metricsOf(states)[0].metrics.map(({ name }) => name);"
    plain = {"steps": [1], "columns": {"loss/recon": [1], "loss/entropy": [None]}}
    usual = [f"loss/{name}" for name in ("recon", "commit", "codebook", "total")]
    assert over(page, "figures.js", body, [plain]) == usual
    spread = {"steps": [1], "columns": {"loss/entropy": [-0.5]}}
    assert over(page, "figures.js", body, [plain, spread]) == [*usual, "loss/entropy"]


@pytest.mark.parametrize(("size", "bits", "words"), [(16, 8, "16"), ([16, 8], 7, "16/8"), ([4, 4], 4, "4")])
def test_nominal_bits_and_sizes_are_those_of_each_level(page: Page, size: Any, bits: float, words: str) -> None:
    body = "return [module.nominalBits(given), module.sizesText(given)];"
    given = {"levels": 2, "codebook_size": size}
    assert run(page, "compare/figures.js", body, given) == [bits, words]
