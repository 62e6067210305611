"""What the words of several commands are made of. Every mistake is one line on stderr and exit code 2."""

import argparse
import contextlib
import sys
from collections.abc import Callable
from typing import Any, NoReturn

from actors.devices import parse_gpu
from explorer.config import DATASET_HELP
from explorer.errors import ExplorerError
from explorer.settings import Setting
from explorer.sweep import MAX_RUNS

JOBS = Setting(1, MAX_RUNS, whole=True, live=False, label="jobs", help="How many runs to train at a time.")


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        """One line on stderr, exit code 2."""
        complain(message)
        sys.exit(2)


def complain(message: object) -> None:
    """One line on stderr, whatever line ends the message has."""
    print(f"rq-vae-explorer: {' '.join(str(message).split())}", file=sys.stderr)


def number(name: str, setting: Setting) -> Callable[[str], float | int]:
    """An argument type that takes what the setting allows."""

    def convert(text: str) -> float | int:
        value: Any = text
        with contextlib.suppress(ValueError):
            value = float(text) if not setting.whole or any(c in text for c in ".einEIN") else int(text)
        try:
            return setting.check(name, value)
        except ExplorerError as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    return convert


def gpu(text: str) -> Any:
    """An argument type for --gpu."""
    try:
        return parse_gpu(text)
    except ExplorerError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def add_shared_arguments(parser: argparse.ArgumentParser) -> None:
    """Where the data are, and on what to train."""
    parser.add_argument("--dataset", default="mnist", metavar="NAME", help=f"{DATASET_HELP} (default: mnist)")
    parser.add_argument(
        "--data-dir",
        metavar="DIR",
        help="where TFDS data sets are, or go (default: TFDS_DATA_DIR, else ~/tensorflow_datasets)",
    )
    parser.add_argument(
        "--gpu",
        type=gpu,
        default="auto",
        metavar="auto|off|FRACTION",
        help="auto: a quarter of a GPU per run where there is one; off: never; FRACTION: that much (default: auto)",
    )
