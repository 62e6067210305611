"""Curves by step: the losses, with a marker at every change of a live setting, and the perplexity of each level."""

from dataclasses import dataclass

import matplotlib
import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.ticker import EngFormatter, LogLocator, MaxNLocator

from explorer.drawing.sheet import Box, Sheet
from explorer.messages import Event, History
from explorer.palette import ACCENT, CODEBOOK, COMMIT, GRID, PANEL, QUIET, TEXT, TOTAL
from explorer.settings import LAMBDA_SETTINGS, RUN_SETTINGS

SETTINGS = LAMBDA_SETTINGS | RUN_SETTINGS
MOST_MARKERS = 12
DRAG = 0.015
"""Changes of one setting within this part of the run are one drag of a slider: they share a marker."""

_ROUND = [1, 2, 2.5, 5, 10]
_LOSSES: dict[str, dict[str, object]] = {
    "total": {"color": TOTAL, "linewidth": 1.0, "linestyle": (0, (1, 1.4))},
    "recon": {"color": ACCENT, "linewidth": 1.7},
    "commit": {"color": COMMIT, "linewidth": 2.4},
    "codebook": {"color": CODEBOOK, "linewidth": 1.2, "linestyle": (0, (4, 3))},
}


@dataclass(frozen=True, slots=True)
class Change:
    """A live setting went from `old` to `new`, at the first step that used it."""

    step: int
    name: str
    old: float
    new: float

    def __str__(self) -> str:
        return f"{SETTINGS[self.name].label} {self.old:g} → {self.new:g}"


def changes(history: History) -> list[Change]:
    """What was changed, in order; the changes of one drag merged, what came back to where it was left out."""
    last_step = int(history.steps[-1]) if len(history.steps) else 0
    merged: dict[str, list[tuple[Change, int]]] = {}
    for event in history.events:
        if event.kind == "setting":
            drags = merged.setdefault(event.detail["name"], [])
            if drags and event.step - drags[-1][1] <= DRAG * last_step:
                first, _ = drags.pop()
                drags.append((_change(event, first.step, first.old), event.step))
            else:
                drags.append((_change(event, event.step, event.detail["old"]), event.step))
    found = [change for drags in merged.values() for change, _ in drags if change.old != change.new]
    return sorted(found, key=lambda change: change.step)[-MOST_MARKERS:]


def _change(event: Event, step: int, old: float) -> Change:
    return Change(step, event.detail["name"], old, event.detail["new"])


def draw_losses(sheet: Sheet, box: Box, history: History) -> None:
    """The card of loss curves: thin the points of the history, thick their running mean."""
    reach = running_reach(len(history.steps))
    batches = (2 * reach + 1) * history.stride
    note = "unweighted terms and their weighted total" + (f" · bold: mean of {batches} steps" if reach else "")
    axes = _card(sheet, box, history, "Losses", note, "losses")
    for name, look in _LOSSES.items():
        values = history.columns.get(f"loss/{name}")
        if values is None or not np.any(values > 0):
            continue  # a logarithmic axis has no place for it
        values = values.astype(np.float64)
        if reach and name != "codebook":
            axes.plot(history.steps, values, color=look["color"], linewidth=0.5, alpha=0.3)
        axes.plot(history.steps, running_mean(values, reach), label=name, **look)  # pyright: ignore[reportArgumentType]
    if not axes.lines:
        return
    axes.set_yscale("log", nonpositive="mask")
    axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 3.0) if _decades(axes) < 3 else (1.0,), numticks=8))
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_locator(LogLocator(subs=()))
    _legend(axes)
    _mark(axes, changes(history))


def draw_perplexity(sheet: Sheet, box: Box, history: History, size: int | None = None) -> None:
    """The card of perplexities, a line a level; the axis ends at the codebook's size if that is known and not far off."""
    columns = [values for name, values in history.columns.items() if name.startswith("codebook/perplexity/")]
    note = "codes in even use" + (f", of {size}" if size else "")
    axes = _card(sheet, box, history, "Perplexity", note, "perplexity")
    colours = matplotlib.colormaps["viridis"](np.linspace(0.12, min(0.25 + 0.15 * len(columns), 0.88), len(columns)))
    for level, (values, colour) in enumerate(zip(columns, colours, strict=True)):
        style = (0, (4, 1.5)) if level % 2 and len(columns) > 4 else "solid"
        axes.plot(history.steps, values, color=colour, linewidth=1.5, linestyle=style, label=f"level {level + 1}")
    if not columns:
        return
    peak = max(float(values.max(initial=2)) for values in columns)
    axes.set_ylim(0, 1.03 * min(2 * peak, size or peak))
    axes.yaxis.set_major_locator(MaxNLocator(4, integer=True, steps=_ROUND))
    _legend(axes)
    for change in changes(history):
        axes.axvline(change.step, color=QUIET, linewidth=0.7, linestyle=(0, (4, 3)), zorder=1)


def running_reach(points: int) -> int:
    """How many neighbours on each side a running mean takes in: a hundredth of the curve."""
    return points // 100


def running_mean(values: Float[np.ndarray, " N"], reach: int) -> Float[np.ndarray, " N"]:
    """The mean of each value and its neighbours, as many on the left as on the right: fewer towards both ends."""
    index = np.arange(len(values))
    reaches = np.minimum(reach, np.minimum(index, index[::-1]))
    sums = np.concatenate([[0.0], np.cumsum(values)])
    return (sums[index + reaches + 1] - sums[index - reaches]) / (2 * reaches + 1)


def _card(sheet: Sheet, box: Box, history: History, title: str, note: str, label: str) -> Axes:
    inner = sheet.card(box, title, note).trimmed(left=30, bottom=10)
    axes = sheet.axes(inner.trimmed(top=18), label)
    axes.grid(axis="y", color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.xaxis.set_major_formatter(EngFormatter(sep=""))
    if len(history.steps):
        axes.set_xlim(0, int(history.steps[-1]))
        axes.xaxis.set_major_locator(MaxNLocator(8, integer=True, steps=_ROUND))
    else:
        axes.set(xticks=[], yticks=[])
        axes.text(0.5, 0.5, "no steps yet", transform=axes.transAxes, ha="center", va="center", size=9, color=QUIET)
    return axes


def _decades(axes: Axes) -> float:
    low, high = axes.get_ylim()
    return float(np.log10(high / low))


def _legend(axes: Axes) -> None:
    axes.legend(
        loc="lower left",
        bbox_to_anchor=(-0.01, 0.99),
        ncols=8,
        frameon=False,
        fontsize=8,
        labelcolor=TEXT,
        handlelength=1.6,
        columnspacing=1.3,
        borderpad=0.1,
    )


def _mark(axes: Axes, found: list[Change]) -> None:
    """A dashed line and words for each change; words that would cover earlier ones stand lower."""
    steps_per_unit = axes.get_xlim()[1] / axes.get_window_extent().width
    ends = [-np.inf] * 8
    for change in found:
        axes.axvline(change.step, color=QUIET, linewidth=0.8, linestyle=(0, (4, 3)), zorder=1)
        width = (8 + 7 * len(str(change))) * steps_per_unit
        late = change.step + width > axes.get_xlim()[1]
        left = change.step - width if late else change.step
        row = next((row for row, end in enumerate(ends) if end <= left), 0)
        ends[row] = left + width
        axes.annotate(
            str(change),
            (change.step, 0.97 - 0.11 * row),
            xycoords=("data", "axes fraction"),
            xytext=(-4 if late else 4, 0),
            textcoords="offset points",
            ha="right" if late else "left",
            va="top",
            size=7.5,
            weight="bold",
            color=TEXT,
            bbox={"facecolor": PANEL, "edgecolor": "none", "pad": 1, "alpha": 0.8},
        )
