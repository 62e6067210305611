"""The numbers behind the Compare tab's curves and panels, in a real browser, against numpy."""

import csv
import io
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page

from explorer.config import RunConfig
from explorer.palette import RUN_COLOURS
from tests.ui.test_modules import page as page
from tests.ui.test_modules import run
from ui.tabs.compare import settings

AXES = settings(RunConfig())["axes"]

pytestmark = pytest.mark.timeout(120)

STATES = """
(await import("/compare/settings.js")).know(given.axes);
const states = given.runs.map((raw, index) => ({
  id: `run-${index}`, index, view: null, fixed: null, trouble: "",
  snapshot: { status: raw.status ?? "running", step: raw.step ?? 0, steps_per_second: 10 },
  entry: {
    id: `run-${index}`, name: raw.name ?? `run ${index}`, status: raw.status ?? "running", note: raw.note ?? "",
    parent: raw.parent ?? null, forked_at: raw.forked_at ?? 0,
    live: { commit: 0.25, codebook: 1, learning_rate: 0.001, ...raw.live },
    config: { dataset: "mnist", seed: 0, batch_size: 128, levels: 2, codebook_size: 16, latent_dim: 2, learning_rate: 0.001,
      ...raw.config, lambdas: { commit: 0.25, codebook: 1, ...raw.lambdas } },
  },
  history: { steps: raw.steps ?? [], columns: raw.columns ?? {}, changes: [] },
  probe: raw.probe ? { generation: 0, steps: new Int32Array(raw.probe.steps), mse: new Float32Array(raw.probe.mse ?? []),
    active: new Float32Array(raw.probe.active ?? []), perplexity: new Float32Array(raw.probe.perplexity ?? []) } : null,
}));
"""


def over(page: Page, module: str, body: str, runs: list[dict[str, Any]], **given: Any) -> Any:
    """`body` over `module` and `states`, the runs as the page's store has them."""
    return run(page, f"compare/{module}", STATES + body, {"runs": runs, "axes": AXES, **given})


def probe(steps: list[int], **values: list[float]) -> dict[str, Any]:
    return {"steps": steps, "mse": [0.05] * len(steps), **values}


SMOOTH = "return Array.from(module.smoothed(given, given.reach).values);"


@pytest.mark.parametrize("stride", [1, 7])
def test_smoothing_is_the_weighted_mean_of_what_came_so_far(page: Page, stride: int) -> None:
    values = np.random.default_rng(0).normal(size=60)
    steps = stride * np.arange(1, 61)
    expected = [np.average(values[: i + 1], weights=np.exp((steps[: i + 1] - steps[i]) / 20)) for i in range(60)]
    read = run(page, "compare/smoothing.js", SMOOTH, {"steps": steps.tolist(), "values": values.tolist(), "reach": 20})
    np.testing.assert_allclose(read, expected, rtol=1e-9)


def test_smoothing_owes_nothing_to_its_start(page: Page) -> None:
    given = {"steps": [1, 2, 3, 4], "values": [5.0, 5.0, 5.0, 5.0], "reach": 1000}
    np.testing.assert_allclose(run(page, "compare/smoothing.js", SMOOTH, given), 5.0)


def test_smoothing_passes_over_what_is_no_number(page: Page) -> None:
    body = "const series = { steps: [1, 2, 3], values: [NaN, 4, Infinity] };" + SMOOTH.replace("given,", "series,")
    first, second, third = run(page, "compare/smoothing.js", body, {"reach": 5})
    assert (first, second, third) == (pytest.approx(np.nan, nan_ok=True), 4.0, pytest.approx(np.nan, nan_ok=True))


def test_no_smoothing_leaves_the_values_as_they_are(page: Page) -> None:
    assert run(page, "compare/smoothing.js", SMOOTH, {"steps": [1, 2], "values": [3, 9], "reach": 0}) == [3, 9]


@pytest.mark.parametrize(("points", "columns"), [(2000, 50), (100, 300), (1, 10), (0, 10)])
def test_thinning_keeps_every_peak_and_few_points(page: Page, points: int, columns: int) -> None:
    values = np.random.default_rng(1).normal(size=points)
    if points > 700:
        values[700] = 99.0
    body = "return module.thinned(given, 0, 1e9, given.columns);"
    given = {"steps": list(range(points)), "values": values.tolist(), "columns": columns}
    read = run(page, "compare/smoothing.js", body, given)
    assert len(read["steps"]) <= min(2 * columns + 2, points)
    assert read["steps"] == sorted(set(read["steps"]))
    np.testing.assert_allclose(read["values"], values[read["steps"]] if points else [])
    if points:
        assert max(read["values"]) == values.max()
        assert min(read["values"]) == values.min()
    if points <= columns:
        assert read["steps"] == list(range(points))


def test_thinning_keeps_a_point_beyond_either_end_of_what_is_in_sight(page: Page) -> None:
    given = {"steps": list(range(0, 1000, 10)), "values": list(range(100))}
    read = run(page, "compare/smoothing.js", "return module.thinned(given, 205, 305, 500).steps;", given)
    assert read == list(range(200, 320, 10))


@pytest.mark.parametrize(("step", "value"), [(0, 1), (10, 1), (14, 1), (20, 2), (30, 3), (39, 3), (41, None)])
def test_a_curve_says_nothing_of_steps_that_are_yet_to_come(page: Page, step: int, value: float | None) -> None:
    body = "return module.valueAt({ steps: [10, 20, 30], values: [1, 2, 3] }, given) ?? null;"
    assert run(page, "compare/smoothing.js", body, step) == value


def test_only_settings_that_differ_are_told(page: Page) -> None:
    runs = [{"lambdas": {"commit": 0.05}}, {"lambdas": {"commit": 4}, "config": {"seed": 3}}]
    runs = [{**each, "live": {"commit": each["lambdas"]["commit"]}} for each in runs]
    assert over(page, "settings.js", "return module.differing(states);", runs) == ["commit", "seed"]


def test_a_setting_changed_on_the_way_differs_but_was_not_swept(page: Page) -> None:
    body = "return [module.differing(states), module.swept(states), module.told(states[1], 'codebook')];"
    differing, swept, told = over(page, "settings.js", body, [{}, {"live": {"codebook": 5}}])
    assert (differing, swept, told) == (["codebook"], [], "1 → 5")


def test_names_of_a_sweep_are_told_by_their_values(page: Page) -> None:
    names = ["λ_commit 0.05 · λ_codebook 1", "λ_commit 4 · λ_codebook 1", "mine", "λ_commit 4 · λ_codebook 1 ↳ 420"]
    body = "return module.shortNames(states);"
    short = over(page, "settings.js", body, [{"name": name} for name in names])
    assert short == {"of": "λ_commit · λ_codebook", "names": ["0.05 · 1", "4 · 1", "mine", "4 · 1 ↳ 420"]}
    other = over(page, "settings.js", body, [{"name": "λ_commit 4"}, {"name": "seed 1"}, {"name": "<b>x</b>"}])
    assert other == {"of": "", "names": ["λ_commit 4", "seed 1", "<b>x</b>"]}


@pytest.mark.parametrize(
    ("values", "better", "best"),
    [
        ([0.5, 0.25, 0.75], "low", [1]),
        ([0.5, 0.25, 0.75], "high", [2]),
        ([0.1234, 0.12341, 0.2], "low", [0, 1]),
        ([1, 1, 1], "high", []),
        ([None, 3, None], "high", []),
        ([None, 3, 4], "low", [1]),
        ([], "low", []),
    ],
)
def test_the_best_are_marked_as_they_are_shown(page: Page, values: list[float], better: str, best: list[int]) -> None:
    body = "return [...module.bestOf(given.values, given.better, (value) => value.toFixed(4))];"
    assert run(page, "compare/figures.js", body, {"values": values, "better": better}) == best


def test_bits_and_psnr_are_those_of_the_formulas(page: Page) -> None:
    body = "return [module.effectiveBits([16, 4.5, 1]), module.nominalBits({ levels: 3, codebook_size: 32 }), module.psnr(0.05)];"
    read = run(page, "compare/figures.js", body)
    np.testing.assert_allclose(read, [4 + np.log2(4.5), 15, -10 * np.log10(0.05)])


def test_without_a_picture_the_newest_probe_and_the_last_hundred_steps_count(page: Page) -> None:
    losses = np.linspace(1, 0, 400)
    seen = {
        "probe": {"steps": [50, 100], "mse": [0.2, 0.1], "active": [16, 16, 8, 7], "perplexity": [9, 9, 4, 2]},
        "steps": list(range(1, 401)),
        "columns": {"loss/recon": losses.tolist()},
    }
    figures = over(page, "figures.js", "return module.figuresOf(states[0]);", [seen])
    assert figures["active"] == [8, 7]
    np.testing.assert_allclose([figures["mse"], figures["psnr"], figures["bits"]], [0.1, 10, 3], rtol=1e-6)
    np.testing.assert_allclose(figures["losses"]["recon"], losses[-100:].mean())
    nothing = over(page, "figures.js", "return module.figuresOf(states[0]);", [{}])
    assert nothing["mse"] is nothing["bits"] is nothing["losses"]["recon"] is None


def test_a_forks_past_is_its_forebears_up_to_each_fork(page: Page) -> None:
    def curve(first: int, last: int, value: float) -> dict[str, Any]:
        return {"steps": list(range(first, last + 1)), "columns": {"loss/recon": [value] * (last - first + 1)}}

    runs = [
        curve(1, 9, 1.0),
        {**curve(5, 9, 2.0), "parent": "run-0", "forked_at": 4},
        {**curve(8, 9, 3.0), "parent": "run-1", "forked_at": 7},
        {**curve(8, 9, 3.0), "parent": "elsewhere", "forked_at": 7},
    ]
    past = over(page, "figures.js", "return states.map((run) => module.pastOf(run, states, 'loss/recon'));", runs)
    assert past[2] == {"steps": list(range(1, 8)), "values": [1.0] * 4 + [2.0] * 3}
    assert past[1]["steps"] == [1, 2, 3, 4]
    assert past[0]["steps"] == past[3]["steps"] == []


def test_runs_fall_into_the_cells_of_what_was_swept(page: Page) -> None:
    runs = [
        {"lambdas": {"commit": c}, "config": {"seed": s}, "probe": probe([50], mse=[c + s])}
        for c, s in [(1, 0), (0.5, 0), (1, 1), (2, 0), (2, 0)]
    ]
    body = """
    const grid = module.gridOf(states, "commit", "seed", (run) => module.probeAt(run, "mse", 50));
    const cells = grid.cells.map((row) => row.map((cell) => cell && [cell.value, cell.runs.length]));
    return { ...grid, axes: module.axesOf(states), cells };
    """
    grid = over(page, "grid.js", body, runs)
    assert grid["axes"] == ["commit", "seed"]
    assert (grid["columns"], grid["rows"]) == ([0.5, 1, 2], [0, 1])
    assert grid["cells"] == [[[0.5, 1], [1, 1], [2, 2]], [None, [2, 1], None]]


def test_a_cell_says_what_its_level_had_at_that_step(page: Page) -> None:
    seen = probe([50, 100], active=[1, 2, 3, 4], perplexity=[5, 6, 7, 8])
    asked = [("active/1", 50), ("perplexity/0", 100), ("perplexity/2", 100), ("active/0", 75)]
    body = "return given.asked.map(([metric, step]) => module.probeAt(states[0], metric, step));"
    assert over(page, "grid.js", body, [{"probe": seen}], asked=asked) == [2, 7, None, None]


@pytest.mark.parametrize(
    ("runs", "steps"),
    [
        ([("running", [50, 100, 150]), ("paused", [100, 200])], [100]),
        ([("running", [50, 100]), ("pending", [])], [50, 100]),
        ([("running", [50, 100]), ("failed", [50])], [50, 100]),
        ([("stopped", [50]), ("stopped", [50, 100])], [50, 100]),
        ([("pending", [])], []),
        ([], []),
    ],
)
def test_live_runs_are_looked_at_where_all_have_been(
    page: Page, runs: list[tuple[str, list[int]]], steps: list[int]
) -> None:
    states = [{"status": status, "probe": probe(seen) if seen else None} for status, seen in runs]
    assert over(page, "grid.js", "return module.sharedSteps(states);", states) == steps


def test_the_csv_has_every_setting_and_no_formula(page: Page) -> None:
    runs = [{"name": '=1+1,"x"', "note": "two\nlines", "live": {"commit": 4}}, {"name": "λ", "probe": probe([50])}]
    text = over(page, "columns.js", "return module.csvOf(states);", runs)
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [row["name"] for row in rows] == ['\'=1+1,"x"', "λ"]
    assert rows[0]["note"] == "two\nlines"
    assert (rows[0]["commit"], rows[0]["commit_now"], rows[0]["seed"], rows[0]["mse"]) == ("0.25", "4", "0", "")
    assert float(rows[1]["mse"]) == pytest.approx(0.05)


@pytest.mark.parametrize(
    ("low", "high", "log"), [(0, 1, False), (0.044, 0.0571, True), (1e-6, 3, True), (-0.003, 0, False)]
)
def test_ticks_lie_within_their_axis_and_ascend(page: Page, low: float, high: float, log: bool) -> None:
    body = "return module.ticksOf(module.domainOf([given.low, given.high], given), 5).map(({ value }) => value);"
    ticks = run(page, "compare/scale.js", body, {"low": low, "high": high, "log": log})
    assert 2 <= len(ticks) <= 8
    assert ticks == sorted(ticks)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_run_of_sixteen_has_a_colour_of_its_own(page: Page, theme: str) -> None:
    body = "return [...Array(17).keys()].map((i) => [module.runColour(i, given === 'dark'), module.runDash(i)]);"
    looks = run(page, "compare/colours.js", body, theme)
    assert len({colour for colour, _ in looks}) == 16
    assert looks[16] == looks[0]
    assert {dash for _, dash in looks[:8]} == {"solid"}
    assert "solid" not in {dash for _, dash in looks[8:16]}


def test_the_pages_light_colours_are_those_of_exported_figures(page: Page) -> None:
    assert run(page, "compare/colours.js", "return module.RUN_COLOURS.light;") == list(RUN_COLOURS)
