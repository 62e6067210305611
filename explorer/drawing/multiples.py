"""Small multiples: the plane of level 1 of several runs, on the same axes, each with its number, name and health."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float
from matplotlib.colors import to_rgb

from explorer.drawing.entry import Entry
from explorer.drawing.plane import drawn, fill_plane
from explorer.drawing.sheet import Box, Sheet, Word, fitted
from explorer.palette import BAD, PANEL, RUN_COLOURS, TEXT
from explorer.sweep import value_text

FAR = 4.0
"""A run that reaches so many times as far as the median run does not stretch the shared axes."""
HEADER = 42.0
"""Height, in units, of what stands above a plane."""


def badge(run: int) -> Word:
    """A run's number on its colour: wherever a run is shown, so that colour is never the only sign."""
    colour = RUN_COLOURS[run]
    ink = PANEL if _luminance(colour) < 0.36 else TEXT
    box = {"boxstyle": "round,pad=0.28,rounding_size=0.6", "facecolor": colour, "edgecolor": "none"}
    return f"{run + 1}", {"size": 8, "weight": "bold", "color": ink, "bbox": box}


def _luminance(colour: str) -> float:
    """Relative luminance, 0 to 1 (WCAG 2)."""
    parts = np.array(to_rgb(colour))
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def draw_multiples(sheet: Sheet, box: Box, entries: Sequence[Entry], columns: int) -> None:
    """A card a run, row by row."""
    reaches = [drawn(entry.view, 0) for entry in entries]
    within = _within(reaches)
    shown = np.concatenate([reach for reach, near in zip(reaches, within, strict=True) if near])
    rows = -(-len(entries) // columns)
    for run, entry in enumerate(entries):
        _draw_run(sheet, box.cell(run, columns, rows), run, entry, shown, within[run])


def _within(reaches: Sequence[Float[np.ndarray, "N D"]]) -> list[bool]:
    """Whether each run is near enough to the median one to have its say about the shared axes."""
    sizes = np.array([np.abs(reach).max() for reach in reaches])
    return (sizes <= FAR * max(float(np.quantile(sizes, 0.5, method="lower")), 1e-9)).tolist()


def _draw_run(sheet: Sheet, box: Box, run: int, entry: Entry, shown: Float[np.ndarray, "N D"], within: bool) -> None:
    inner = sheet.panel(box)
    name = fitted(entry.name, box.width - 56, 9.5, "bold")
    sheet.words(box.left + 16, box.top + 19, [badge(run), (name, {"weight": "bold", "color": TEXT, "size": 9.5})])
    sheet.words(box.left + 14, box.top + 38, _health(entry), gap=5)
    plane = inner.trimmed(left=-6, top=HEADER - 4, right=-6, bottom=-4)
    axes = sheet.axes(plane, f"run {run + 1}")
    fill_plane(axes, plane, entry.view, 0, shown)
    if not within:
        words = "reaches far beyond these axes"
        axes.text(0.5, 0.9, words, transform=axes.transAxes, ha="center", va="top", size=8, color=BAD)


def _health(entry: Entry) -> list[Word]:
    look: dict[str, Any] = {"size": 8.5}
    active: list[Word] = [("active", look), *active_words(entry, look)]
    if entry.snapshot.status == "failed":
        return [(f"failed after step {entry.snapshot.step:,}", look | {"color": BAD, "weight": "bold"}), *active]
    return [*active, (f"· MSE {entry.view.probe_mse:.4f}", look)]


def active_words(entry: Entry, look: dict[str, Any]) -> list[Word]:
    """Each level's active codes, in red where codes are dead, of how many; of more than three levels the sum."""
    active, sizes = entry.view.health.active.tolist(), entry.view.sizes
    if len(sizes) > 3:
        active, sizes = [sum(active)], (sum(sizes),)
    pairs = zip(active, sizes, strict=True)
    counts: list[Word] = [(f"{count:,}", look | {"color": TEXT if count == size else BAD}) for count, size in pairs]
    of = f"{max(sizes):,}" if len(set(sizes)) == 1 else value_text(sizes)
    return [*counts, (f"of {of}", look)]
