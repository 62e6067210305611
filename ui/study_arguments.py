"""The words of `rq-vae-explorer study`."""

import argparse
import os
from pathlib import Path
from typing import Any

from explorer.settings import STEPS
from explorer.study import SEEDS, STUDIES
from explorer.study import STEPS as DEFAULT_STEPS
from explorer.sweep import parse_values

STUDY = """\
Train a run for each variant of a study and each seed, as `sweep` does, and tell what they measured and how far seeds differ.

  rq-vae-explorer study codebooks --seeds 0,1,2 --steps 3000 --out my-study

trains each way to update codebooks, alone and with each cure for dead codes. Written are study.md (a row a variant: probe MSE,
active codes and perplexity, mean and range over the seeds), study.csv (the same for programs), study.png, summary.csv (a row a
run), and for each run a folder with config.json, history.csv, snapshot.npz and report.png.

Interrupted, by Ctrl-C or otherwise, the same command goes on with what is missing, and more seeds are added to those there are.
The exit code is 0 if every run finished, 1 if one failed, 130 if interrupted, 2 for a mistake."""


def add_study_arguments(parser: argparse.ArgumentParser, steps: Any, jobs: Any) -> None:
    """What may follow `study`; `steps` and `jobs` convert such numbers."""
    titles = "; ".join(f"{study.name}: {study.title.lower()}" for study in STUDIES.values())
    parser.add_argument("study", choices=list(STUDIES), metavar="NAME", help=titles)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder to write to; made if missing")
    listed = ",".join(map(str, SEEDS))
    parser.add_argument(
        "--seeds", default=listed, metavar="LIST", help=f"a run of each variant for each (default: {listed})"
    )
    parser.add_argument("--steps", type=steps, default=DEFAULT_STEPS, help=f"{STEPS.help} (default: {DEFAULT_STEPS})")
    parser.add_argument(
        "--jobs", type=jobs, help=f"how many runs to train at a time (default: {os.cpu_count()}, the CPUs)"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace runs in DIR of other settings, steps or data")


def seeds_of(arguments: argparse.Namespace) -> list[int]:
    """The seeds that `study` was asked for. Raises ConfigError."""
    return [int(seed) for seed in parse_values("seed", arguments.seeds) if isinstance(seed, int | float)]
