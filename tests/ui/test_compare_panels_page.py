"""The Compare tab's panels as somebody meets them, in a real browser: with runs, without, by mouse and by keyboard."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.ui.test_compare_panels import AXES, STATES, probe
from tests.ui.test_modules import page as page
from tests.ui.test_modules import run

pytestmark = pytest.mark.timeout(120)

SHOW = (
    "async (given) => {"
    + STATES
    + """
  const { Panels } = await import("/compare/panels.js");
  const { RunFocus } = await import("/compare/store.js");
  const { palette } = await import("/palette.js");
  document.body.innerHTML = "<section></section>";
  window.opened = []; window.asked = []; window.address = { panel: given.panel };
  window.context = {
    colours: palette(document.body), focus: new RunFocus(), selectRun: (id) => opened.push(id),
    wantDivergence: (pair) => asked.push(pair),
    address: { get: (name) => address[name] ?? null, set: (name, value) => (address[name] = value) },
  };
  window.panels = new Panels(document.querySelector("section"), context);
  panels.update(states);
}"""
)


def show(page: Page, panel: str, runs: list[dict[str, Any]]) -> None:
    page.evaluate(SHOW, {"panel": panel, "runs": runs, "axes": AXES})


def grid() -> list[dict[str, Any]]:
    """Four runs, λ_commit × λ_codebook; the second is best."""
    errors = iter([0.05, 0.04, 0.07, 0.06])
    return [
        {
            "name": f"run {commit} {codebook}",
            "lambdas": {"commit": commit, "codebook": codebook},
            "live": {"commit": commit, "codebook": codebook},
            "probe": probe([50], mse=[next(errors)], active=[16, 9], perplexity=[8, 4]),
        }
        for commit in (0.25, 4)
        for codebook in (1, 2)
    ]


@pytest.mark.parametrize("panel", ["table", "divergence", "heat", "rate"])
def test_an_empty_panel_says_what_to_do(page: Page, panel: str) -> None:
    show(page, panel, [])
    words = page.locator(f".{panel}-panel .empty")
    expect(words).to_be_visible()
    expect(words).to_contain_text("Select")


@pytest.mark.parametrize("panel", ["table", "divergence", "heat", "rate"])
def test_a_name_with_markup_stays_a_text(page: Page, panel: str) -> None:
    runs = grid()
    runs[0]["name"] = "<img src=x onerror=alert(1)>"
    show(page, panel, runs)
    assert page.locator("section img").count() == 0
    if panel == "table":
        expect(page.get_by_test_id("compare-table")).to_contain_text("<img src=x onerror=alert(1)>")


def names(page: Page) -> list[str]:
    return page.locator("[data-testid=compare-table] tbody th").all_inner_texts()


def test_a_column_is_sorted_one_way_the_other_and_not_at_all(page: Page) -> None:
    show(page, "table", grid())
    before = names(page)
    head = page.locator("th[data-id=mse]")
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") == "ascending"
    assert [name.strip() for name in names(page)] == ["run 0.25 2", "run 0.25 1", "run 4 2", "run 4 1"]
    head.get_by_role("button").press("Enter")
    assert head.get_attribute("aria-sort") == "descending"
    assert names(page)[0].strip() == "run 4 1"
    head.get_by_role("button").press("Enter")
    assert head.get_attribute("aria-sort") == "none"
    assert names(page) == before


def test_what_is_missing_is_sorted_last_either_way(page: Page) -> None:
    body = (
        "return [true, false].map((up) => [3, null, 1, NaN, 2].sort((a, b) => module.compare(a, b, up)).slice(0, 3));"
    )
    assert run(page, "compare/columns.js", body) == [[1, 2, 3], [3, 2, 1]]


def test_the_best_are_marked_by_a_sign_and_not_by_colour_alone(page: Page) -> None:
    show(page, "table", grid())
    column = page.locator("thead th").evaluate_all("(heads) => heads.findIndex((head) => head.dataset.id === 'mse')")
    cells = page.locator(f"tbody tr > :nth-child({column + 1})").all_inner_texts()
    assert [cell.replace("\n", "") for cell in cells] == ["0.0500", "★0.0400", "0.0700", "0.0600"]


def test_the_table_keeps_its_rows_when_news_come(page: Page) -> None:
    show(page, "table", grid())
    page.evaluate("window.kept = document.querySelector('tbody tr'); panels.update(panels.runs)")
    assert page.evaluate("kept === document.querySelector('tbody tr') && kept.isConnected")


def test_a_cell_of_the_heat_map_opens_its_run_by_key(page: Page) -> None:
    show(page, "heat", grid())
    best = page.locator(".heat td.best button")
    assert best.inner_text() == "★ 0.0400"
    best.press("Enter")
    assert page.evaluate("opened") == ["run-1"]


def test_a_combination_without_a_run_is_hatched(page: Page) -> None:
    show(page, "heat", grid()[:3])
    assert page.locator(".heat td.missing").count() == 1
    expect(page.locator(".heat-legend")).to_contain_text("hatched: no run")


def test_a_heat_map_of_one_setting_says_that_it_needs_two(page: Page) -> None:
    show(page, "heat", grid()[:2])
    expect(page.locator(".heat-panel .empty")).to_contain_text("differ only in λ_codebook")


def test_two_runs_are_compared_only_while_the_panel_shows(page: Page) -> None:
    show(page, "divergence", grid())
    assert page.evaluate("asked") == [["run-0", "run-1"]]
    page.evaluate("address.panel = 'table'; panels.follow()")
    assert page.evaluate("asked.at(-1)") is None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"config": {"levels": 3}}, "2 × 16 and 3 × 16"),
        ({"config": {"codebook_size": 32}}, "2 × 16 and 2 × 32"),
    ],
)
def test_codebooks_of_another_shape_are_not_compared(page: Page, change: dict[str, Any], words: str) -> None:
    show(page, "divergence", [grid()[0], change])
    expect(page.locator(".divergence-panel .empty")).to_contain_text(words)
    assert page.evaluate("asked.filter(Boolean)") == []


def test_a_run_does_not_come_apart_from_itself(page: Page) -> None:
    show(page, "divergence", grid())
    page.get_by_label("The other run").select_option("run-0")
    expect(page.locator(".divergence-panel .empty")).to_contain_text("two different runs")


def test_the_run_pointed_at_stands_out_in_every_panel(page: Page) -> None:
    for panel in ("table", "heat", "rate"):
        show(page, panel, grid())
        page.evaluate("context.focus.on('run-2')")
        assert page.locator(f".{panel}-panel .faded").count() > 0
        page.evaluate("context.focus.on(null)")
        assert page.locator(".faded").count() == 0


def test_each_run_is_a_point_of_the_rate_panel(page: Page) -> None:
    show(page, "rate", grid())
    assert page.get_by_test_id("compare-rate").locator("circle").count() == 4
    expect(page.get_by_role("img", name="Rate and distortion: run 0.25 1: 5.0 bits, MSE 0.0500")).to_be_visible()
    expect(page.get_by_test_id("compare-rate")).to_contain_text("2 · log₂ 16 = 8 bits")


def test_without_the_charting_library_the_curves_say_so(page: Page) -> None:
    runs = [{"steps": [1, 2, 3], "columns": {"loss/recon": [3, 2, 1]}}]
    show(page, "table", [])
    page.evaluate(
        "async (given) => {"
        + STATES
        + """
        const { Curves } = await import("/compare/curves.js");
        document.querySelector("section").style.width = "600px";
        window.curves = new Curves(document.querySelector("section"), context);
        document.querySelector(".chart").style.height = "200px";
        curves.update(states);
        }""",
        {"runs": runs, "axes": AXES},
    )
    expect(page.locator(".empty")).to_have_text("No curves: the charting library could not be loaded.")
