"""Runs over one another: their recon losses as curves, and a table of the settings in which they differ."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.ticker import EngFormatter, FuncFormatter, LogLocator, MaxNLocator, NullLocator

from explorer.drawing.curves import running_mean, running_reach
from explorer.drawing.entry import Entry
from explorer.drawing.multiples import active_words, badge
from explorer.drawing.sheet import Box, Sheet, Word, fitted
from explorer.palette import BAD, GOOD, GRID, LINE, QUIET, RUN_COLOURS, TEXT
from explorer.sweep import differing, label_of, worded

ROW = 21.0
"""Height of a line of the table, in units."""
EARLY = 12
"""The first such part of each curve may leave the axes at the top: it falls steeply, and what differs comes later."""
_BADGE = 15.0
"""Least distance of two runs' numbers at the ends of their curves, in units."""


def draw_recon(sheet: Sheet, box: Box, entries: Sequence[Entry]) -> None:
    """The card of curves: the points of each history pale, their running mean strong, the run's number at the end."""
    inner = sheet.card(box, "Reconstruction loss", "bold: running mean")
    place = inner.trimmed(left=34, bottom=10, right=42)
    axes = sheet.axes(place, "recon")
    axes.grid(axis="y", color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    ends: dict[int, tuple[float, float]] = {}
    for run, entry in enumerate(entries):
        steps, values = entry.history.steps, entry.history.columns.get("loss/recon")
        if values is None or not np.any(values > 0):
            continue
        raw = values.astype(np.float64)
        mean = running_mean(raw, 2 * running_reach(len(raw)))
        axes.plot(steps, raw, color=RUN_COLOURS[run], linewidth=0.5, alpha=0.16, zorder=2)
        axes.plot(steps, mean, color=RUN_COLOURS[run], linewidth=1.5, zorder=3 + run / 100, label=f"{run + 1}")
        ends[run] = float(steps[-1]), float(mean[-1])
    if not ends:
        axes.set(xticks=[], yticks=[])
        axes.text(0.5, 0.5, "no steps yet", transform=axes.transAxes, ha="center", va="center", size=9, color=QUIET)
        return
    _scale(axes, max(step for step, _ in ends.values()))
    _number(sheet, place, axes, ends)


def _scale(axes: Axes, last_step: float) -> None:
    axes.set_xlim(0, last_step)
    axes.xaxis.set_major_formatter(EngFormatter(sep=""))
    axes.xaxis.set_major_locator(MaxNLocator(8, integer=True, steps=[1, 2, 2.5, 5, 10]))
    axes.set_yscale("log", nonpositive="mask")
    means = [np.asarray(line.get_ydata(), np.float64) for line in axes.lines[1::2]]
    low = min(float(mean.min()) for mean in means)
    high = max(float(mean[len(mean) // EARLY :].max()) for mean in means)
    axes.set_ylim(0.94 * low, 1.08 * max(high, 1.2 * low))
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 1.5, 2, 3, 4, 5, 6, 8), numticks=12))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.2g}"))
    axes.yaxis.set_minor_locator(NullLocator())


def _number(sheet: Sheet, box: Box, axes: Axes, ends: dict[int, tuple[float, float]]) -> None:
    """The runs' numbers to the right of the curves, from top to bottom as the curves end, a line from each to its end."""
    low, high = np.log(axes.get_ylim())
    order = sorted(ends, key=lambda run: -ends[run][1])
    tops = np.array([box.top + box.height * (high - np.log(ends[run][1])) / (high - low) for run in order])
    step = min(_BADGE, box.height / max(len(order), 1))
    for run, top, place in zip(order, tops, spread(tops, step, box.top, box.bottom), strict=True):
        sheet.line(
            [(box.left + box.width * ends[run][0] / axes.get_xlim()[1], top), (box.right + 14, place)],
            color=RUN_COLOURS[run],
        )
        sheet.words(box.right + 18, place, [badge(run)])


def spread(places: Float[np.ndarray, " N"], least: float, low: float, high: float) -> Float[np.ndarray, " N"]:
    """The ascending places, moved as little as keeps them `least` apart and, if there is room, between `low` and `high`."""
    steps = np.arange(len(places)) * least
    # Moved by `steps`, places that must be `least` apart need only ascend: the best such are means of neighbours (PAVA).
    blocks: list[tuple[float, int]] = []
    for value in places - steps:
        mean, count = float(value), 1
        while blocks and blocks[-1][0] > mean:
            before, many = blocks.pop()
            mean, count = (mean * count + before * many) / (count + many), count + many
        blocks.append((mean, count))
    ascending = np.concatenate([np.full(count, mean) for mean, count in blocks])
    return np.clip(ascending, low, max(high - (steps[-1] if len(steps) else 0), low)) + steps


def draw_table(sheet: Sheet, box: Box, entries: Sequence[Entry]) -> None:
    """The card of what differs: a line a run with those settings, its probe MSE (the least marked) and active codes."""
    names = differing([entry.config for entry in entries])
    inner = sheet.card(box, "What differs, and what came of it", "" if names else "equal configs")
    least = _least_mse(entries)
    heads = [label_of(name) for name in names] + ["probe MSE", "perplexity", "active codes"]
    shares = np.array([*(max(len(head), 7) for head in heads[: len(names)]), 13, 12, 14], np.float64)
    width = inner.width - 34
    rights = inner.left + 34 + width * np.cumsum(shares) / shares.sum()
    room = width * shares / shares.sum() - 6
    top = inner.top + 8
    for head, right, most in zip(heads, rights, room, strict=True):
        sheet.words(right, top, [(fitted(head, most, 8), {"size": 8})], align="right")
    sheet.line([(inner.left, top + 12), (inner.right, top + 12)], color=LINE)
    for run, entry in enumerate(entries):
        y = top + 25 + ROW * run
        sheet.words(inner.left + 4, y, [badge(run)])
        cells = [_cell(fitted(worded(entry.config, name), most, 8.5)) for name, most in zip(names, room, strict=False)]
        cells += [_mse(entry, least), _perplexity(entry), _active(entry)]
        for cell, right in zip(cells, rights, strict=True):
            sheet.words(right, y, cell, gap=4, align="right")


def table_share(entries: Sequence[Entry]) -> float:
    """Of the width that curves and table have together: half, or more if many settings differ."""
    return min(max(0.5, 0.3 + 0.045 * (3 + len(differing([entry.config for entry in entries])))), 0.66)


def table_height(entries: int) -> float:
    """Of the card with so many runs, in units."""
    return 34 + 8 + 25 + ROW * entries + 4


def _least_mse(entries: Sequence[Entry]) -> str:
    """The least probe MSE as it is shown, if there is more than one run."""
    errors = [e.view.probe_mse for e in entries if e.snapshot.status != "failed" and np.isfinite(e.view.probe_mse)]
    return f"{min(errors):.4f}" if errors and len(entries) > 1 else ""


def _cell(text: str) -> list[Word]:
    return [(text, {"size": 8.5, "color": TEXT})]


def _mse(entry: Entry, least: str) -> list[Word]:
    if entry.snapshot.status == "failed":
        return [("failed", {"size": 8.5, "color": BAD, "weight": "bold"})]
    number = f"{entry.view.probe_mse:.4f}"
    if number == least:
        return [("best", {"size": 8, "color": GOOD}), (number, {"size": 8.5, "color": GOOD, "weight": "bold"})]
    return _cell(number)


def _perplexity(entry: Entry) -> list[Word]:
    """Each level's; of more than three the least and the greatest."""
    values = entry.view.health.perplexity
    words = [f"{value:.1f}" for value in values]
    if len(words) > 3:
        words = [f"{values.min():.1f} to {values.max():.1f}"]
    return [(word, {"size": 8.5, "color": TEXT}) for word in words]


def _active(entry: Entry) -> list[Word]:
    return active_words(entry, {"size": 8.5})
