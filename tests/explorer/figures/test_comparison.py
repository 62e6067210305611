"""Comparisons are judged by what they hold, on runs that were really trained."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.colors import same_color
from matplotlib.figure import Figure
from matplotlib.text import Text

from explorer import figures, palette
from explorer.config import Lambdas, RunConfig
from explorer.curves import Curves
from explorer.drawing.curves import running_mean, running_reach
from explorer.drawing.overlay import spread
from explorer.figures import Entry
from explorer.messages import History
from tests.explorer.figures.drawn import snapshot_of
from tests.explorer.figures.looking import axes_of, collisions, strays, words

STEPS = 24
CONFIGS = [RunConfig(batch_size=16, codebook_size=8, lambdas=Lambdas(commit=commit)) for commit in (0.25, 4.0)]


def entry_of(sample, config: RunConfig, name: str) -> Entry:
    from explorer.training.trainer import Trainer

    trainer, curves = Trainer(config, sample), Curves()
    losses: dict[str, float] = {}
    for _ in range(STEPS):
        losses = trainer.step(config) or {}
        curves.add({f"loss/{term}": value for term, value in losses.items()})
    snapshot = replace(snapshot_of(trainer.view(config), STEPS, losses), run_id=name, live=config.live)
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


def planes(figure: Figure):
    return [axes for axes in figure.axes if axes.get_label().startswith("run ")]


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
    view = Trainer(config, sample).view(config)
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
