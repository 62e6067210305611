"""Heat maps are judged by what they hold."""

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from explorer import figures
from explorer.drawing.heat import cell_text
from tests.explorer.figures.looking import axes_of, strays, words

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
    assert [text for text in words(figure) if f"{best} framed" in text]


def test_cells_that_read_the_same_as_the_best_are_framed_too():
    _, axes = heat(np.array([[0.04001, 0.04002], [0.05, 0.06]]))
    assert patches(axes, "best") == {(0, 0), (0, 1)}


def test_a_missing_result_is_hatched():
    figure, axes = heat()
    assert patches(axes, "missing") == {(1, 1)}
    (missing,) = [patch for patch in axes.patches if patch.get_label() == "missing"]
    assert missing.get_hatch()
    assert [text for text in words(figure) if "hatched: no result" in text]


@pytest.mark.parametrize("values", [np.full((2, 3), np.nan), np.ones((2, 2)), [[0.5]]], ids=["none", "equal", "single"])
def test_nothing_is_best_where_there_is_nothing_to_compare(values):
    figure, axes = heat(values)
    FigureCanvasAgg(figure).draw()
    assert patches(axes, "best") == set()


@pytest.mark.parametrize("shape", [(1, 1), (2, 32), (32, 2), (8, 8), (1, 64)])
def test_a_grid_of_any_shape_fits_its_sheet(shape):
    values = np.random.default_rng(0).uniform(0.01, 0.09, shape)
    values[-1, -1] = np.nan
    settings = [123456.789 + np.arange(count) for count in shape]
    figure = figures.heat_map("λ_codebook", settings[0], "learning rate", settings[1], values, "probe MSE")
    assert strays(figure, margin=16) == []
    cells = {text.get_text() for text in axes_of(figure, "heat").texts}
    assert cells == {f"{value:.4f}" for value in values.ravel()[:-1]}


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
