"""Run every preset for real and write what was seen: docs/presets.md and docs/presets/*.png.

    TFDS_DATA_DIR=... uv run scripts/presets.py [NAME ...] --out DIR [--jobs N]

trains what DIR does not hold yet (a preset is a sweep; a run that two of them share is trained once), measures the runs and
rewrites the documents. Interrupted, the same command goes on.
"""

import argparse
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from actors.export import CONFIG
from actors.stored import read_record
from actors.sweep import sweep
from actors.sweep_plan import look, plan
from actors.sweep_results import Row
from explorer import figures
from explorer.presets import PRESETS, Preset
from explorer.quality import effective_bits

DOCS = Path(__file__).parent.parent / "docs"
TAIL = 100
"""Steps over which a loss is averaged."""
EARLY = 500

INTRODUCTION = """\
# Presets

Comparisons that teach: one click in the Compare tab's gallery, `rq-vae-explorer sweep --preset NAME --out DIR` in a shell. What
each says to look for was seen in the runs below: full MNIST, seed 0, one thread of a CPU. `uv run scripts/presets.py --out DIR`
runs them again and writes this page.

Columns: MSE over 512 test images; active codes and perplexity a level over the last 100 batches; how many different tuples of
codes were used in them, and the effective bits Σ log₂ perplexity; the residual ratio E‖r_l‖²/E‖r_{l−1}‖² a level; the
root mean square distance of z_e from its mean; the commitment loss and the reconstruction loss (as trained), means of 100
steps; and the MSE of the ten digits on show, decoded from the first 1 to L levels.
"""


def main() -> int:
    """Train, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="presets (default: all)")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder of the runs")
    parser.add_argument("--jobs", type=int, default=1, help="runs at a time (default: 1)")
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(PRESETS):
        parser.error(f"there is no preset {min(unknown)!r}; the presets are {', '.join(PRESETS)}")
    if not os.environ.get("TFDS_DATA_DIR"):
        parser.error("TFDS_DATA_DIR names no folder with a prepared mnist: what presets say is of the complete one")
    for name in arguments.names or PRESETS:
        preset = PRESETS[name]
        _borrow(preset, arguments.out)
        swept = sweep(
            preset.configs(),
            preset.steps,
            arguments.out / name,
            data_dir=os.environ.get("TFDS_DATA_DIR"),
            jobs=arguments.jobs,
        )
        if swept.interrupted:
            sys.stderr.write(f"{swept}\n")
            return 130
        _draw(preset, swept.rows)
        measured = _measured(preset, swept.rows)
        (arguments.out / name / "measured.md").write_text(measured, encoding="utf-8")
        sys.stdout.write(f"{preset.title}\n{measured}\n")
    _write(arguments.out)
    return 0


def _borrow(preset: Preset, out: Path) -> None:
    """Copy those of its runs that another preset has trained already."""
    for planned in plan(preset.configs(), out / preset.name):
        if look(planned, preset.steps).state != "missing":
            continue
        for path in sorted(out.glob(f"*/*/{CONFIG}")):
            record = read_record(path.parent)
            if record and (record.config, record.asked, record.outcome) == (planned.config, preset.steps, "finished"):
                shutil.copytree(path.parent, planned.folder)
                break


def _draw(preset: Preset, rows: Sequence[Row]) -> None:
    """The sheet of the comparison."""
    entries = [
        figures.Entry(name, row.planned.config, row.stored.snapshot, row.stored.history)
        for name, row in zip(preset.names, rows, strict=True)
        if row.stored is not None
    ]
    path = DOCS / "presets" / f"{preset.name}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    figures.comparison(entries).savefig(path, dpi=90)
    with Image.open(path) as image:
        image.convert("RGB").save(path, optimize=True)


def _measured(preset: Preset, rows: Sequence[Row]) -> str:
    head = (
        *("run", "MSE", "active", "perplexity", "tuples", "bits", "residual ratio", "spread of z_e"),
        *("commit", f"recon at {EARLY}", "recon at the end", "MSE by level"),
    )
    lines = [head, ("---",) * len(head), *map(_line, preset.names, rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _line(name: str, row: Row) -> tuple[str, ...]:
    if row.stored is None or row.outcome != "finished":
        return (name, f"failed: {row.reason}", *[""] * 10)
    view, history = row.stored.view, row.stored.history
    health = view.health
    spread = float(np.sqrt(np.square(view.latents - view.latents.mean(axis=0)).sum(axis=1).mean()))
    apart = np.square((view.by_level.astype(float) - view.inputs) / 255).mean(axis=(1, 2, 3))
    recon, commit = (np.asarray(history.columns[f"loss/{name}"]) for name in ("recon", "commit"))
    early = (history.steps > EARLY - TAIL) & (history.steps <= EARLY)
    late = history.steps > history.steps[-1] - TAIL
    return (
        name,
        f"{view.probe_mse:.4f}",
        f"{_each(health.active, '.0f')} of {'/'.join(map(str, dict.fromkeys(view.sizes)))}",
        _each(health.perplexity, ".1f"),
        f"{view.tuples:,}",
        f"{effective_bits(health.perplexity):.2f}",
        _each(view.residual_ratio, ".3f"),
        f"{spread:.3g}",
        f"{commit[late].mean():.2g}",
        f"{recon[early].mean():.4f}",
        f"{recon[late].mean():.4f}",
        _each(apart, ".4f"),
    )


def _each(values: Sequence[float] | np.ndarray, form: str) -> str:
    return ", ".join(f"{value:{form}}" for value in values)


def _write(out: Path) -> None:
    """docs/presets.md, once every preset has been measured."""
    parts = [INTRODUCTION]
    for preset in PRESETS.values():
        measured = out / preset.name / "measured.md"
        if not measured.exists():
            sys.stderr.write(f"{preset.name} was not measured yet: docs/presets.md stays as it is\n")
            return
        text = f"## {preset.title}\n\n{preset.text}\n\n`--preset {preset.name}`, {preset.steps:,} steps:\n"
        picture = f"![{preset.title}](presets/{preset.name}.png)\n"
        parts.append(f"{text}\n{picture}\n{measured.read_text(encoding='utf-8')}")
    (DOCS / "presets.md").write_text("\n".join(parts), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
