"""A sweep: runs that are the same but for the settings that are swept, each trained by a process of its own.

It keeps what it finds finished, so that an interrupted sweep goes on with what is missing. Importing this brings in no jax.
"""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TextIO

from filelock import FileLock, Timeout

from actors.devices import Gpu, claim_local
from actors.export import claim_folder, in_words
from actors.interrupts import interrupt_noted
from actors.sweep_crew import train_all
from actors.sweep_display import display
from actors.sweep_plan import Found, Planned, look, plan, refuse_conflicts
from actors.sweep_results import SUMMARY, Row, table, write_pictures, write_summary
from actors.sweep_worker import Task, Told
from explorer.config import RunConfig
from explorer.data import open_dataset
from explorer.errors import ExplorerError, shown
from explorer.settings import STEPS

LOCK = ".sweep.lock"


@dataclass(frozen=True, slots=True)
class Options:
    """How a sweep trains, as `sweep` takes it."""

    data_dir: str | None = None
    jobs: int | None = None
    overwrite: bool = False
    gpu: Gpu = "auto"


@dataclass(frozen=True, slots=True)
class Swept:
    """What became of a sweep: a row a run, or, of one that was interrupted, how far it got.

    `figures` are its results as a text; `files` were written.
    """

    out: Path
    runs: int
    rows: tuple[Row, ...] = ()
    figures: str = ""
    files: tuple[Path, ...] = ()
    done: int = 0
    interrupted: bool = False

    @property
    def failed(self) -> bool:
        """Whether a run failed."""
        return any(row.outcome == "failed" for row in self.rows)

    def __str__(self) -> str:
        if self.interrupted:
            return (
                f"interrupted: {self.done} of {self.runs} runs are done and stay in {self.out}; "
                "the same command goes on with the others"
            )
        return "\n".join([self.figures, "", *(str(path) for path in self.files)])


def sweep(
    configs: Sequence[RunConfig],
    steps: int,
    out: Path,
    *,
    data_dir: str | None = None,
    jobs: int | None = None,
    overwrite: bool = False,
    gpu: Gpu = "auto",
    stream: TextIO | None = None,
) -> Swept:
    """Train each config for `steps` steps into a folder of its own below `out`, `jobs` at a time (the CPUs, unless given).

    Runs that `out` holds already are not trained again; then summary.csv, comparison.png and, where two settings differ,
    heat maps are written. `overwrite` replaces runs of another config, number of steps or data set, and those that
    failed. Progress goes to `stream` (standard error unless given). Ctrl-C ends it early; what is finished stays. Raises
    ExplorerError, before anything is trained, for a folder that cannot take the runs and for data that cannot be had.
    """
    steps = int(STEPS.check("steps", steps))
    told_to = sys.stderr if stream is None else stream
    with alone(out):
        swept = train_plans(plan(configs, out), steps, out, Options(data_dir, jobs, overwrite, gpu), told_to)
        if swept.interrupted:
            return swept
        told_to.write("drawing the comparison\n")
        told_to.flush()
        write_summary(out, swept.rows)
        pictures = write_pictures(out, swept.rows)
        return replace(swept, figures=table(swept.rows), files=(out / SUMMARY, *pictures))


def train_plans(plans: Sequence[Planned], steps: int, out: Path, options: Options, stream: TextIO) -> Swept:
    """The training of a sweep, which holds `alone(out)`: as `sweep`, but no file is written beside the runs' own."""
    data_dir, overwrite = options.data_dir, options.overwrite
    found = [look(planned, steps) for planned in plans]
    if not overwrite:
        refuse_conflicts(plans, found)
    source = ""
    if any(_to_train(seen, overwrite) for seen in found):
        source = _open_data(plans[0].config.dataset, data_dir, options.gpu, stream)
        found = [seen.on(source) for seen in found]
        if not overwrite:
            refuse_conflicts(plans, found)
    left = [run for run, seen in enumerate(found) if _to_train(seen, overwrite)]
    told = [Told("waiting") if run in left else _told(seen) for run, seen in enumerate(found)]
    tasks = [Task(plans[run].config, steps, plans[run].folder, data_dir, source, options.gpu) for run in left]
    if not _train(plans, steps, told, left, tasks, options.jobs, stream):
        done = sum(now.stage == "done" for now in told)
        return Swept(out, len(plans), done=done, interrupted=True)
    return Swept(out, len(plans), rows=_rows(plans, steps, told))


def _to_train(seen: Found, overwrite: bool) -> bool:
    failed = seen.stored is not None and seen.stored.record.outcome == "failed"
    return seen.state != "done" or (failed and overwrite)


def _open_data(name: str, data_dir: str | None, gpu: Gpu, stream: TextIO) -> str:
    """Prepare the data once, so that the processes find them decoded; which they are, in words."""
    if isinstance(gpu, float):
        claim_local(gpu)

    def say(text: str) -> None:
        stream.write(f"{text}\n")
        stream.flush()

    source = open_dataset(name, data_dir, say).source
    say(f"data: {source}")
    return source


def _told(seen: Found) -> Told:
    """As a run's process would have told it, had it been trained now."""
    assert seen.stored is not None
    record, snapshot, view = seen.stored.record, seen.stored.snapshot, seen.stored.view
    stage = "failed" if record.outcome == "failed" else "done"
    recon = snapshot.losses.get("recon", float("nan"))
    return Told(stage, record.steps, recon, tuple(view.health.active.tolist()), view.probe_mse, record.reason)


def _train(
    plans: Sequence[Planned],
    steps: int,
    told: list[Told],
    left: Sequence[int],
    tasks: Sequence[Task],
    jobs: int | None,
    stream: TextIO,
) -> bool:
    """Train what is left, keeping `told` up to date; False if that was interrupted."""
    if not tasks:
        return True
    shows = display(stream, [planned.name for planned in plans], steps, told)

    def tell(task: int, now: Told) -> None:
        told[left[task]] = now
        shows.tell(left[task], now)

    with interrupt_noted() as interrupted:
        try:
            train_all(tasks, min(jobs or os.cpu_count() or 1, len(tasks)), tell, interrupted)
        finally:
            shows.close()
        return not interrupted.is_set()


def _rows(plans: Sequence[Planned], steps: int, told: Sequence[Told]) -> tuple[Row, ...]:
    rows: list[Row] = []
    for planned, now in zip(plans, told, strict=True):
        stored = look(planned, steps).stored
        finished = now.stage == "done" and stored is not None
        reason = "" if finished else now.reason or "its files are not whole: run the same command again"
        rows.append(Row(planned, "finished" if finished else "failed", reason, stored))
    return tuple(rows)


@contextmanager
def alone(out: Path) -> Iterator[None]:
    """The folder, made if missing, for this sweep alone: two would write into one another's runs.

    Raises ExplorerError for the second, and for a folder that cannot be written.
    """
    claim_folder(out, overwrite=True)
    lock = FileLock(out / LOCK)
    with in_words(out):
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise ExplorerError(
                f"another sweep is writing to {shown(out)}: wait for it, or name another folder"
            ) from None
    try:
        yield
    finally:
        lock.release()
