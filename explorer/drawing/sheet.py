"""A sheet of paper measured from its upper left corner, and the cards and lines of words on it."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D
from matplotlib.offsetbox import AnnotationBbox, HPacker, TextArea
from matplotlib.patches import FancyBboxPatch
from matplotlib.textpath import text_to_path
from matplotlib.transforms import Affine2D

from explorer.palette import GROUND, LINE, PANEL, QUIET, TEXT

UNITS_PER_INCH = 100
"""A unit of the sheet is a pixel at 100 dpi; pictures for screens are saved at a multiple of that."""

GAP = 10.0
POINTS_PER_UNIT = 72 / UNITS_PER_INCH

Word = tuple[str, dict[str, Any]]
"""A piece of a line, and the text properties in which it differs from the others."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle on a sheet, in units from the sheet's upper left corner."""

    left: float
    top: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """The right edge."""
        return self.left + self.width

    @property
    def bottom(self) -> float:
        """The lower edge, measured downwards."""
        return self.top + self.height

    def trimmed(self, left: float = 0, top: float = 0, right: float = 0, bottom: float = 0) -> "Box":
        """What remains when so much is taken off each side."""
        return Box(self.left + left, self.top + top, self.width - left - right, self.height - top - bottom)

    def cell(self, index: int, columns: int, rows: int, gap: float = GAP) -> "Box":
        """The cell `index`, counted row by row, of a grid that fills the box."""
        row, column = divmod(index, columns)
        width = (self.width - gap * (columns - 1)) / columns
        height = (self.height - gap * (rows - 1)) / rows
        return Box(self.left + column * (width + gap), self.top + row * (height + gap), width, height)


class Sheet:
    """A figure of `width` × `height` units."""

    def __init__(self, width: float, height: float) -> None:
        self.width, self.height = width, height
        size = (width / UNITS_PER_INCH, height / UNITS_PER_INCH)
        self.figure = Figure(figsize=size, dpi=UNITS_PER_INCH, facecolor=GROUND)
        downwards = Affine2D().scale(1 / UNITS_PER_INCH, -1 / UNITS_PER_INCH).translate(0, size[1])
        self._units = downwards + self.figure.dpi_scale_trans

    @property
    def whole(self) -> Box:
        """All of it but the margin."""
        return Box(0, 0, self.width, self.height).trimmed(*[1.6 * GAP] * 4)

    def axes(self, box: Box, label: str) -> Axes:
        """Axes that fill the box; `label` names them for whoever looks for them, it is not drawn."""
        rectangle = (
            box.left / self.width,
            1 - box.bottom / self.height,
            box.width / self.width,
            box.height / self.height,
        )
        axes = self.figure.add_axes(rectangle, label=label, facecolor="none")
        axes.tick_params(length=0, labelsize=7.5, labelcolor=QUIET, pad=3)
        axes.spines[:].set_visible(False)
        return axes

    def card(self, box: Box, title: str, note: str = "") -> Box:
        """A rounded panel with its title; what remains inside for its content."""
        inner = self.panel(box)
        self.words(box.left + 14, box.top + 19, [(title, {"weight": "bold", "color": TEXT, "size": 10}), (note, {})])
        return inner.trimmed(top=24)

    def panel(self, box: Box) -> Box:
        """A rounded panel without a title; what remains inside."""
        panel = FancyBboxPatch(
            (box.left, box.top),
            box.width,
            box.height,
            boxstyle="round,pad=0,rounding_size=10",
            facecolor=PANEL,
            edgecolor=LINE,
            linewidth=0.8,
            zorder=-1,  # below the axes that are put on it
            transform=self._units,
        )
        self.figure.add_artist(panel)
        return box.trimmed(left=14, top=10, right=14, bottom=12)

    def line(self, points: Sequence[tuple[float, float]], color: str) -> None:
        """A thin line through points of the sheet."""
        x, y = zip(*points, strict=True)
        self.figure.add_artist(Line2D(x, y, color=color, linewidth=0.8, transform=self._units))

    def words(
        self, x: float, y: float, line: Sequence[Word], gap: float = 8, align: Literal["left", "right"] = "left"
    ) -> None:
        """Words one after another, each in its own look, centred on height `y`; from `x` on, or up to it."""
        areas: list[Artist] = [
            TextArea(text, textprops={"color": QUIET, "size": 9} | look) for text, look in line if text
        ]
        packed = HPacker(children=areas, align="baseline", pad=0, sep=gap * POINTS_PER_UNIT)
        corner = (0.0 if align == "left" else 1.0, 0.5)
        place = AnnotationBbox(packed, (x, y), xycoords=self._units, box_alignment=corner, frameon=False, pad=0)
        self.figure.add_artist(place)


def fitted(text: str, width: float, size: float, weight: str = "normal") -> str:
    """The text, cut short if it is wider than that many units at that size in points."""
    font = FontProperties(size=size, weight=weight)
    room = width * POINTS_PER_UNIT

    def fits(words: str) -> bool:
        return text_to_path.get_text_width_height_descent(words, font, False)[0] <= room

    if fits(text):
        return text
    length = bisect_left(range(len(text)), 1, key=lambda count: not fits(f"{text[:count]}…"))
    return f"{text[: max(length - 1, 0)].rstrip()}…"
