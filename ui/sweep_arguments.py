"""The words of `rq-vae-explorer sweep` and `study`, which train many runs."""

import argparse
import os
from collections.abc import Callable
from pathlib import Path

from explorer.choices import Choice
from explorer.config import RunConfig
from explorer.errors import ConfigError, ExplorerError
from explorer.presets import PRESETS, find_preset
from explorer.settings import STEPS, Setting, Sizes
from explorer.study import SEEDS, STUDIES
from explorer.study import STEPS as STUDY_STEPS
from explorer.sweep import AXES, Value, grid, parse_values, value_of, value_text
from ui.argument_parts import JOBS, add_shared_arguments, number

SWEEP = """\
Train a run for each combination of the values that are given, each in a process of its own with one thread, and compare them.

  rq-vae-explorer sweep --commit 0.05,0.25,1 --codebook 0.5,1,2 --steps 2000 --out my-sweep

trains nine runs; --preset NAME trains those of one of the page's presets instead. Each gets a folder below DIR, named after its
settings, with config.json, history.csv (a row a step), snapshot.npz and report.png. Beside them are written summary.csv,
comparison.png (latent planes and curves of the first 16 runs) and, where exactly two settings have several values,
heatmap-mse.png, heatmap-perplexity.png and heatmap-active.png.

Interrupted, by Ctrl-C or otherwise, the same command goes on with what is missing: finished runs are not trained again.
The exit code is 0 if every run finished, 1 if one failed, 130 if interrupted, 2 for a mistake."""

STUDY = """\
Train a run for each variant of a study and each seed, as `sweep` does, and tell what they measured and how far seeds differ.

  rq-vae-explorer study codebooks --seeds 0,1,2 --steps 3000 --out my-study

trains each way to update codebooks, alone and with each cure for dead codes. Written are study.md (a row a variant: probe MSE,
active codes and perplexity, mean and range over the seeds), study.csv (the same for programs), study.png, summary.csv (a row a
run), and for each run a folder with config.json, history.csv, snapshot.npz and report.png.

Interrupted, by Ctrl-C or otherwise, the same command goes on with what is missing, and more seeds are added to those there are.
The exit code is 0 if every run finished, 1 if one failed, 130 if interrupted, 2 for a mistake."""

STEPS_OF_A_SWEEP = 2000


def add_sweep_arguments(parser: argparse.ArgumentParser) -> None:
    """What may follow `sweep`."""
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder to write to; made if missing")
    parser.add_argument(
        "--overwrite",
        action="store_true",
        help="replace runs in DIR that have the same name but other settings, steps or data, and those that failed",
    )
    parser.add_argument(
        "--preset",
        choices=list(PRESETS),
        metavar="NAME",
        help=f"the runs of a preset, and its steps; of the settings only --seed goes with it: {', '.join(PRESETS)}",
    )
    parser.add_argument(
        "--steps", type=number("steps", STEPS), help=f"{STEPS.help} (default: {STEPS_OF_A_SWEEP}, or the preset's)"
    )
    parser.add_argument(
        "--jobs",
        type=number("jobs", JOBS),
        help=f"{JOBS.help} (default: the number of CPUs, {os.cpu_count()} here, or of runs if they are fewer)",
    )
    for name, setting in AXES.items():
        default = value_of(RunConfig(), name)
        parser.add_argument(
            f"--{name.replace('_', '-')}",
            type=_values(name),
            metavar="LIST",
            help=f"{setting.help} One value or several, such as {_example(setting)} (default: {value_text(default)})",
        )
    add_shared_arguments(parser)


def _example(setting: Setting | Choice) -> str:
    if isinstance(setting, Choice):
        return ",".join(list(setting.ways)[:2])
    return "16,32,16/8" if isinstance(setting, Sizes) else "1,2,3"


def _values(name: str) -> Callable[[str], list[Value]]:
    """An argument type for a list of values of a setting."""

    def convert(text: str) -> list[Value]:
        try:
            return parse_values(name, text)
        except ExplorerError as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    return convert


def sweep_configs(arguments: argparse.Namespace) -> list[RunConfig]:
    """The runs that `sweep` was asked for. Raises ConfigError."""
    given = {name: values for name in AXES if (values := getattr(arguments, name)) is not None}
    if arguments.preset is None:
        return grid(RunConfig(dataset=arguments.dataset), given)
    seeds = given.pop("seed", [0])
    if given:
        flags = ", ".join(f"--{name.replace('_', '-')}" for name in given)
        raise ConfigError("sweep", flags, "without settings but --seed where --preset is given")
    if len(seeds) > 1:
        raise ConfigError("seed", ",".join(value_text(seed) for seed in seeds), "one number where --preset is given")
    return find_preset(arguments.preset).configs(seeds[0], arguments.dataset)


def sweep_steps(arguments: argparse.Namespace) -> int:
    """How many steps each of those runs is to take."""
    usual = STEPS_OF_A_SWEEP if arguments.preset is None else find_preset(arguments.preset).steps
    return usual if arguments.steps is None else arguments.steps


def add_study_arguments(parser: argparse.ArgumentParser) -> None:
    """What may follow `study`."""
    titles = "; ".join(f"{study.name}: {study.title.lower()}" for study in STUDIES.values())
    parser.add_argument("study", choices=list(STUDIES), metavar="NAME", help=titles)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder to write to; made if missing")
    listed = ",".join(map(str, SEEDS))
    parser.add_argument(
        "--seeds", default=listed, metavar="LIST", help=f"a run of each variant for each (default: {listed})"
    )
    parser.add_argument(
        "--steps", type=number("steps", STEPS), default=STUDY_STEPS, help=f"{STEPS.help} (default: {STUDY_STEPS})"
    )
    parser.add_argument(
        "--jobs",
        type=number("jobs", JOBS),
        help=f"how many runs to train at a time (default: {os.cpu_count()}, the CPUs)",
    )
    parser.add_argument("--overwrite", action="store_true", help="replace runs in DIR of other settings, steps or data")
    add_shared_arguments(parser)


def seeds_of(arguments: argparse.Namespace) -> list[int]:
    """The seeds that `study` was asked for. Raises ConfigError."""
    return [int(seed) for seed in parse_values("seed", arguments.seeds) if isinstance(seed, int | float)]
