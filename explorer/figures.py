"""Snapshot or History -> matplotlib Figure, for export and reports. Pure: no pyplot, no file, no jax.

Save with `figure.savefig(path, dpi=...)`; at 100 dpi a figure has the size of a page on the screen.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure

from explorer.config import RunConfig
from explorer.drawing.bars import digits_height, draw_digits, draw_health
from explorer.drawing.comparison import MAX_SHOWN, draw_comparison
from explorer.drawing.curves import draw_losses, draw_perplexity
from explorer.drawing.entry import Entry
from explorer.drawing.heat import draw_heat_map
from explorer.drawing.plane import draw_legend, draw_plane
from explorer.drawing.sheet import GAP, Box, Sheet, Word
from explorer.drawing.spread import draw_study
from explorer.messages import History, Snapshot, View
from explorer.palette import BAD, BAD_SOFT, GOOD, GOOD_SOFT, TEXT
from explorer.quality import effective_bits, nominal_bits, psnr
from explorer.study import Outcome, Study

__all__ = [
    "MAX_SHOWN",
    "Entry",
    "comparison",
    "curves",
    "health",
    "heat_map",
    "latent_planes",
    "reconstructions",
    "report",
    "study",
]

_COLUMNS = (1, 2, 3, 2, 3, 3, 4, 4)
_PLANE_WIDTHS = (590, 412, 350, 412, 350, 350, 330, 330)
_WIDTH = 1234
"""Least width of what a report shows, so that its header fits and its curves have room."""
_SIDE = 400
_LEVEL = 76
_CURVES = 270
_LEGEND = 26
_HEADER = 86


def latent_planes(view: View) -> Figure:
    """A plane a level: encoder outputs on the first, then what the levels before left over; with its codes."""
    columns, rows, width, height = _planes(view)
    sheet = Sheet(width + 3.2 * GAP, height + 3.2 * GAP)
    _draw_planes(sheet, sheet.whole, view, columns, rows)
    return sheet.figure


def reconstructions(view: View) -> Figure:
    """Ten test images over what the decoder makes of their codes."""
    sheet = Sheet(_SIDE + 3.2 * GAP, digits_height(_SIDE) + 3.2 * GAP)
    draw_digits(sheet, sheet.whole, view)
    return sheet.figure


def health(view: View) -> Figure:
    """The use of each code over the window, a row a level, with the threshold below which a code is dead."""
    sheet = Sheet(1.5 * _SIDE, 46 + 1.4 * _LEVEL * len(view.codebooks) + 3.2 * GAP)
    draw_health(sheet, sheet.whole, view)
    return sheet.figure


def curves(history: History) -> Figure:
    """The losses on a logarithmic scale with a marker at each change of a live setting, and each level's perplexity."""
    sheet = Sheet(1280, _CURVES + 3.2 * GAP)
    _draw_curves(sheet, sheet.whole, history, None)
    return sheet.figure


def report(snapshot: Snapshot, history: History, config: RunConfig | None = None) -> Figure:
    """All of it on one sheet, titled with the run's id; `config` adds the fixed settings.

    Raises ValueError for a snapshot without a view.
    """
    view = snapshot.view
    if view is None:
        raise ValueError(f"{snapshot.run_id} has no model yet: there is nothing to draw")
    columns, rows, width, height = _planes(view)
    levels = len(view.codebooks)
    side_width = max(_SIDE, _WIDTH - width - GAP)
    top_height = digits_height(side_width)
    height = max(height, top_height + GAP + 46 + _LEVEL * levels)
    sheet = Sheet(width + GAP + side_width + 3.2 * GAP, _HEADER + height + GAP + _CURVES + 3.2 * GAP)
    _draw_header(sheet, snapshot, view, config)
    upper = Box(sheet.whole.left, sheet.whole.top + _HEADER, width, height)
    _draw_planes(sheet, upper, view, columns, rows)
    side = Box(upper.right + GAP, upper.top, side_width, height)
    draw_digits(sheet, side.trimmed(bottom=height - top_height), view)
    draw_health(sheet, side.trimmed(top=top_height + GAP), view)
    lower = sheet.whole.trimmed(top=_HEADER + height + GAP)
    _draw_curves(sheet, lower, history, view.codebooks.shape[1])
    return sheet.figure


def comparison(entries: Sequence[Entry], of: int | None = None) -> Figure:
    """Runs side by side: level 1 of each on the same axes, their recon losses over one another, and what differs.

    `of` is how many runs there are, if these are only the first of them. Raises ValueError unless there are 1 to 16
    entries, each with a view.
    """
    if not 1 <= len(entries) <= MAX_SHOWN:
        raise ValueError(f"a comparison shows 1 to {MAX_SHOWN} runs; got {len(entries)}")
    return draw_comparison(entries, len(entries) if of is None else of).figure


def heat_map(
    row_name: str,
    row_values: Sequence[float],
    column_name: str,
    column_values: Sequence[float],
    values: Float[np.ndarray, "R C"],
    metric_name: str,
    *,
    best: Literal["lowest", "highest"] = "lowest",
) -> Figure:
    """A metric for each combination of two settings' values, its number in each cell and the best one framed.

    NaN stands for a combination without a result. Raises ValueError for values of another shape.
    """
    grid = np.asarray(values, np.float64)
    if grid.shape != (len(row_values), len(column_values)) or not grid.size:
        raise ValueError(f"{len(row_values)} rows and {len(column_values)} columns, but values of shape {grid.shape}")
    lowest = best == "lowest"
    return draw_heat_map(row_name, row_values, column_name, column_values, grid, metric_name, lowest).figure


def study(study: Study, outcomes: Sequence[Outcome], steps: int) -> Figure:
    """A line a variant of the study: a dot for each seed, and their mean, for each of its measures."""
    return draw_study(study, outcomes, steps).figure


def _planes(view: View) -> tuple[int, int, float, float]:
    """Columns and rows of planes, and the width and height that they and their legend take."""
    levels = len(view.codebooks)
    columns, width = _COLUMNS[levels - 1], _PLANE_WIDTHS[levels - 1]
    rows = -(-levels // columns)
    return columns, rows, columns * width + (columns - 1) * GAP, rows * (0.92 * width + GAP) - GAP + _LEGEND


def _draw_planes(sheet: Sheet, box: Box, view: View, columns: int, rows: int) -> None:
    area = box.trimmed(bottom=_LEGEND)
    for level in range(len(view.codebooks)):
        draw_plane(sheet, area.cell(level, columns, rows), view, level)
    draw_legend(sheet, box.left + 6, box.bottom - 9, dead=bool(view.health.dead.any()))


def _draw_curves(sheet: Sheet, box: Box, history: History, size: int | None) -> None:
    left = Box(box.left, box.top, 0.6 * box.width, box.height)
    draw_losses(sheet, left, history)
    draw_perplexity(sheet, box.trimmed(left=left.width + GAP), history, size)


def _draw_header(sheet: Sheet, snapshot: Snapshot, view: View, config: RunConfig | None) -> None:
    left, right, top = sheet.whole.left + 2, sheet.whole.right, sheet.whole.top
    title = snapshot.run_id if len(snapshot.run_id) <= 70 else f"{snapshot.run_id[:69]}…"
    sheet.words(left, top + 13, [(title, {"size": 15, "weight": "bold", "color": TEXT})])
    sheet.words(right - 6, top + 14, [_verdict(snapshot, view)], align="right")
    sheet.words(left, top + 42, _facts(snapshot, view))
    sheet.words(left, top + 63, [(_settings(snapshot, config), {})])


def _facts(snapshot: Snapshot, view: View) -> list[Word]:
    strong = {"color": TEXT, "weight": "bold"}
    rate = f"{effective_bits(view.health.perplexity):.1f} of {nominal_bits(view.sizes):.1f} bits"
    return [
        ("step", {}),
        (f"{snapshot.step:,}", strong),
        (f"· epoch {snapshot.epoch:.1f} · probe MSE", {}),
        (f"{view.probe_mse:.4f}", strong),
        (f"(PSNR {psnr(view.probe_mse):.1f} dB) · rate", {}),
        (rate, strong),
    ]


def _settings(snapshot: Snapshot, config: RunConfig | None) -> str:
    weights = [f"λ_{name} {value:g}" for name, value in snapshot.lambdas.to_dict().items() if value or name == "commit"]
    fixed = [] if config is None else [f"batch {config.batch_size}", f"seed {config.seed}"]
    made_of = [f"learning rate {snapshot.live['learning_rate']:g}", *fixed, snapshot.data_source, snapshot.device]
    return " · ".join([*weights, *made_of])


def _verdict(snapshot: Snapshot, view: View) -> Word:
    """What is wrong, in words, as a badge; or that nothing is."""
    dead, codes = view.health.dead, sum(view.sizes)
    if snapshot.status == "failed":
        words, good = "failed", False
    elif view.health.window == 0:
        words, good = "untrained", True
    elif dead.any():
        words, good = f"{dead.sum():,} of {codes:,} codes dead", False
    else:
        words, good = "every code in use", True
    badge = {"boxstyle": "round,pad=0.5", "facecolor": GOOD_SOFT if good else BAD_SOFT, "edgecolor": "none"}
    return words, {"size": 8.5, "weight": "bold", "color": GOOD if good else BAD, "bbox": badge}
