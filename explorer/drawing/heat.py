"""A heat map: a metric for each combination of the values of two settings."""

from collections.abc import Callable, Sequence
from typing import Any

import matplotlib
import numpy as np
from jaxtyping import Bool, Float
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.patches import Rectangle

from explorer.drawing.sheet import GAP, Sheet, fitted
from explorer.palette import AXIS, GROUND, PANEL, QUIET, TEXT
from explorer.sweep import value_text

Colour = tuple[float, float, float, float]

_CELL = (92.0, 58.0)
_LEAST = (46.0, 30.0)
_MOST = (1000.0, 760.0)
_HEAD = 74.0
_LEFT = 86.0
_FOOT = 42.0


def draw_heat_map(
    row_name: str,
    row_values: Sequence[float],
    column_name: str,
    column_values: Sequence[float],
    values: Float[np.ndarray, "R C"],
    metric_name: str,
    lowest: bool,
) -> Sheet:
    """A cell a combination, rows from the top; the best one framed, those without a number hatched."""
    rows, columns = values.shape
    width, height = (
        max(least, min(cell, most / count))
        for cell, most, least, count in zip(_CELL, _MOST, _LEAST, (columns, rows), strict=True)
    )
    across, down = width * columns, height * rows
    sheet = Sheet(max(_LEFT + across + 28, 420) + 3.2 * GAP, _HEAD + down + _FOOT + 3.2 * GAP)
    sheet.panel(sheet.whole)
    known = np.isfinite(values)
    shades = _shades(values[known], lowest)
    best = _best(values, known, lowest)
    whole = sheet.whole
    heading = [(metric_name[:1].upper() + metric_name[1:], {"size": 11.5, "weight": "bold", "color": TEXT})]
    sheet.words(whole.left + 14, whole.top + 20, heading)
    sheet.words(whole.left + 14, whole.top + 42, [(_note(known, best, lowest), {"size": 8.5})])
    box = whole.trimmed(left=_LEFT, top=_HEAD, right=whole.width - _LEFT - across, bottom=whole.height - _HEAD - down)
    axes = sheet.axes(box, "heat")
    _draw_cells(axes, values, known, shades)
    for row, column in np.argwhere(known):
        value = float(values[row, column])
        text = cell_text(value, _whole(values[known]))
        _write(axes, row, column, text, shades(value), min(10.0, width / 6.5))
    for row, column in best:
        _frame(axes, row, column)
    axes.set_xticks(np.arange(columns) + 0.5, [fitted(value_text(v), width - 4, 8.5) for v in column_values], size=8.5)
    axes.set_yticks(np.arange(rows) + 0.5, [fitted(value_text(v), _LEFT - 34, 8.5) for v in row_values], size=8.5)
    axes.set_xlabel(column_name, size=9.5, color=QUIET)
    axes.set_ylabel(row_name, size=9.5, color=QUIET)
    return sheet


def _best(values: Float[np.ndarray, "R C"], known: Bool[np.ndarray, "R C"], lowest: bool) -> list[tuple[int, int]]:
    """The cells with the best number, as it is shown; none if there is nothing to compare, or all are the same."""
    places = [(int(row), int(column)) for row, column in np.argwhere(known)]
    if not places:
        return []
    whole = _whole(values[known])
    wanted = cell_text((min if lowest else max)(float(values[place]) for place in places), whole)
    found = [place for place in places if cell_text(float(values[place]), whole) == wanted]
    return found if len(found) < len(places) else []


def _whole(shown: Float[np.ndarray, " N"]) -> bool:
    """Whether all of the numbers are whole: counts, not measures."""
    return bool(np.all(shown == np.round(shown)))


def _note(known: Bool[np.ndarray, "R C"], best: list[tuple[int, int]], lowest: bool) -> str:
    parts = [f"{'lowest' if lowest else 'highest'} framed", "brighter is better"] if best else []
    return " · ".join([*parts, *([] if known.all() else ["hatched: no result"])])


def _shades(shown: Float[np.ndarray, " N"], lowest: bool) -> Callable[[float], Colour]:
    """A value's colour: the better, the brighter."""
    low, high = (float(shown.min()), float(shown.max())) if len(shown) else (0.0, 1.0)
    norm = Normalize(low, high if high > low else low + 1.0)
    colours = matplotlib.colormaps["viridis_r" if lowest else "viridis"]
    return lambda value: colours(float(norm(value)))


def _draw_cells(
    axes: Axes,
    values: Float[np.ndarray, "R C"],
    known: Bool[np.ndarray, "R C"],
    shades: Callable[[float], Colour],
) -> None:
    rows, columns = values.shape
    looks: dict[bool, dict[str, Any]] = {
        True: {"edgecolor": PANEL, "linewidth": 1.5, "label": "cell"},
        False: {"edgecolor": AXIS, "linewidth": 0.0, "label": "missing", "hatch": "////"},
    }
    for row, column in np.ndindex(rows, columns):
        there = bool(known[row, column])
        colour = shades(float(values[row, column])) if there else GROUND
        axes.add_patch(Rectangle((column, row), 1, 1, facecolor=colour, **looks[there]))
    axes.set(xlim=(0, columns), ylim=(rows, 0))


def _write(axes: Axes, row: int, column: int, text: str, colour: Colour, size: float) -> None:
    red, green, blue, _ = colour
    ink = TEXT if 0.299 * red + 0.587 * green + 0.114 * blue > 0.52 else PANEL
    axes.text(column + 0.5, row + 0.5, text, ha="center", va="center", size=size, color=ink, weight="bold")


def cell_text(value: float, whole: bool = False) -> str:
    """The number: a whole one as it is, one below 1 with four digits after the point, else with one."""
    if whole:
        return f"{value:,.0f}"
    if abs(value) < 1:
        return f"{value:.4f}"
    return f"{value:,.1f}" if abs(value) < 1e5 else f"{value:.1e}"


def _frame(axes: Axes, row: int, column: int) -> None:
    """Dark around light, so that it is seen on every colour."""
    for inset, colour, width in ((0.0, TEXT, 3.2), (0.035, PANEL, 1.6)):
        corner, side = (column + inset, row + inset), 1 - 2 * inset
        frame = Rectangle(corner, side, side, fill=False, edgecolor=colour, linewidth=width, zorder=5, label="best")
        axes.add_patch(frame)
