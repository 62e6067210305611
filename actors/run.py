"""A run that lives: a thread around the trainer. Its methods return at once; no ray here.

The training thread alone touches the model. Between steps it reads what was asked of it; after a step it swaps in a new
picture for the readers if one of them asked. The lock is only ever held to read or write a few references.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from actors.lab import RunInfo
from actors.record import Record
from explorer.config import RUN_SETTINGS, STEPS, Lambdas, RunConfig
from explorer.data import Dataset
from explorer.errors import ExplorerError
from explorer.messages import Applied, History, Snapshot, Status, View
from explorer.training.trainer import Trainer

VIEW_INTERVAL = 0.2
"""Seconds from one look through the probe to the next, at the least, however often somebody asks."""
VIEW_SHARE = 0.025
"""Share of the training time that looking may take: after a look of 20 ms the next waits for 0.8 s (a second at the most)."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Picture:
    """What the training thread hands to the readers: all of one step."""

    step: int = 0
    epoch: float = 0.0
    losses: Mapping[str, float] | None = None
    view: View | None = None
    data_source: str = ""
    device: str = ""


class Run:
    """One run. `open_data` is called in the run's own thread, with a function that it tells its progress to."""

    def __init__(
        self,
        run_id: str,
        name: str,
        config: RunConfig,
        open_data: Callable[[Callable[[str], None]], Dataset],
        parent: str | None = None,
    ) -> None:
        self.run_id, self.name, self.config, self.parent = run_id, name, config, parent
        self._open_data = open_data
        self._asked = threading.Condition()
        self._status: Status = "pending"
        self._reason = ""
        self._running = True
        self._steps_left: int | None = None
        self._reset_asked = self._closed = self._view_asked = False
        self._claimed = 0
        self._lambdas, self._learning_rate = config.lambdas, config.learning_rate
        self._version = 1
        self._picture = _Picture()
        self._record = Record(config)
        self._times: deque[float] = deque(maxlen=64)
        self._next_view = 0.0
        self._thread = threading.Thread(target=self._live, name=f"run-{run_id}", daemon=True)

    # What readers see ------------------------------------------------------------------------------------------------

    def info(self) -> RunInfo:
        """The run in a line."""
        with self._asked:
            return RunInfo(
                self.run_id,
                self.name,
                self._status,
                self._reason,
                self._record.step,
                self.config,
                self._lambdas,
                self._learning_rate,
                self.parent,
            )

    def get_snapshot(self, since: int | None = None) -> Snapshot | None:
        """The newest snapshot, or None if its version is not beyond `since`. Asks for a newer picture along the way."""
        with self._asked:
            self._view_asked = True
            if since is not None and since >= self._version:
                return None
            picture = self._picture
            return Snapshot(
                run_id=self.run_id,
                version=self._version,
                generation=self._record.generation,
                status=self._status,
                reason=self._reason,
                step=picture.step,
                epoch=picture.epoch,
                steps_per_second=self._speed(),
                device=picture.device,
                data_source=picture.data_source,
                lambdas=self._lambdas,
                learning_rate=self._learning_rate,
                since=self._record.since(),
                losses=dict(picture.losses or {}),
                view=picture.view,
            )

    def get_history(self, since: int = 0) -> History:
        """Curves and events after step `since`; everything if it is 0."""
        return self._record.history(self.run_id, since)

    def _speed(self) -> float:
        times = list(self._times)
        if self._status != "running" or len(times) < 2:
            return 0.0
        return (len(times) - 1) / max(times[-1] - times[0], 1e-9)

    # What may be asked of it -----------------------------------------------------------------------------------------

    def start(self) -> None:
        """Train; after a pause: train on."""
        with self._asked:
            self._refuse_if("train on", "stopped", "failed")
            if self._thread.ident is None:
                self._thread.start()
            elif not self._running or self._steps_left is not None:
                self._record.event("resumed", self._claimed)
            self._running, self._steps_left = True, None
            self._changed()

    def pause(self) -> None:
        """Stop after the step in progress."""
        with self._asked:
            self._refuse_if("pause", "stopped", "failed")
            self._running, self._steps_left = False, None
            self._changed()

    def step(self, n: int = 1) -> None:
        """Train exactly `n` steps (1 to 100,000), then be paused."""
        n = int(STEPS.check("n", n))
        with self._asked:
            self._refuse_if("step", "stopped", "failed")
            self._running, self._steps_left = True, n
            self._record.event("stepped", self._claimed, n=n)
            self._changed()

    def reset(self) -> None:
        """Back to step 0 with the same seed. Trains on if it was training; live settings stay as they are."""
        with self._asked:
            self._refuse_if("reset", "stopped")
            self._running = self._running and self._status != "failed"
            self._steps_left = None
            self._reset_asked = True
            self._changed()

    def set_lambdas(self, lambdas: Lambdas | Mapping[str, float]) -> Applied:
        """Change loss weights; a mapping changes only those it names."""
        with self._asked:
            new = lambdas if isinstance(lambdas, Lambdas) else self._lambdas.updated(dict(lambdas))
            self._refuse_if("change its loss weights", "stopped")
            for name, value in new.to_dict().items():
                self._record.setting(name, getattr(self._lambdas, name), value, self._claimed + 1)
            self._lambdas = new
            return self._applied()

    def set_learning_rate(self, learning_rate: float) -> Applied:
        """Change the learning rate."""
        value = RUN_SETTINGS["learning_rate"].check("learning_rate", learning_rate)
        with self._asked:
            self._refuse_if("change its learning rate", "stopped")
            self._record.setting("learning_rate", self._learning_rate, value, self._claimed + 1)
            self._learning_rate = value
            return self._applied()

    def close(self, timeout: float = 5.0) -> None:
        """End the run for good, after the step in progress; what it was stays readable."""
        with self._asked:
            self._closed = True
            self._changed()
        if self._thread.ident is not None:
            self._thread.join(timeout)
        with self._asked:
            if self._status != "stopped":
                self._record.event("stopped", self._record.step)
            self._status, self._reason = "stopped", ""
            self._changed()

    def _applied(self) -> Applied:
        self._changed()
        return Applied(self._claimed + 1, self._lambdas, self._learning_rate)

    def _changed(self) -> None:
        self._version += 1
        self._asked.notify_all()

    def _refuse_if(self, verb: str, *statuses: Status) -> None:
        if self._status in statuses or (self._closed and "stopped" in statuses):
            hint = "reset it first" if self._status == "failed" else "start a new run"
            raise ExplorerError(f"{self.name} ({self.run_id}) cannot {verb}: it is {self._status}; {hint}")

    # The training thread ---------------------------------------------------------------------------------------------

    def _live(self) -> None:
        trainer: Trainer | None = None
        while not self._closed:
            try:
                trainer = trainer or self._prepare()
                self._train(trainer)
            except ExplorerError as error:
                self._fail(str(error))
            except Exception as error:
                logger.exception("run %s failed", self.run_id)
                self._fail(f"{type(error).__name__}: {error}")

    def _prepare(self) -> Trainer:
        self._say("compiling", "opening the data")
        dataset = self._open_data(lambda text: self._say("compiling", text))
        self._say("compiling", "building the model")
        trainer = Trainer(self.config, dataset)
        self._show(trainer, None, dataset.source)
        self._say("compiling", "compiling the training step")
        trainer.warm_up()
        self._record.event("started", 0)
        return trainer

    def _train(self, trainer: Trainer) -> None:
        """Until closed: wait for a turn, take it, tell. Raises what makes the run fail."""
        losses: Mapping[str, float] | None = None
        while (turn := self._await_turn()) is not None:
            if turn == "reset":
                self._restart(trainer)
                losses = None
            elif turn == "show":
                self._show(trainer, losses)
            elif not isinstance(turn, str):
                losses = self._advance(trainer, *turn)

    def _await_turn(self) -> "tuple[Lambdas, float] | Literal['reset', 'show'] | None":
        """The live settings for the next step; "reset" or "show" if that was asked; None once closed."""
        with self._asked:
            while not self._closed:
                if self._reset_asked:
                    return "reset"
                if self._running and self._steps_left != 0:
                    self._enter("running")
                    self._claimed = self._record.step + 1
                    return self._lambdas, self._learning_rate
                if self._picture.step != self._record.step:
                    return "show"
                self._running, self._steps_left = False, None
                self._enter("paused")
                self._asked.wait()
            return None

    def _enter(self, status: Status) -> None:
        if self._status != status:
            if status == "paused" and self._status == "running":
                self._record.event("paused", self._record.step)
            self._status, self._reason = status, ""
            self._times.clear()
            self._changed()

    def _advance(self, trainer: Trainer, lambdas: Lambdas, learning_rate: float) -> Mapping[str, float]:
        losses = trainer.step(lambdas, learning_rate)
        if losses is None:
            self._show(trainer, None)
            raise ExplorerError(
                f"the loss or a gradient was not finite in step {trainer.steps + 1}; the model is as it was after step "
                f"{trainer.steps}. Lower the learning rate or the loss weights, then reset"
            )
        self._record.step_done(losses, trainer.health())
        now = time.monotonic()
        self._times.append(now)
        with self._asked:
            if self._steps_left is not None:
                self._steps_left -= 1
            due = self._view_asked and now >= self._next_view
        if due:
            self._show(trainer, losses)
        return losses

    def _restart(self, trainer: Trainer) -> None:
        trainer.reset()
        with self._asked:
            self._reset_asked = False
            self._claimed = 0
            self._record.reset()
            self._times.clear()
        self._show(trainer, None)

    def _show(self, trainer: Trainer, losses: Mapping[str, float] | None, data_source: str | None = None) -> None:
        """Swap in a picture of the model as it is now."""
        began = time.monotonic()
        view = trainer.view()
        source = self._picture.data_source if data_source is None else data_source
        picture = _Picture(trainer.steps, trainer.epoch, losses, view, source, trainer.device)
        now = time.monotonic()
        self._next_view = now + min(max(VIEW_INTERVAL, (now - began) / VIEW_SHARE), 1.0)
        with self._asked:
            self._picture = picture
            self._view_asked = False
            self._changed()

    def _say(self, status: Status, reason: str) -> None:
        with self._asked:
            self._status, self._reason = status, reason
            self._changed()

    def _fail(self, reason: str) -> None:
        """Publish the failure, then wait until the run is reset or closed."""
        with self._asked:
            self._status, self._reason = "failed", reason
            self._record.event("failed", self._record.step, reason=reason)
            self._reset_asked = False
            self._changed()
            self._asked.wait_for(lambda: self._reset_asked or self._closed)
