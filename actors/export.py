"""The files of a finished run: config.json, history.csv, snapshot.npz and report.png in a folder of their own."""

import csv
import json
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import numpy as np

from actors.view_arrays import view_arrays
from explorer.config import RunConfig
from explorer.errors import ExplorerError, shown
from explorer.messages import History, Snapshot, View

CONFIG, HISTORY, SNAPSHOT, REPORT = FILES = ("config.json", "history.csv", "snapshot.npz", "report.png")
REPORT_DPI = 160


def claim_folder(out: Path, *, overwrite: bool) -> None:
    """Create the folder if it is missing. Raises ExplorerError unless a run may be written there."""
    with in_words(out):
        if out.exists() and not out.is_dir():
            raise ExplorerError(f"{out} is a file: name a folder to write the run to")
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=out):
            pass
    held = [name for name in FILES if (out / name).exists()]
    if held and not overwrite:
        raise ExplorerError(
            f"{out} holds a run already ({', '.join(held)}): name another folder, or replace it with --overwrite"
        )


@contextmanager
def in_words(path: Path) -> Iterator[None]:
    """Turns what the file system refuses into an ExplorerError."""
    try:
        yield
    except OSError as problem:
        why = problem.strerror or str(problem)
        raise ExplorerError(f"{shown(path)} cannot be written ({why}): name a folder where you may write") from problem


def clear_folder(out: Path) -> None:
    """Remove the files of the run that the folder held, and those that a killed writer left half-written.

    Raises ExplorerError if they cannot be removed.
    """
    with in_words(out):
        for name in FILES:
            for path in (out / name, *out.glob(f".{name}.*.tmp")):
                path.unlink(missing_ok=True)


class HistoryFile:
    """history.csv: a row a step, handed to the system at once, so that they stay whatever happens."""

    def __init__(self, out: Path) -> None:
        self._path = out / HISTORY
        self._file: IO[str] | None = None
        self._names: tuple[str, ...] = ()

    def __enter__(self) -> Self:
        with in_words(self._path):
            self._file = self._path.open("w", encoding="utf-8", newline="", buffering=1)
        self._rows = csv.writer(self._file, lineterminator="\n")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            with in_words(self._path):
                self._file.close()

    def add(self, row: Mapping[str, float]) -> None:
        """Append a row; the names of the first one become the head. Nine digits keep a float32 exactly."""
        with in_words(self._path):
            if not self._names:
                self._names = tuple(row)
                self._rows.writerow(self._names)
            self._rows.writerow([f"{row[name]:.9g}" for name in self._names])


def write_config(out: Path, config: RunConfig, facts: Mapping[str, Any]) -> None:
    """`config` is what RunConfig.from_dict takes back; beside it what else determined the run and what became of it."""
    text = json.dumps({"config": config.to_dict(), **facts}, indent=2, ensure_ascii=False, allow_nan=False)
    replace_file(out / CONFIG, lambda file: file.write(text.encode() + b"\n"))


def write_snapshot(out: Path, snapshot: Snapshot, view: View) -> None:
    """The arrays of the snapshot in a compressed file."""
    arrays = snapshot_arrays(snapshot, view)
    replace_file(out / SNAPSHOT, lambda file: np.savez_compressed(file, allow_pickle=False, **arrays))


def snapshot_arrays(snapshot: Snapshot, view: View) -> dict[str, Any]:
    """Every array and number of the snapshot, by its name in `explorer.messages`; losses as `loss/recon` and so on."""
    losses = {f"loss/{name}": value for name, value in snapshot.losses.items()}
    return {"step": snapshot.step, "epoch": snapshot.epoch, **view_arrays(view), **losses}


def write_report(out: Path, snapshot: Snapshot, history: History, config: RunConfig) -> None:
    """The report as a picture."""
    from explorer.figures import report  # matplotlib takes half a second, which the start of a run need not wait for

    figure = report(snapshot, history, config)
    replace_file(out / REPORT, lambda file: figure.savefig(file, format="png", dpi=REPORT_DPI))


def replace_file(path: Path, write: Callable[[IO[bytes]], object]) -> None:
    """Write a file that takes the place of `path` only once it is whole. Raises ExplorerError."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with in_words(path):
        try:
            with temporary.open("wb") as file:
                write(file)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
