"""Ten digits over their reconstructions, and the use of every code as bars."""

import numpy as np
from jaxtyping import Bool, Float
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection

from explorer.drawing.plane import shares
from explorer.drawing.sheet import POINTS_PER_UNIT, Box, Sheet, Word
from explorer.messages import Health, View
from explorer.palette import ACCENT, BAD, LINE, QUIET, TEXT

NUMBERED = 13.0
"""Least width of a bar, in units, that leaves room for its code's number."""

_DIGIT_GAP = 0.1
"""Between images, as a part of their width."""


def draw_digits(sheet: Sheet, box: Box, view: View) -> None:
    """The card of reconstructions: input above, output below."""
    inner = sheet.card(box, "Reconstructions", f"input over output · MSE {view.probe_mse:.4f}")
    axes = sheet.axes(inner, "reconstructions")
    shown, height, width = view.inputs.shape
    gap = _DIGIT_GAP * width
    for row, images in enumerate((view.reconstructions, view.inputs)):
        for column, image in enumerate(images):
            left, bottom = column * (width + gap), row * (height + gap)
            axes.imshow(image, cmap="gray", vmin=0, vmax=255, extent=(left, left + width, bottom, bottom + height))
    axes.set(xlim=(0, shown * (width + gap) - gap), ylim=(0, 2 * height + gap), xticks=[], yticks=[])
    axes.set_aspect("equal")


def digits_height(width: float) -> float:
    """How high the card of ten reconstructions is at that width, in units."""
    return 52 + (width - 28) * (2 + _DIGIT_GAP) / (10 + 9 * _DIGIT_GAP)


def window_text(health: Health) -> str:
    """Over which batches health is measured, and what dead means."""
    below = f"dead below {100 * health.threshold:g}%"
    if health.window == 0:
        return f"no batch yet · {below}"
    return f"last {health.window} batches · {below}"


def draw_health(sheet: Sheet, box: Box, view: View, columns: int = 1) -> None:
    """The card of codebook health: for each level how many codes are in use, how evenly, and a bar a code."""
    inner = sheet.card(box, "Codebook health", window_text(view.health))
    levels = len(view.codebooks)
    for level in range(levels):
        _draw_level(sheet, inner.cell(level, columns, -(-levels // columns), gap=8), view, level)


def _draw_level(sheet: Sheet, box: Box, view: View, level: int) -> None:
    health, size = view.health, view.sizes[level]
    line: list[Word] = [
        (f"Level {level + 1}", {"color": TEXT}),
        (f"{health.active[level]}/{size} active", {"color": TEXT if health.active[level] == size else BAD}),
        (f"perplexity {health.perplexity[level]:.1f}", {"size": 8}),
    ]
    sheet.words(box.left, box.top + 7, line)
    numbered = box.width / size >= NUMBERED and box.height >= 60
    axes = sheet.axes(box.trimmed(top=17, bottom=13 if numbered else 2), f"health {level + 1}")
    _bars(axes, shares(view)[level, :size], health.dead[level, :size], health.threshold, box.width / size)
    if numbered:
        axes.set_xticks(range(size), [str(code) for code in range(size)], size=6.5)
        for label, dead in zip(axes.get_xticklabels(), health.dead[level, :size], strict=True):
            label.set_color(BAD if dead else QUIET)
    else:
        axes.set_xticks([])


def _bars(
    axes: Axes, share: Float[np.ndarray, " K"], dead: Bool[np.ndarray, " K"], threshold: float, slot: float
) -> None:
    """A bar a code, `slot` units apart; bars thinner than a unit get an edge, or they would fade away."""
    half = 0.44 if slot > 3 else 0.5
    edges = np.where(share > 0, max(1 - slot, 0) * POINTS_PER_UNIT, 0)
    sides = np.arange(len(share))[:, np.newaxis] + [-half, -half, half, half]
    heights = share[:, np.newaxis] * [0, 1, 1, 0]
    colours = np.where(dead, BAD, ACCENT)
    bars = PolyCollection(list(np.stack([sides, heights], axis=-1)), facecolors=colours, edgecolors="face", alpha=0.85)
    bars.set_linewidth(edges.tolist())
    axes.add_collection(bars, autolim=False)
    axes.axhline(0, color=LINE, linewidth=1.2)
    axes.axhline(threshold, color=BAD, linewidth=0.8, linestyle=(0, (3, 3)), label="dead below")
    axes.set(xlim=(-0.5, len(share) - 0.5), ylim=(0, 1.04 * max(share.max(), 1.5 * threshold)), yticks=[])
