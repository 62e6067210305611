"""Comparisons and heat maps are judged by what they hold, on runs that were really trained."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import same_color, to_rgb
from matplotlib.figure import Figure
from matplotlib.offsetbox import AnnotationBbox
from matplotlib.text import Text

from explorer import figures, palette
from explorer.config import Lambdas, RunConfig
from explorer.curves import Curves
from explorer.drawing.curves import running_mean, running_reach
from explorer.drawing.heat import cell_text
from explorer.drawing.overlay import spread
from explorer.figures import Entry
from explorer.messages import History, Snapshot

STEPS = 24
CONFIGS = [RunConfig(batch_size=16, codebook_size=8, lambdas=Lambdas(commit=commit)) for commit in (0.25, 4.0)]


def entry_of(sample, config: RunConfig, name: str) -> Entry:
    from explorer.training.trainer import Trainer

    trainer, curves = Trainer(config, sample), Curves()
    losses: dict[str, float] = {}
    for _ in range(STEPS):
        losses = trainer.step(config.lambdas, config.learning_rate) or {}
        curves.add({f"loss/{term}": value for term, value in losses.items()})
    snapshot = Snapshot(
        run_id=name,
        version=1,
        generation=0,
        status="stopped",
        reason="",
        step=STEPS,
        epoch=0.1,
        steps_per_second=0.0,
        device="CPU",
        data_source="embedded sample, 5,000 digits",
        lambdas=config.lambdas,
        learning_rate=config.learning_rate,
        since={},
        losses=losses,
        view=trainer.view(),
    )
    return Entry(name, config, snapshot, History(name, 0, curves.stride, *curves.since(0), ()))


@pytest.fixture(scope="module")
def pair(sample) -> list[Entry]:
    return [entry_of(sample, config, f"λ_commit {config.lambdas.commit:g}") for config in CONFIGS]


def many(pair: list[Entry], count: int, **settings: int) -> list[Entry]:
    """So many runs that differ in their seeds; their pictures are those of the pair."""
    entries = [pair[i % 2] for i in range(count)]
    return [
        replace(entry, name=f"seed {seed}", config=replace(entry.config, seed=seed, **settings))
        for seed, entry in enumerate(entries)
    ]


def seen(entry: Entry, **changes: object) -> Entry:
    """The run with another view."""
    return replace(entry, snapshot=replace(entry.snapshot, view=replace(entry.view, **changes)))


def axes_of(figure: Figure, label: str):
    return next(axes for axes in figure.axes if axes.get_label() == label)


def planes(figure: Figure):
    return [axes for axes in figure.axes if axes.get_label().startswith("run ")]


def words(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.findobj(Text) if text.get_text()]


def strays(figure: Figure) -> list[str]:
    """The words that reach beyond the sheet; matplotlib keeps numbers of ticks beyond an axis, which it does not draw."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    width, height = canvas.get_width_height()
    ticks = [
        label
        for axes in figure.axes
        if axes.get_label() != "heat"
        for axis in (axes.xaxis, axes.yaxis)
        for label in axis.get_ticklabels()
    ]
    found = []
    for text in set(figure.findobj(Text)).difference(ticks):
        box = text.get_window_extent(canvas.get_renderer())
        if text.get_text() and text.get_visible() and (box.x0 < 0 or box.y0 < 0 or box.x1 > width or box.y1 > height):
            found.append(text.get_text())
    return found


def collisions(figure: Figure) -> list[tuple[str, str]]:
    """Lines of words that cover one another."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    boxes = figure.findobj(AnnotationBbox)
    extents = [box.get_window_extent(canvas.get_renderer()) for box in boxes]
    said = [" ".join(text.get_text() for text in box.findobj(Text)) for box in boxes]
    pairs = [(i, j) for i in range(len(boxes)) for j in range(i)]
    return [(said[i], said[j]) for i, j in pairs if _covers(extents[i], extents[j])]


def _covers(one, other) -> bool:
    """By more than two pixels: badges of neighbouring lines may touch."""
    wide = min(one.x1, other.x1) - max(one.x0, other.x0)
    high = min(one.y1, other.y1) - max(one.y0, other.y0)
    return wide > 2 and high > 2


# Comparisons ---------------------------------------------------------------------------------------------------------


def test_each_run_has_a_plane_with_its_own_points_and_codes_on_shared_axes(pair):
    shown = planes(figures.comparison(pair))
    assert [axes.get_label() for axes in shown] == ["run 1", "run 2"]
    assert shown[0].get_xlim() == shown[1].get_xlim()
    assert shown[0].get_ylim() == shown[1].get_ylim()
    for axes, entry in zip(shown, pair, strict=True):
        (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
        held = np.concatenate([entry.view.latents, entry.view.codebooks[0]])
        assert left <= held[:, 0].min() <= held[:, 0].max() <= right
        assert low <= held[:, 1].min() <= held[:, 1].max() <= high
        points = [mark for mark in axes.collections if str(mark.get_label()).startswith("digit")]
        drawn = np.concatenate([np.asarray(mark.get_offsets()) for mark in points])
        assert np.isclose(np.sort(drawn.sum(1)), np.sort(entry.view.latents.astype(float).sum(1)), atol=1e-5).all()


def test_each_run_is_named_numbered_and_judged(pair):
    said = words(figures.comparison(pair))
    for number, entry in enumerate(pair, start=1):
        assert entry.name in said
        assert said.count(f"{number}") >= 3  # over its plane, at the end of its curve, in the table
        assert f"· MSE {entry.view.probe_mse:.4f}" in said
        assert f"{entry.view.health.active[0]}" in said


def test_recon_losses_are_pale_points_and_bold_means_in_the_runs_colours(pair):
    axes = axes_of(figures.comparison(pair), "recon")
    assert axes.get_yscale() == "log"
    assert len(axes.lines) == 4
    for run, entry in enumerate(pair):
        raw, mean = axes.lines[2 * run : 2 * run + 2]
        values = entry.history.columns["loss/recon"].astype(np.float64)
        np.testing.assert_allclose(raw.get_ydata(), values)
        np.testing.assert_allclose(mean.get_ydata(), running_mean(values, 2 * running_reach(len(values))))
        assert same_color(raw.get_color(), palette.RUN_COLOURS[run])
        assert same_color(mean.get_color(), palette.RUN_COLOURS[run])
        assert raw.get_alpha() < 0.3 < 1 < mean.get_linewidth()


def test_the_table_has_the_settings_that_differ_and_the_header_those_that_do_not(pair):
    said = words(figures.comparison(pair))
    assert "λ_commit" in said
    assert {"0.25", "4"} <= set(said)
    assert "learning rate" not in said
    (header,) = [text for text in said if "shared axes" in text]
    for same in ("learning rate 0.001", "codebook size 8", "seed 0", f"{STEPS} steps"):
        assert same in header
    assert "λ_commit" not in header


def test_the_least_probe_mse_is_marked_and_a_failed_run_never_is(pair):
    better, worse = sorted(pair, key=lambda entry: entry.view.probe_mse)
    assert f"{better.view.probe_mse:.4f}" != f"{worse.view.probe_mse:.4f}"
    figure = figures.comparison([worse, better])
    bold = [t for t in figure.findobj(Text) if t.get_text() == f"{better.view.probe_mse:.4f}"]
    assert [text.get_color() for text in bold] == [palette.GOOD]
    failed = replace(better, snapshot=replace(better.snapshot, status="failed"))
    said = words(figures.comparison([worse, failed]))
    assert f"failed after step {STEPS}" in said
    assert said[said.index("best") + 1] == f"{worse.view.probe_mse:.4f}"


def test_a_run_that_reaches_far_says_so_and_does_not_shrink_the_others(pair):
    far = seen(pair[1], latents=pair[1].view.latents * np.float32(1e4))
    for others in ([pair[0]], [pair[0], pair[0]]):
        figure = figures.comparison([far, *others])
        alone = planes(figures.comparison([pair[0], *others]))[0]
        assert planes(figure)[0].get_xlim() == alone.get_xlim()
        assert words(figure).count("reaches far beyond these axes") == 1


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_run_without_a_finite_point_is_drawn(pair, value):
    broken = seen(pair[0], latents=np.full_like(pair[0].view.latents, value), probe_mse=float(value))
    figure = figures.comparison([broken, pair[1]])
    assert strays(figure) == []
    assert "512 of 512 points are not finite" in words(figure)


def test_runs_without_a_step_are_drawn(pair):
    empty = History("tried", 0, 1, np.zeros(0, np.int32), {}, ())
    assert "no steps yet" in words(figures.comparison([replace(entry, history=empty) for entry in pair]))
    assert strays(figures.comparison([replace(pair[0], history=empty), pair[1]])) == []


@pytest.mark.parametrize("count", [1, 2, 3, 4, 9, 16])
def test_so_many_runs_fit_their_sheet_and_no_panel_covers_another(pair, count):
    figure = figures.comparison(many(pair, count))
    assert strays(figure) == []
    assert collisions(figure) == []
    assert len(planes(figure)) == count
    boxes = [axes.get_position() for axes in figure.axes]
    for i, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[i + 1 :])


def test_names_of_any_length_and_every_setting_differing_fit(pair):
    first, second = pair
    other = RunConfig(
        seed=123456789,
        batch_size=1024,
        levels=8,
        codebook_size=1024,
        learning_rate=0.000123456789,
        lambdas=Lambdas(commit=0.123456789, codebook=123456.789),
    )
    names = ["λ_commit 0.25 · λ_codebook 1 · learning rate 0.001 · levels 2 · codebook size 16", "x" * 400]
    figure = figures.comparison([replace(first, name=names[0]), replace(second, name=names[1], config=other)])
    assert strays(figure) == []
    assert collisions(figure) == []
    assert sum(text.endswith("…") for text in words(figure)) >= 1


@pytest.mark.parametrize("status", ["stopped", "failed"])
def test_runs_of_eight_levels_of_a_thousand_codes_fit_as_well(sample, status):
    from explorer.training.trainer import Trainer

    config = RunConfig(levels=8, codebook_size=1024, learning_rate=0.000123456789)
    run = entry_of(sample, replace(config, levels=1, codebook_size=2, batch_size=2), "untrained")
    view = Trainer(config, sample).view()
    snapshot = replace(run.snapshot, view=view, status=status, step=100_000)
    figure = figures.comparison(many([replace(run, config=config, snapshot=snapshot)] * 2, 4))
    assert strays(figure) == []
    assert collisions(figure) == []


def test_the_first_of_more_runs_are_said_to_be_the_first(pair):
    assert "the first 2 of 24" in words(figures.comparison(pair, of=24))
    assert not [text for text in words(figures.comparison(pair)) if "the first" in text]


@pytest.mark.parametrize("count", [0, 17])
def test_none_and_more_than_sixteen_runs_are_refused(pair, count):
    with pytest.raises(ValueError, match="1 to 16 runs"):
        figures.comparison(many(pair, count))


def test_a_run_without_a_model_is_refused(pair):
    blank = replace(pair[0], snapshot=replace(pair[0].snapshot, view=None))
    with pytest.raises(ValueError, match="no model yet"):
        figures.comparison([pair[1], blank])


@given(st.lists(st.floats(0, 250), min_size=1, max_size=16), st.floats(0.5, 15))
def test_spread_places_keep_their_order_and_distance_within_the_box(places, least):
    ascending = np.sort(np.array(places))
    found = spread(ascending, least, 0.0, 250.0)
    assert np.all(np.diff(found) >= least - 1e-6)
    assert np.all((found >= -1e-6) & (found <= 250 + 1e-6))
    if np.all(np.diff(ascending) >= least):
        np.testing.assert_allclose(found, ascending, atol=1e-6)


# Machado, Oliveira & Fernandes 2009, severity 1.0, on linear RGB.
EYES = {
    "normal": np.eye(3),
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritan": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}


def linear(colours) -> np.ndarray:
    values = np.array([to_rgb(colour) for colour in colours])
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def oklab(rgb: np.ndarray) -> np.ndarray:
    """Ottosson 2020, from linear RGB: a distance of 0.02 is just noticeable."""
    cones = [
        [0.41222147, 0.53633254, 0.05144599],
        [0.2119035, 0.68069954, 0.10739696],
        [0.08830246, 0.28171884, 0.62997870],
    ]
    mixed = [
        [0.21045426, 0.79361779, -0.00407205],
        [1.9779985, -2.4285922, 0.45059371],
        [0.0259040, 0.78277177, -0.80867577],
    ]
    return np.cbrt(np.clip(rgb, 0, 1) @ np.transpose(cones)) @ np.transpose(mixed)


@pytest.mark.parametrize("eyes", EYES)
@pytest.mark.parametrize(("count", "least"), [(2, 0.3), (4, 0.15), (8, 0.08), (16, 0.06)])
def test_the_first_run_colours_are_told_apart_with_any_colour_vision(eyes, count, least):
    places = oklab(linear(palette.RUN_COLOURS[:count]) @ np.transpose(EYES[eyes]))
    apart = np.linalg.norm(places[:, None] - places[None], axis=-1)[~np.eye(count, dtype=bool)]
    assert apart.min() > least


def test_every_run_colour_stands_out_from_the_panel():
    luminance = linear(palette.RUN_COLOURS) @ [0.2126, 0.7152, 0.0722]
    assert len(set(palette.RUN_COLOURS)) == 16
    assert (1.05 / (luminance + 0.05)).min() >= 3


# Heat maps -----------------------------------------------------------------------------------------------------------

GRID = np.array([[0.05, 0.04, 0.06], [0.07, np.nan, 0.0412]])


def heat(values=GRID, **more):
    rows, columns = np.shape(values)
    figure = figures.heat_map("λ_commit", range(rows), "seed", range(columns), values, "probe MSE", **more)
    return figure, axes_of(figure, "heat")


def patches(axes, label: str) -> set[tuple[int, int]]:
    """Row and column of the cells of that label."""
    return {(int(p.get_y()), int(p.get_x())) for p in axes.patches if p.get_label() == label}


def test_each_number_stands_in_its_own_cell():
    _, axes = heat()
    found = {(int(t.get_position()[1]), int(t.get_position()[0])): t.get_text() for t in axes.texts}
    assert found == {(0, 0): "0.0500", (0, 1): "0.0400", (0, 2): "0.0600", (1, 0): "0.0700", (1, 2): "0.0412"}
    assert axes.get_xlabel() == "seed"
    assert axes.get_ylabel() == "λ_commit"
    assert axes.get_ylim() == (2, 0)  # the first row is on top


@pytest.mark.parametrize(("best", "place"), [("lowest", (0, 1)), ("highest", (1, 0))])
def test_the_best_cell_is_framed_and_the_brightest(best, place):
    figure, axes = heat(best=best)
    assert patches(axes, "best") == {place}
    light = {
        (int(p.get_y()), int(p.get_x())): sum(p.get_facecolor()[:3]) for p in axes.patches if p.get_label() == "cell"
    }
    assert max(light, key=lambda cell: light[cell]) == place
    assert [text for text in words(figure) if f"the {best} framed" in text]


def test_cells_that_read_the_same_as_the_best_are_framed_too():
    _, axes = heat(np.array([[0.04001, 0.04002], [0.05, 0.06]]))
    assert patches(axes, "best") == {(0, 0), (0, 1)}


def test_a_missing_result_is_hatched_and_counted():
    figure, axes = heat()
    assert patches(axes, "missing") == {(1, 1)}
    (missing,) = [patch for patch in axes.patches if patch.get_label() == "missing"]
    assert missing.get_hatch()
    assert [text for text in words(figure) if "1 of 6 without a result hatched" in text]


@pytest.mark.parametrize("values", [np.full((2, 3), np.nan), np.ones((2, 2)), [[0.5]]], ids=["none", "equal", "single"])
def test_nothing_is_best_where_there_is_nothing_to_compare(values):
    figure, axes = heat(values)
    FigureCanvasAgg(figure).draw()
    assert patches(axes, "best") == set()


@pytest.mark.parametrize("shape", [(1, 1), (2, 32), (32, 2), (8, 8), (1, 64)])
def test_a_grid_of_any_shape_fits_its_sheet(shape):
    values = np.random.default_rng(0).uniform(0.01, 0.09, shape)
    settings = [123456.789 + np.arange(count) for count in shape]
    figure = figures.heat_map("λ_codebook", settings[0], "learning rate", settings[1], values, "probe MSE")
    assert strays(figure) == []
    cells = {text.get_text() for text in axes_of(figure, "heat").texts}
    assert cells == {f"{value:.4f}" for value in values.ravel()}


def test_values_of_another_shape_are_refused():
    with pytest.raises(ValueError, match="2 rows and 2 columns"):
        figures.heat_map("a", [1, 2], "b", [1, 2], np.zeros((3, 2)), "probe MSE")


@pytest.mark.parametrize(
    ("value", "whole", "text"),
    [
        (12.0, True, "12"),
        (12.0, False, "12.0"),
        (0.04532, False, "0.0453"),
        (1234.56, False, "1,234.6"),
        (0, True, "0"),
    ],
)
def test_a_cell_shows_counts_as_they_are_and_measures_with_as_many_digits_as_they_merit(value, whole, text):
    assert cell_text(value, whole) == text
