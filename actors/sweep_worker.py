"""A sweep's process: trains one run and tells the sweep how it gets on.

Importing this brings in no jax: what XLA reads from its environment is set first.
"""

import math
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Literal

from actors.devices import Gpu, claim
from actors.headless import train_telling
from actors.progress import Phase
from explorer.config import RunConfig
from explorer.data import Dataset, open_dataset
from explorer.errors import DataError, ExplorerError
from explorer.messages import Health

Stage = Phase | Literal["waiting", "starting", "done", "failed"]
ENDED: tuple[Stage, ...] = ("done", "failed")
TELL_SECONDS = 0.1
"""The least time between two steps that are told."""


@dataclass(frozen=True, slots=True)
class Task:
    """What a process is to do. `source` is the data set that the sweep opened: all runs train on the same."""

    config: RunConfig
    steps: int
    folder: Path
    data_dir: str | None
    source: str
    gpu: Gpu


@dataclass(frozen=True, slots=True)
class Told:
    """How a run gets on; `reason` says why it failed.

    `recon` and `active` (codes a level) are those of `step`; `mse` is the probe's, once the run is done.
    """

    stage: Stage
    step: int = 0
    recon: float = math.nan
    active: tuple[int, ...] = ()
    mse: float = math.nan
    reason: str = ""


class Reporter:
    """Progress that goes to the sweep. Raises OSError once the sweep is gone: then the run ends, too."""

    def __init__(self, channel: Connection) -> None:
        self._channel = channel
        self._told = Told("starting")
        self._next = 0.0

    def enter(self, phase: Phase, text: str) -> None:  # noqa: ARG002 - the sweep has words of its own
        """The phase."""
        self._tell(replace(self._told, stage=phase))

    def say(self, text: str) -> None:
        """Nothing: there is no room for it."""

    def stepped(self, step: int, losses: Mapping[str, float], health: Health) -> None:
        """The step, ten times a second at the most."""
        self._told = Told("training", step, losses["recon"], tuple(health.active.tolist()))
        if time.monotonic() >= self._next:
            self._tell(self._told)
            self._next = time.monotonic() + TELL_SECONDS

    def done(self, mse: float) -> None:
        """The last word of a run that is finished."""
        self._tell(replace(self._told, stage="done", mse=mse))

    def failed(self, reason: str) -> None:
        """The last word of one that is not."""
        self._tell(replace(self._told, stage="failed", reason=reason))

    def _tell(self, told: Told) -> None:
        self._told = told
        self._channel.send(told)


def work(task: Task, channel: Connection) -> None:
    """The life of the process: one thread of the CPU, one run."""
    claim(1, 0.0 if task.gpu == "off" else None, batch_size=task.config.batch_size)
    reporter = Reporter(channel)
    with suppress(BrokenPipeError):  # the sweep is gone: nobody is left to tell
        try:
            _train(task, reporter)
        except ExplorerError as error:
            reporter.failed(str(error))
        except BrokenPipeError:
            raise
        except Exception as error:  # noqa: BLE001 - one run's trouble is not the others'
            reporter.failed(f"{type(error).__name__}: {error}")


def _train(task: Task, reporter: Reporter) -> None:
    def open_data(report: Callable[[str], None]) -> Dataset:
        dataset = open_dataset(task.config.dataset, task.data_dir, report)
        if dataset.source != task.source:
            raise DataError(f"the data set changed: it is now {dataset.source}, not {task.source}")
        return dataset

    summary = train_telling(task.config, task.steps, task.folder, open_data, reporter, overwrite=True)
    if summary.failed or summary.interrupted:
        reporter.failed(summary.failed or f"its process was told to end after step {summary.steps:,}")
    else:
        reporter.done(summary.probe_mse)
