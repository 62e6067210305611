"""What a figure says and where: for tests that judge figures by what they hold."""

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.offsetbox import AnnotationBbox
from matplotlib.text import Text


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


def strays(figure: Figure, margin: float = 0) -> list[str]:
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
        if (
            text.get_text()
            and text.get_visible()
            and not (margin <= box.x0 <= box.x1 <= width - margin and margin <= box.y0 <= box.y1 <= height - margin)
        ):
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
