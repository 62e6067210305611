"""Latent planes, reconstructions and health are judged by what they hold, on a run that was really trained."""

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import same_color

from explorer import figures, palette
from explorer.drawing.plane import residuals
from tests.explorer.figures.drawn import STEPS
from tests.explorer.figures.looking import axes_of, marks, rows, words


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
