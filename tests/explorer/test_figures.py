"""Figures are judged by what they hold (axes, marks, words), on a run that was really trained."""

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import same_color
from matplotlib.figure import Figure
from matplotlib.text import Text

from explorer import figures, palette
from explorer.config import RunConfig
from explorer.curves import Curves
from explorer.drawing.curves import changes, running_mean
from explorer.drawing.plane import residuals
from explorer.messages import Event, History, Snapshot, View
from explorer.quality import effective_bits, nominal_bits, psnr

STEPS = 30
CONFIG = RunConfig(levels=2, codebook_size=16, batch_size=32)


def view_of(sample, config: RunConfig, steps: int = 0) -> View:
    from explorer.training.trainer import Trainer

    trainer = Trainer(config, sample)
    for _ in range(steps):
        trainer.step(config)
    return trainer.view(config)


@pytest.fixture(scope="module")
def trained(sample) -> tuple[Snapshot, History]:
    from explorer.training.trainer import Trainer

    trainer = Trainer(CONFIG, sample)
    curves = Curves()
    losses = {}
    for _ in range(STEPS):
        losses = trainer.step(CONFIG) or {}
        perplexity = {f"codebook/perplexity/{i}": float(p) for i, p in enumerate(trainer.health(CONFIG).perplexity)}
        curves.add({f"loss/{name}": value for name, value in losses.items()} | perplexity)
    history = History("tried", 0, curves.stride, *curves.since(0), ())
    return snapshot_of(trainer.view(CONFIG), step=STEPS, losses=losses), history


def snapshot_of(view: View | None, step: int = 0, losses: dict[str, float] | None = None) -> Snapshot:
    return Snapshot(
        run_id="tried",
        version=1,
        generation=0,
        status="stopped",
        reason="",
        step=step,
        epoch=0.2,
        steps_per_second=0.0,
        device="CPU",
        data_source="embedded sample, 5,000 digits",
        live=CONFIG.live,
        since={},
        losses=losses or {},
        view=view,
    )


@pytest.fixture(scope="module")
def view(trained) -> View:
    return trained[0].view


def axes_of(figure: Figure, label: str):
    return next(axes for axes in figure.axes if axes.get_label() == label)


def marks(axes, label: str):
    return next(collection for collection in axes.collections if collection.get_label() == label)


def words(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.findobj(Text) if text.get_text()]


def rows(array) -> np.ndarray:
    """The rows in an order of their own, to compare sets of points."""
    array = np.asarray(array, np.float64)
    return array[np.lexsort(array.T)]


# Planes --------------------------------------------------------------------------------------------------------------


def test_residuals_and_chosen_codes_add_up_to_the_encoder_outputs(view):
    incoming = residuals(view)
    assert incoming.shape == (2, 512, 2)
    np.testing.assert_array_equal(incoming[0], view.latents)
    for point in (0, 100, 511):
        expected = view.latents[point] - view.codebooks[0][view.codes[point, 0]]
        np.testing.assert_allclose(incoming[1, point], expected, atol=1e-6)


def test_a_plane_shows_each_levels_residuals_by_digit(view):
    figure = figures.latent_planes(view)
    assert [axes.get_label() for axes in figure.axes] == ["plane 1", "plane 2"]
    for level, axes in enumerate(figure.axes):
        for digit, colour in enumerate(palette.DIGITS):
            points = marks(axes, f"digit {digit}")
            np.testing.assert_allclose(points.get_offsets(), residuals(view)[level][view.labels == digit])
            assert same_color(points.get_facecolor()[0][:3], colour)


def test_active_codes_are_filled_and_grow_with_use_and_dead_ones_are_hollow_and_dashed(view):
    dead = np.zeros((2, 16), bool)
    dead[0, [3, 7, 8]] = True
    judged = replace(view, health=replace(view.health, dead=dead))
    axes = axes_of(figures.latent_planes(judged), "plane 1")
    active, hollow = marks(axes, "active codes"), marks(axes, "dead codes")
    np.testing.assert_allclose(rows(active.get_offsets()), rows(view.codebooks[0][~dead[0]]))
    np.testing.assert_allclose(rows(hollow.get_offsets()), rows(view.codebooks[0][dead[0]]))
    assert hollow.get_facecolor().size == 0
    assert hollow.get_linestyle()[0][1] is not None
    at = {tuple(offset): size for offset, size in zip(active.get_offsets().tolist(), active.get_sizes(), strict=True)}
    used = view.health.counts[0][~dead[0]]
    sizes = np.array([at[tuple(code)] for code in view.codebooks[0][~dead[0]].astype(float).tolist()])
    assert np.all(np.diff(sizes[np.argsort(used)]) >= -1e-9)
    assert sizes.max() > sizes.min()


def test_a_digits_name_stands_near_the_median_of_its_points(view):
    axes = axes_of(figures.latent_planes(view), "plane 1")
    names = {text.get_text(): text for text in axes.texts if str(text.get_gid()).startswith("name")}
    assert names
    low, high = axes.get_xlim()
    for digit, name in names.items():
        median = np.median(view.latents[view.labels == int(digit)], axis=0)
        assert np.linalg.norm(np.array(name.xy) - median) < 0.1 * (high - low)


def test_names_that_would_cover_one_another_are_moved_apart_or_left_out(view):
    crowded = replace(view, latents=view.latents * np.float32(1e-3) + np.float32(1.0))
    axes = axes_of(figures.latent_planes(crowded), "plane 1")
    places = np.array([text.xy for text in axes.texts if str(text.get_gid()).startswith("name")])
    unit = (axes.get_xlim()[1] - axes.get_xlim()[0]) / axes.get_window_extent().width
    apart = np.linalg.norm(places[:, None] - places[None], axis=-1)[~np.eye(len(places), dtype=bool)]
    assert apart.min(initial=np.inf) > 8 * unit


def test_both_axes_of_a_plane_have_one_scale_and_hold_every_code(view):
    for level, axes in enumerate(figures.latent_planes(view).axes):
        box = axes.get_window_extent()
        (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
        assert (right - left) / box.width == pytest.approx((high - low) / box.height)
        x, y = view.codebooks[level].T
        assert left < x.min() < x.max() < right
        assert low < y.min() < y.max() < high


def test_points_that_are_not_finite_are_counted_in_words_and_the_rest_is_drawn(view):
    latents = view.latents.copy()
    latents[:5] = np.inf
    latents[7, 1] = np.nan
    figure = figures.latent_planes(replace(view, latents=latents))
    FigureCanvasAgg(figure).draw()
    assert words(figure).count("6 of 512 points are not finite") == 2


def test_a_plane_without_any_finite_point_is_drawn(view):
    figure = figures.latent_planes(replace(view, latents=np.full_like(view.latents, np.nan)))
    FigureCanvasAgg(figure).draw()
    assert "512 of 512 points are not finite" in words(figure)


# Reconstructions and health ------------------------------------------------------------------------------------------


def test_ten_inputs_stand_above_their_reconstructions(view):
    (axes,) = figures.reconstructions(view).axes
    assert len(axes.images) == 20
    by_height = sorted(axes.images, key=lambda image: (-image.get_extent()[2], image.get_extent()[0]))
    shown = np.stack([np.asarray(image.get_array()) for image in by_height])
    np.testing.assert_array_equal(shown[:10], view.inputs)
    np.testing.assert_array_equal(shown[10:], view.reconstructions)


def test_health_has_a_bar_a_code_as_high_as_its_share_and_a_line_at_the_threshold(view):
    figure = figures.health(view)
    for level in range(2):
        axes = axes_of(figure, f"health {level + 1}")
        (bars,) = axes.collections
        heights = [path.vertices[:, 1].max() for path in bars.get_paths()]
        counts = view.health.counts[level]
        np.testing.assert_allclose(heights, counts / counts.sum())
        colours = [palette.BAD if dead else palette.ACCENT for dead in view.health.dead[level]]
        pairs = zip(bars.get_facecolor(), colours, strict=True)
        assert all(same_color(found[:3], wanted) for found, wanted in pairs)
        threshold = next(line for line in axes.lines if line.get_label() == "dead below")
        assert set(threshold.get_ydata()) == {view.health.threshold}
        assert f"{view.health.active[level]}/16 active" in words(figure)
    assert f"last {STEPS} batches · dead below 1%" in words(figure)


# Curves --------------------------------------------------------------------------------------------------------------


def line(axes, label: str):
    return next(line for line in axes.lines if line.get_label() == label)


def test_losses_are_logarithmic_and_show_every_term(trained):
    _, history = trained
    axes = axes_of(figures.curves(history), "losses")
    assert axes.get_yscale() == "log"
    for name in ("recon", "commit", "codebook", "total"):
        np.testing.assert_array_equal(line(axes, name).get_xdata(), history.steps)
        np.testing.assert_allclose(line(axes, name).get_ydata(), history.columns[f"loss/{name}"])
    assert line(axes, "codebook").is_dashed()
    assert not line(axes, "commit").is_dashed()


def setting(step: int, old: float, new: float, name: str = "commit") -> Event:
    return Event(step, "setting", {"name": name, "old": old, "new": new})


def test_a_change_of_a_weight_is_a_marker_with_old_and_new(trained):
    _, history = trained
    events = (Event(0, "started"), setting(12, 0.1, 0.25), setting(20, 1e-3, 3e-4, "learning_rate"))
    figure = figures.curves(replace(history, events=events))
    axes = axes_of(figure, "losses")
    assert {"λ_commit 0.1 → 0.25", "learning rate 0.001 → 0.0003"} <= set(words(figure))
    upright = {tuple(line.get_xdata()) for line in axes.lines if len(line.get_xdata()) == 2}
    assert upright == {(12, 12), (20, 20)}


def test_a_drag_of_a_slider_is_one_marker_and_one_that_comes_back_is_none(trained):
    _, history = trained
    long = replace(history, steps=history.steps * 100)
    drag = tuple(setting(1000 + i, i / 10, (i + 1) / 10) for i in range(5))
    found = changes(replace(long, events=(*drag, setting(2000, 0.5, 1.0), setting(2001, 1.0, 0.5))))
    assert [str(change) for change in found] == ["λ_commit 0 → 0.5"]
    assert found[0].step == 1000


@pytest.mark.parametrize("reach", [0, 1, 4])
def test_a_running_mean_is_the_mean_of_as_many_on_either_side(reach):
    values = np.random.default_rng(0).normal(size=23)
    for i, mean in enumerate(running_mean(values, reach)):
        near = min(reach, i, len(values) - 1 - i)
        assert mean == pytest.approx(values[i - near : i + near + 1].mean())


def test_a_term_that_is_zero_throughout_can_be_drawn(trained):
    _, history = trained
    nothing = np.zeros_like(history.columns["loss/recon"])
    columns = dict.fromkeys(history.columns, nothing)
    FigureCanvasAgg(figures.curves(replace(history, columns=columns))).draw()


def test_a_single_point_can_be_drawn(trained):
    _, history = trained
    columns = {name: values[:1] for name, values in history.columns.items()}
    FigureCanvasAgg(figures.curves(replace(history, steps=history.steps[:1], columns=columns))).draw()


# The whole sheet -----------------------------------------------------------------------------------------------------


def strays(figure: Figure) -> list[str]:
    """The words that reach beyond the sheet; matplotlib keeps numbers of ticks beyond an axis, which it does not draw."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    width, height = canvas.get_width_height()
    found = []
    ticks = [label for axes in figure.axes for axis in (axes.xaxis, axes.yaxis) for label in axis.get_ticklabels()]
    for text in set(figure.findobj(Text)).difference(ticks):
        box = text.get_window_extent(canvas.get_renderer())
        if text.get_text() and text.get_visible() and (box.x0 < 0 or box.y0 < 0 or box.x1 > width or box.y1 > height):
            found.append(text.get_text())
    return found


def test_the_report_holds_planes_reconstructions_health_and_curves(trained):
    snapshot, history = trained
    figure = figures.report(snapshot, history, CONFIG)
    assert {axes.get_label() for axes in figure.axes} == {
        *("plane 1", "plane 2", "reconstructions", "health 1", "health 2", "losses", "perplexity")
    }
    said = " ".join(words(figure))
    for fact in ("tried", f"{snapshot.view.probe_mse:.4f}", "embedded sample", "λ_commit 0.25", "batch 32", "seed 0"):
        assert fact in said
    assert strays(figure) == []


@pytest.mark.parametrize(("levels", "size"), [(1, 2), (3, 1024), (5, 16), (8, 256)])
def test_any_shape_of_codebooks_fits_before_the_first_step(sample, levels, size):
    view = view_of(sample, RunConfig(levels=levels, codebook_size=size))
    history = History("tried", 0, 1, np.zeros(0, np.int32), {}, ())
    assert view.health.window == 0
    figure = figures.report(snapshot_of(view), history)
    assert strays(figure) == []
    assert [axes.get_label() for axes in figure.axes].count(f"plane {levels}") == 1
    assert {"no steps yet", "untrained"} <= set(words(figure))


def test_panels_do_not_overlap(trained):
    figure = figures.report(*trained)
    boxes = [axes.get_position() for axes in figure.axes]
    for i, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[i + 1 :])


def test_a_long_title_is_cut(trained):
    snapshot, history = trained
    figure = figures.report(replace(snapshot, run_id="endless" * 36), history)
    assert strays(figure) == []
    assert sum(text.startswith("endless") and text.endswith("…") for text in words(figure)) == 1


def test_a_run_without_a_model_has_no_report(trained):
    with pytest.raises(ValueError, match="no model yet"):
        figures.report(snapshot_of(None), trained[1])


# What pictures rest on -----------------------------------------------------------------------------------------------


def test_rate_and_distortion_are_those_of_the_formulas():
    assert psnr(0.01) == pytest.approx(20.0)
    assert psnr(0.0) == np.inf
    assert nominal_bits((16, 16)) == 8.0
    assert nominal_bits((16, 4)) == 6.0
    assert effective_bits(np.array([16.0, 4.0])) == pytest.approx(6.0)


def test_pictures_and_page_share_their_colours():
    css = (Path(figures.__file__).parents[1] / "ui/static/base.css").read_text(encoding="utf-8")
    light = dict(re.findall(r"--(?:bench-)?([\w-]+): (#[0-9a-f]{6});", css.split("}")[0]))
    assert [light[f"digit-{digit}"] for digit in range(10)] == list(palette.DIGITS)
    single = {name: colour for name, colour in vars(palette).items() if name.isupper() and isinstance(colour, str)}
    ours = {name.lower().replace("_", "-"): colour for name, colour in single.items()}
    assert ours == {name: light[name] for name in ours}


def test_figures_load_neither_jax_nor_pyplot_nor_gradio():
    code = (
        "import sys, explorer.figures; print([m for m in ('jax', 'matplotlib.pyplot', 'gradio') if m in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert answer.stdout.strip() == "[]"
