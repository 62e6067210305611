"""A small run that finished, for tests of sweeps."""

import csv
import io
from pathlib import Path

from actors.headless import train
from explorer.config import RunConfig

BASE = RunConfig(batch_size=8, codebook_size=4)
STEPS = 3


def finish(sample, out: Path) -> Path:
    """Train it into that folder."""
    train(BASE, STEPS, out, lambda report: sample, progress=io.StringIO())
    return out


def summary_of(out: Path) -> list[dict[str, str]]:
    with (out / "summary.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))
