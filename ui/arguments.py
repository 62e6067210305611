"""The command line's words. Every mistake is one line on stderr and exit code 2."""

import argparse
import os
from pathlib import Path

from actors.limits import LIMITS, MEMORY_HELP, Limits
from explorer.choices import CHOICES
from explorer.config import Lambdas, RunConfig
from explorer.settings import LAMBDA_SETTINGS, RUN_SETTINGS, STEPS, Setting
from ui.argument_parts import Parser, add_shared_arguments, number
from ui.runs_command import RUNS, add_runs_arguments
from ui.sweep_arguments import STUDY, SWEEP, add_study_arguments, add_sweep_arguments

DESCRIPTION = """\
A lab bench for residual quantization: start RQ-VAE training runs, steer their loss weights while they train, and see what
that does to the codebooks.

  rq-vae-explorer                     open the page; every run is a Ray actor
  rq-vae-explorer --local             open the page; runs live in this process, without Ray
  rq-vae-explorer train --out DIR     train one run without a page and write what became of it
  rq-vae-explorer sweep --out DIR     train a run for each combination of settings, and compare them
  rq-vae-explorer study NAME --out D  compare the answers to a question over several seeds
  rq-vae-explorer runs list           the runs of the past: list, show, resume, export, rm

`rq-vae-explorer serve --help`, `train --help`, `sweep --help`, `study --help` and `runs --help` list the options."""

SERVE = """\
Open the page. Without --local each run is a Ray actor: on a Ray of its own on this machine, which ends with the page, or on
the cluster at --address, where runs go on when the page ends and are found again when it is back."""

TRAIN = """\
Train one run without a page and write config.json, history.csv (a row a step), snapshot.npz and report.png into DIR.
Ctrl-C ends it early and keeps what was trained."""

COMMANDS = ("serve", "train", "sweep", "study", "runs")
PORT = Setting(0, 65535, whole=True, live=False, label="port", help="TCP port of the page; 0 takes any free one.")
REFRESH = Setting(0.25, 5, whole=False, live=True, label="refresh", help="Seconds between two looks at the runs.")
CPUS = Setting(
    0.1, 1024, whole=False, live=False, label="cpus-per-run", help="CPUs (and threads) of each run under Ray."
)


def parse(argv: list[str]) -> argparse.Namespace:
    """The arguments; `serve` is understood where no command is named. Exits with 2 and one line on a mistake."""
    parser = Parser("rq-vae-explorer", description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--version", action="version", version=f"rq-vae-explorer {_version()}")
    commands = parser.add_subparsers(dest="command", metavar="{serve,train,sweep,study,runs}", parser_class=Parser)
    _serve_arguments(commands.add_parser("serve", description=SERVE, help="open the page (the default)"))
    _train_arguments(commands.add_parser("train", description=TRAIN, help="train one run without a page"))
    add_sweep_arguments(
        commands.add_parser(
            "sweep",
            description=SWEEP,
            help="train and compare a run for each combination of settings",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
    )
    study = commands.add_parser(
        "study",
        description=STUDY,
        help="compare the answers to a question over several seeds",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_study_arguments(study)
    runs = commands.add_parser(
        "runs",
        description=RUNS,
        help="list, show, resume, export or delete runs of the past",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_runs_arguments(runs, number("steps", STEPS))
    if not argv or argv[0] not in (*COMMANDS, "-h", "--help", "--version"):
        if argv and not argv[0].startswith("-"):
            parser.error(f"there is no command {argv[0]!r}; the commands are serve, train, sweep, study and runs")
        argv = ["serve", *argv]
    arguments = parser.parse_args(argv)
    if getattr(arguments, "bring_back", "none") not in ("crashed", "all", "none"):
        parser.error(f"RQVAE_BRING_BACK must be crashed, all or none; got {arguments.bring_back!r}")
    return arguments


def _serve_arguments(parser: argparse.ArgumentParser) -> None:
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--local", action="store_true", help="run in this process, without Ray")
    where.add_argument("--address", metavar="HOST:PORT", help="join the Ray cluster at this address")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=number("port", PORT), default=7860, help=f"{PORT.help} (default: %(default)s)")
    parser.add_argument(
        "--refresh", type=number("refresh", REFRESH), default=0.5, help=f"{REFRESH.help} (default: 0.5)"
    )
    parser.add_argument(
        "--cpus-per-run", type=number("cpus-per-run", CPUS), default=1, help=f"{CPUS.help} (default: 1)"
    )
    parser.add_argument(
        "--users-file",
        metavar="FILE",
        default=os.environ.get("RQVAE_USERS_FILE"),
        help="who may log in: a line NAME:PASSWORD for each; needed where --host lets others reach the page "
        "(default: RQVAE_USERS_FILE)",
    )
    parser.add_argument(
        "--runs-dir",
        metavar="DIR",
        help="where runs are kept, a folder or a URL such as gs://bucket/runs; all machines of a cluster must see it "
        "under this name (default: RQVAE_RUNS_DIR, else a folder of your user data)",
    )
    parser.add_argument(
        "--bring-back",
        choices=("crashed", "all", "none"),
        default=os.environ.get("RQVAE_BRING_BACK") or "crashed",
        help="with --address: which runs that nobody runs any more train on by themselves: those whose machine died, "
        "also those that were interrupted, or none (default: RQVAE_BRING_BACK, else crashed)",
    )
    _limit_arguments(parser)
    add_shared_arguments(parser)


def _limit_arguments(parser: argparse.ArgumentParser) -> None:
    texts = {name: setting.help for name, setting in LIMITS.items()} | {"memory_per_run": MEMORY_HELP}
    for name, text in texts.items():
        variable = f"RQVAE_{name.upper()}"
        parser.add_argument(
            f"--{name.replace('_', '-')}",
            metavar="N" if name in LIMITS else "SIZE",
            default=os.environ.get(variable),
            help=f"{text} (default: {variable}, else {'15' if name == 'checkpoint_every' else 'no limit'})",
        )


def limits_of(arguments: argparse.Namespace) -> Limits:
    """What whoever starts the page allows. Raises ConfigError."""
    return Limits.from_words({name: getattr(arguments, name) for name in (*LIMITS, "memory_per_run")})


def _train_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder to write to; made if missing")
    parser.add_argument("--overwrite", action="store_true", help="replace the run that DIR holds")
    parser.add_argument("--steps", type=number("steps", STEPS), default=2000, help=f"{STEPS.help} (default: 2000)")
    for name, setting in LAMBDA_SETTINGS.items():
        default = getattr(Lambdas(), name)
        parser.add_argument(
            f"--{name}",
            type=number(setting.label, setting),
            default=default,
            help=f"{setting.help} (default: {default:g})",
        )
    for name, choice in CHOICES.items():
        flag, default = f"--{name.replace('_', '-')}", getattr(RunConfig(), name)
        ways = "; ".join(f"{way}: {how.help}" for way, how in choice.ways.items())
        said = f"{choice.help} {ways} (default: {default})"
        parser.add_argument(flag, choices=list(choice.ways), default=default, help=said)
    for name, setting in RUN_SETTINGS.items():
        flag, default = f"--{name.replace('_', '-')}", getattr(RunConfig(), name)
        parser.add_argument(
            flag, type=number(name, setting), default=default, help=f"{setting.help} (default: {default:g})"
        )
    add_shared_arguments(parser)


def run_config(arguments: argparse.Namespace) -> RunConfig:
    """The run that `train` was asked for. Raises ConfigError."""
    settings = {name: getattr(arguments, name) for name in (*RUN_SETTINGS, *CHOICES)}
    lambdas = Lambdas(**{name: getattr(arguments, name) for name in LAMBDA_SETTINGS})
    return RunConfig(dataset=arguments.dataset, lambdas=lambdas, **settings)


def _version() -> str:
    from importlib.metadata import version

    return version("rq-vae-explorer")
