"""The sheet of a comparison: a header, the runs' planes, their recon losses over one another, and what differs."""

from collections.abc import Sequence

from explorer.drawing.entry import Entry
from explorer.drawing.multiples import HEADER, draw_multiples
from explorer.drawing.overlay import draw_recon, draw_table, table_height, table_share
from explorer.drawing.plane import draw_legend
from explorer.drawing.sheet import GAP, Box, Sheet
from explorer.palette import RUN_COLOURS, TEXT
from explorer.sweep import differing, label_of, telling, worded

MAX_SHOWN = len(RUN_COLOURS)

_WIDTH = 1330.0
_COLUMNS = (1, 2, 3, 4, 3, 3, 4, 4, 3, 4, 4, 4, 4, 4, 4, 4)
_MOST_TALL = 430.0
_TOP = 64.0
_LEGEND = 26.0
_LEAST_LOWER = 290.0


def draw_comparison(entries: Sequence[Entry], of: int) -> Sheet:
    """`entries`, the first of `of` runs, on a sheet of their own."""
    columns = _COLUMNS[len(entries) - 1]
    rows = -(-len(entries) // columns)
    tile = (_WIDTH - GAP * (columns - 1)) / columns
    height = min(0.78 * tile, _MOST_TALL) + HEADER
    planes = rows * (height + GAP) - GAP
    lower = max(_LEAST_LOWER, table_height(len(entries)))
    sheet = Sheet(_WIDTH + 3.2 * GAP, _TOP + planes + _LEGEND + GAP + lower + 3.2 * GAP)
    whole = sheet.whole
    _draw_header(sheet, entries, of)
    draw_multiples(sheet, Box(whole.left, whole.top + _TOP, whole.width, planes), entries, columns)
    legend = whole.top + _TOP + planes + _LEGEND / 2 + 2
    draw_legend(sheet, whole.left + 6, legend, dead=any(entry.view.health.dead.any() for entry in entries))
    bottom = whole.trimmed(top=_TOP + planes + _LEGEND + GAP)
    table = table_share(entries) * (bottom.width - GAP)
    draw_recon(sheet, bottom.trimmed(right=table + GAP), entries)
    draw_table(sheet, bottom.trimmed(left=bottom.width - table), entries)
    return sheet


def _draw_header(sheet: Sheet, entries: Sequence[Entry], of: int) -> None:
    left, top = sheet.whole.left + 2, sheet.whole.top
    shown = len(entries)
    title = f"{shown} run{'s'[: shown != 1]} compared"
    note = f"the first {shown} of {of}" if of > shown else ""
    sheet.words(left, top + 13, [(title, {"size": 15, "weight": "bold", "color": TEXT}), (note, {"size": 10})])
    sheet.words(left, top + 42, [(_same(entries), {})])


def _same(entries: Sequence[Entry]) -> str:
    """What the runs have in common."""
    first, configs = entries[0], [entry.config for entry in entries]
    apart = differing(configs)
    steps = {entry.snapshot.step for entry in entries}
    took = f"{max(steps):,} steps" if len(steps) == 1 else f"{min(steps):,} to {max(steps):,} steps"
    equal = [f"{label_of(name)} {worded(first.config, name)}" for name in telling(first.config) if name not in apart]
    return " · ".join(["level 1 on shared axes", took, *equal, first.snapshot.data_source])
