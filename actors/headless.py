"""One run from its first step to its last without a page: progress on a terminal, then files and a summary.

Importing this brings in no jax: what XLA reads from its environment can be set until `train` is called.
"""

import math
import platform
import sys
import threading
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from actors.export import (
    HistoryFile,
    claim_folder,
    clear_folder,
    write_config,
    write_report,
    write_snapshot,
)
from actors.interrupts import interrupt_noted
from actors.programs import programs
from actors.progress import Progress, Terminal
from actors.summary import Summary
from explorer.config import RunConfig
from explorer.curves import Curves
from explorer.data import Dataset
from explorer.messages import History, Snapshot, View
from explorer.metrics import step_metrics
from explorer.settings import LAMBDA_SETTINGS, STEPS

if TYPE_CHECKING:
    from explorer.training.trainer import Trainer

AT_ONCE = 256
"""Steps, at the most, between two looks at whether the run was interrupted, where several are trained at once: on a GPU."""
PACKAGES = ("rq-vae-explorer", "jax", "jaxlib", "flax", "optax", "numpy")


def train(
    config: RunConfig,
    steps: int,
    out: Path,
    open_data: Callable[[Callable[[str], None]], Dataset],
    *,
    overwrite: bool = False,
    progress: TextIO | None = None,
) -> Summary:
    """Train `steps` steps and write config.json, history.csv, snapshot.npz and report.png into the folder `out`.

    `open_data` is given a function that it tells what it is doing; that, and a progress bar, go to `progress` (standard
    error unless given). Ctrl-C, and a loss that is not finite, end the run early: what was trained is written all the
    same, and the summary says so. Raises ExplorerError for a folder that cannot take the run (before anything else is
    done), and what `open_data` raises; KeyboardInterrupt only while there is nothing to keep.
    """
    terminal = Terminal(sys.stderr if progress is None else progress, int(STEPS.check("steps", steps)))
    try:
        return train_telling(config, steps, out, open_data, terminal, overwrite=overwrite)
    finally:
        terminal.close()


def train_telling(
    config: RunConfig,
    steps: int,
    out: Path,
    open_data: Callable[[Callable[[str], None]], Dataset],
    progress: Progress,
    *,
    overwrite: bool = False,
) -> Summary:
    """As `train` does, but telling `progress` how it gets on."""
    steps = int(STEPS.check("steps", steps))
    claim_folder(out, overwrite=overwrite)
    progress.enter("opening", "opening the data")
    dataset = open_data(progress.say)
    progress.say(f"data: {dataset.source}")
    progress.enter("compiling", "compiling the training step")
    from explorer.training.trainer import Trainer  # imports jax

    trainer = Trainer(config, dataset, programs=programs(config, dataset))
    trainer.warm_up()
    with interrupt_noted() as interrupted:
        clear_folder(out)
        run = _HeadlessRun(trainer, out, interrupted)
        run.train(steps, progress)
        progress.enter("writing", "writing the report")
        return run.write(steps, dataset.source)


class _HeadlessRun:
    """The loop around a trainer, and what it collects."""

    def __init__(self, trainer: "Trainer", out: Path, interrupted: threading.Event) -> None:
        self._trainer = trainer
        self._out = out
        self._interrupted = interrupted
        self._curves = Curves()
        self._losses: dict[str, float] = {}
        self._failed = ""
        self._seconds = 0.0

    def train(self, steps: int, progress: Progress) -> None:
        """Up to `steps` steps, each a row of history.csv."""
        begun = time.monotonic()
        with HistoryFile(self._out) as history:
            while self._trainer.steps < steps and not self._interrupted.is_set() and not self._failed:
                self._advance(steps - self._trainer.steps, history, progress)
        self._seconds = time.monotonic() - begun

    def _advance(self, most: int, history: HistoryFile, progress: Progress) -> None:
        from explorer.training.remedies import until_due  # imports jax

        trainer, config = self._trainer, self._trainer.config
        if remedy := trainer.due(config):
            trainer.cure(remedy, config)
        asked = min(AT_ONCE if trainer.resident else 1, most, until_due(config, trainer.steps))
        last = trainer.steps + asked
        for trained in trainer.train(config, asked):
            self._losses = trained.losses
            metrics = step_metrics(trained.losses, trained.health)
            self._curves.add(metrics)
            weights = {f"lambda/{name}": value for name, value in config.lambdas.to_dict().items()}
            others = {name: value for name, value in config.live.items() if name not in LAMBDA_SETTINGS}
            history.add({"step": trainer.steps, "epoch": trainer.epoch, **metrics, **weights, **others})
            progress.stepped(trainer.steps, trained.losses, trained.health)
        if trainer.steps < last:
            self._failed = (
                f"the loss or a gradient was not finite in step {trainer.steps + 1}; the model is as it was after step "
                f"{trainer.steps}; lower the learning rate or the loss weights"
            )

    def write(self, asked: int, data_source: str) -> Summary:
        """All files but history.csv; config.json last, so that where it is the others are whole."""
        view = self._trainer.view(self._trainer.config)
        snapshot = self._snapshot(view, data_source)
        columns = self._curves.since(0)
        history = History(snapshot.run_id, 0, self._curves.stride, *columns, ())
        summary = self._summary(view, asked)
        write_snapshot(self._out, snapshot, view)
        write_report(self._out, snapshot, history, self._trainer.config)
        write_config(self._out, self._trainer.config, _facts(summary, data_source))
        return summary

    def _snapshot(self, view: View, data_source: str) -> Snapshot:
        trainer, config = self._trainer, self._trainer.config
        return Snapshot(
            run_id=self._out.resolve().name,
            version=1,
            generation=0,
            status="failed" if self._failed else "stopped",
            reason=self._failed,
            step=trainer.steps,
            epoch=trainer.epoch,
            steps_per_second=0.0,
            device=trainer.device,
            data_source=data_source,
            live=config.live,
            since=dict.fromkeys(config.live, 0),
            losses=self._losses,
            view=view,
        )

    def _summary(self, view: View, asked: int) -> Summary:
        trainer = self._trainer
        return Summary(
            out=self._out,
            asked=asked,
            steps=trainer.steps,
            seconds=self._seconds,
            device=trainer.device,
            probe_mse=view.probe_mse,
            sizes=trainer.config.sizes,
            active=tuple(view.health.active.tolist()),
            perplexity=tuple(view.health.perplexity.tolist()),
            interrupted=trainer.steps < asked and not self._failed,
            failed=self._failed,
        )


def _facts(summary: Summary, data_source: str) -> dict[str, Any]:
    return {
        "steps_asked": summary.asked,
        "steps": summary.steps,
        "outcome": "failed" if summary.failed else "interrupted" if summary.interrupted else "finished",
        "reason": summary.failed,
        "probe_mse": summary.probe_mse if math.isfinite(summary.probe_mse) else None,
        "data_source": data_source,
        "device": summary.device,
        "versions": {"python": platform.python_version()} | {name: version(name) for name in PACKAGES},
    }
