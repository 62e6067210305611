"""Curves are judged by what they hold, on a run that was really trained."""

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from explorer import figures
from explorer.drawing.curves import changes, running_mean
from explorer.messages import Event
from tests.explorer.figures.looking import axes_of, words


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
