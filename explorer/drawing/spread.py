"""The sheet of a study: a line a variant, a column a measure, in it a dot for each seed and a bar at their mean."""

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes

from explorer.drawing.sheet import GAP, Box, Sheet
from explorer.palette import ACCENT, GRID, PANEL, QUIET, TEXT
from explorer.study import MEASURES, Outcome, Study, spreads
from explorer.sweep import label_of, value_text

_LINE = 30.0
_HEAD = 58.0
_NAMES = 170.0
_PLOT = 330.0
_FIGURE = 62.0
"""Width of the column of means beside each plot."""


def draw_study(study: Study, outcomes: Sequence[Outcome], steps: int) -> Sheet:
    """`outcomes` of the study's variants, on a sheet of their own."""
    column = _PLOT + _FIGURE
    width = _NAMES + column * len(MEASURES)
    height = _HEAD + 34 + _LINE * len(study.variants) + 30
    sheet = Sheet(width + 28 + 3.2 * GAP, height + 3.2 * GAP)
    sheet.panel(sheet.whole)
    left, top = sheet.whole.left + 16, sheet.whole.top
    sheet.words(left, top + 22, [(study.title, {"size": 14, "weight": "bold", "color": TEXT})])
    sheet.words(left, top + 45, [(_shared(study, outcomes, steps), {})])
    lines = Box(left, top + _HEAD + 34, width, _LINE * len(study.variants))
    for index, variant in enumerate(study.variants):
        sheet.words(left, lines.top + (index + 0.5) * _LINE, [(variant, {"size": 9.5, "color": TEXT})])
    for index, name in enumerate(MEASURES):
        box = Box(left + _NAMES + index * column, lines.top, column - 22, lines.height)
        _draw_measure(sheet, box, study, outcomes, name)
    return sheet


def _shared(study: Study, outcomes: Sequence[Outcome], steps: int) -> str:
    seeds = sorted({outcome.seed for outcome in outcomes})
    same = [f"{label_of(name)} {value_text(value)}" for name, value in study.shared.items()]
    return " · ".join(
        [f"{steps:,} steps", *same, f"seeds {', '.join(map(str, seeds))}", "a dot a seed, a bar their mean"]
    )


def _draw_measure(sheet: Sheet, box: Box, study: Study, outcomes: Sequence[Outcome], name: str) -> None:
    words, digits = MEASURES[name]
    sheet.words(box.left, box.top - 14, [(words, {"weight": "bold", "color": TEXT, "size": 9.5})])
    axes = sheet.axes(box.trimmed(right=_FIGURE - 22), name)
    count = len(study.variants)
    axes.set(ylim=(count, 0), yticks=[])
    axes.grid(axis="x", color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    means = {variant: spreads(outcomes, variant)[name].mean for variant in study.variants}
    for index, variant in enumerate(study.variants):
        values = [float(getattr(outcome, name)) for outcome in outcomes if outcome.variant == variant]
        if values:
            _draw_line(axes, index + 0.5, values, means[variant])
            place = (box.right, box.top + (index + 0.5) * _LINE)
            sheet.words(*place, [(f"{means[variant]:.{digits}f}", {"size": 9, "color": TEXT})], align="right")
    axes.margins(x=0.08)


def _draw_line(axes: Axes, height: float, values: Sequence[float], mean: float) -> None:
    dots: dict[str, Any] = {"marker": "o", "s": 26, "color": ACCENT, "edgecolors": PANEL, "linewidths": 0.8}
    axes.plot([min(values), max(values)], [height, height], color=QUIET, linewidth=1.0, alpha=0.6)
    axes.plot([mean, mean], [height - 0.3, height + 0.3], color=TEXT, linewidth=1.8)
    axes.scatter(values, [height] * len(values), zorder=3, **dots)
