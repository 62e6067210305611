"""What a sweep found: a row a run, as a table for people, as summary.csv, and as pictures."""

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from actors.export import in_words, replace_file
from actors.stored import Stored
from actors.sweep_plan import Planned
from explorer.quality import psnr
from explorer.sweep import differing, label_of, value_of, worded

COMPARISON, SUMMARY = "comparison.png", "summary.csv"
DPI = 160


@dataclass(frozen=True, slots=True)
class Row:
    """What became of a run: finished or failed, and why; `stored` is what its folder holds, if that is whole."""

    planned: Planned
    outcome: Literal["finished", "failed"]
    reason: str
    stored: Stored | None

    @property
    def mse(self) -> float:
        """Of the probe images; NaN unless the run finished."""
        return self.stored.view.probe_mse if self.stored and self.outcome == "finished" else math.nan


def least_mse(rows: Sequence[Row]) -> float:
    """The least probe MSE of the finished runs; NaN if none finished."""
    return min((row.mse for row in rows if math.isfinite(row.mse)), default=math.nan)


def table(rows: Sequence[Row]) -> str:
    """A line a run, in columns, the least probe MSE, as it is shown, marked with a star; below it why runs failed."""
    names = differing([row.planned.config for row in rows])
    least = f"{least_mse(rows):.4f}" if len(rows) > 1 else ""
    head = [
        *(label_of(name) for name in names),
        *("probe MSE", "PSNR dB", "active codes", "perplexity", "steps", "outcome"),
    ]
    lines = [head, *(_cells(row, names, least) for row in rows)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(head))]
    text = ["   ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    if any(cell.startswith("* ") for line in lines for cell in line):
        text.append("* the least probe MSE")
    return "\n".join([*text, *failures(rows)])


def failures(rows: Sequence[Row]) -> list[str]:
    """A line for each run that failed: why."""
    return [f"{row.planned.name} failed: {row.reason}" for row in rows if row.outcome == "failed"]


def _cells(row: Row, names: Sequence[str], least: str) -> list[str]:
    settings = [worded(row.planned.config, name) for name in names]
    if row.stored is None:
        return [*settings, "-", "-", "-", "-", "-", row.outcome]
    view = row.stored.view
    is_least = row.outcome == "finished" and f"{row.mse:.4f}" == least
    return [
        *settings,
        f"{'* ' if is_least else ''}{view.probe_mse:.4f}",
        f"{psnr(view.probe_mse):.1f}",
        " ".join(f"{count}" for count in view.health.active) + f" of {view.codebooks.shape[1]}",
        " ".join(f"{value:.1f}" for value in view.health.perplexity),
        f"{row.stored.record.steps:,}",
        row.outcome,
    ]


def write_summary(out: Path, rows: Sequence[Row]) -> None:
    """summary.csv: a row a run, with the settings that differ and the metrics by the names of history.csv."""
    names = differing([row.planned.config for row in rows])
    levels = max(row.planned.config.levels for row in rows)
    metrics = [f"codebook/{metric}/{level}" for level in range(levels) for metric in ("active", "perplexity")]
    head = ["folder", *names, "probe_mse", "psnr", *metrics, "steps", "outcome", "reason", "best"]
    least = least_mse(rows)
    text = io.StringIO()
    writer = csv.DictWriter(text, head, lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow(_record(row, names) | {"best": int(row.mse == least)})
    replace_file(out / SUMMARY, lambda file: file.write(text.getvalue().encode()))


def _record(row: Row, names: Sequence[str]) -> dict[str, Any]:
    record: dict[str, Any] = {"folder": row.planned.folder.name, "outcome": row.outcome, "reason": row.reason}
    record |= {name: value_of(row.planned.config, name) for name in names}
    if row.stored is None:
        return record
    view = row.stored.view
    for level, (active, perplexity) in enumerate(zip(view.health.active, view.health.perplexity, strict=True)):
        record[f"codebook/active/{level}"] = int(active)
        record[f"codebook/perplexity/{level}"] = f"{perplexity:.9g}"
    quality = {"probe_mse": f"{view.probe_mse:.9g}", "psnr": f"{psnr(view.probe_mse):.9g}"}
    return record | quality | {"steps": row.stored.record.steps}


def write_pictures(out: Path, rows: Sequence[Row]) -> list[Path]:
    """comparison.png of the first 16 runs, and a heat map a metric where two settings are swept.

    Pictures of an earlier sweep that this one does not draw are removed. Returns what was written, in order.
    """
    from explorer import figures

    written: list[Path] = []
    shown = [row for row in rows if row.stored is not None]
    entries = [
        figures.Entry(row.planned.name, row.planned.config, row.stored.snapshot, row.stored.history)
        for row in shown[: figures.MAX_SHOWN]
        if row.stored is not None
    ]
    if entries:
        figure = figures.comparison(entries, of=len(rows))
        replace_file(out / COMPARISON, lambda file: figure.savefig(file, format="png", dpi=DPI))
        written.append(out / COMPARISON)
    written += _write_heat_maps(out, rows)
    with in_words(out):
        for path in {out / COMPARISON, *(_heat_map_path(out, name) for name in _HEAT)} - set(written):
            path.unlink(missing_ok=True)
    return written


_HEAT: dict[str, tuple[str, bool]] = {
    "mse": ("probe MSE", True),
    "perplexity": ("perplexity, mean of the levels", False),
    "active": ("active codes, sum of the levels", False),
}
"""Metric → its words, and whether the lowest is best."""


def _heat_map_path(out: Path, metric: str) -> Path:
    return out / f"heatmap-{metric}.png"


def _metric(row: Row, metric: str) -> float:
    if row.stored is None or row.outcome != "finished":
        return math.nan
    health = row.stored.view.health
    measures = {"mse": row.mse, "perplexity": health.perplexity.mean(), "active": health.active.sum()}
    return float(measures[metric])


def _values(rows: Sequence[Row], name: str) -> list[Any]:
    """A setting's values, in order; sizes a level by the first level's."""
    values = {value_of(row.planned.config, name) for row in rows}
    return sorted(values, key=lambda value: value if isinstance(value, tuple) else (value,))


def _write_heat_maps(out: Path, rows: Sequence[Row]) -> list[Path]:
    names = differing([row.planned.config for row in rows])
    if len(names) != 2:
        return []
    from explorer import figures

    down, across = (_values(rows, name) for name in names)
    paths: list[Path] = []
    for metric, (label, lowest) in _HEAT.items():
        values = np.full((len(down), len(across)), np.nan)
        for row in rows:
            place = [value_of(row.planned.config, name) for name in names]
            values[down.index(place[0]), across.index(place[1])] = _metric(row, metric)
        figure = figures.heat_map(
            label_of(names[0]), down, label_of(names[1]), across, values, label, best="lowest" if lowest else "highest"
        )
        path = _heat_map_path(out, metric)
        replace_file(path, lambda file, figure=figure: figure.savefig(file, format="png", dpi=DPI))
        paths.append(path)
    return paths
