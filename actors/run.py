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

from actors.gate import Gate
from actors.lab import NO_PLAN, Card, Plan, RunInfo
from actors.record import Record
from explorer.config import RUN_SETTINGS, STEPS, Lambdas, RunConfig
from explorer.data import Dataset
from explorer.errors import ExplorerError
from explorer.messages import Applied, History, Probes, RunState, Snapshot, Status, View
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
        plan: Plan = NO_PLAN,
    ) -> None:
        self.run_id, self.config, self.plan = run_id, config, plan
        self._card = Card(name, comparison=plan.comparison)
        self._start = plan.origin.step if plan.origin else 0
        self._open_data = open_data
        self._asked = threading.Condition()
        self._status: Status = "pending"
        self._reason = ""
        self._gate = Gate(plan.until)
        self._reset_asked = self._closed = self._view_asked = self._state_asked = self._held = False
        self._state: RunState | None = None
        self._claimed = self._start
        self._lambdas, self._learning_rate = config.lambdas, config.learning_rate
        self._version = 1
        self._picture = _Picture()
        self._record = Record(config, self._start)
        self._times: deque[float] = deque(maxlen=64)
        self._next_view = 0.0
        self._thread = threading.Thread(target=self._live, name=f"run-{run_id}", daemon=True)

    # What readers see ------------------------------------------------------------------------------------------------

    def info(self) -> RunInfo:
        """The run in a line."""
        with self._asked:
            return RunInfo(
                self.run_id,
                self._card.name,
                self._status,
                self._reason or ("waits for the slower runs of its comparison" if self._held else ""),
                self._record.step,
                self.config,
                self._lambdas,
                self._learning_rate,
                self.plan.parent,
                self._start,
                self.plan.until,
                self._speed(),
                self._card,
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

    def get_probes(self) -> Probes:
        """The run seen through the probe over its life."""
        return self._record.probes(self.run_id)

    def get_state(self, patience: float = 5.0) -> RunState:
        """All that a fork carries on from, as of the end of the step in progress."""
        with self._asked:
            self._refuse_if("be forked", "pending", "compiling", "stopped", "failed")
            self._state, self._state_asked = None, True
            self._asked.notify_all()
            self._asked.wait_for(lambda: self._state is not None or self._closed, patience)
            if self._state is None:
                raise ExplorerError(f"{self._card.name} ({self.run_id}) cannot be forked now: its step takes too long")
            return self._state

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
            elif not self._gate.running:
                self._record.event("resumed", self._claimed)
            self._gate.open()
            self._changed()

    def pause(self) -> None:
        """Stop after the step in progress."""
        with self._asked:
            self._refuse_if("pause", "stopped", "failed")
            self._gate.close()
            self._changed()

    def step(self, n: int = 1) -> None:
        """Train exactly `n` steps (1 to 100,000), then be paused."""
        n = int(STEPS.check("n", n))
        with self._asked:
            self._refuse_if("step", "stopped", "failed")
            self._gate.open(n)
            self._record.event("stepped", self._claimed, n=n)
            self._changed()

    def reset(self) -> None:
        """Back to where it began, with the same seed. Trains on if it was training.

        Live settings stay as they are, but for a run with a schedule: it begins again with those of its config.
        """
        with self._asked:
            self._refuse_if("reset", "stopped")
            if not self._gate.running or self._status == "failed":
                self._gate.close()
            if self.plan.schedule:
                self._lambdas, self._learning_rate = self.config.lambdas, self.config.learning_rate
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

    def describe(self, values: Mapping[str, object]) -> None:
        """Change what is written on its card. Raises ConfigError."""
        with self._asked:
            self._card = self._card.updated(values)

    def allow(self, step: int, lease: float) -> None:
        """For `lease` seconds train no further than `step`."""
        with self._asked:
            self._gate.allow(step, lease)
            self._asked.notify_all()

    def close(self, timeout: float = 5.0) -> None:
        """End the run for good, after the step in progress; what it was stays readable."""
        with self._asked:
            self._closed = True
            self._changed()
        if self._thread.ident is not None:
            self._thread.join(timeout)
        with self._asked:
            self._end("")

    def _end(self, reason: str) -> None:
        if self._status != "stopped":
            self._record.event("stopped", self._record.step)
            self._status, self._reason = "stopped", reason
        self._closed = True
        self._changed()

    def _applied(self) -> Applied:
        self._changed()
        return Applied(self._claimed + 1, self._lambdas, self._learning_rate)

    def _changed(self) -> None:
        self._version += 1
        self._asked.notify_all()

    def _refuse_if(self, verb: str, *statuses: Status) -> None:
        if self._status in statuses or (self._closed and "stopped" in statuses):
            waiting = self._status in ("pending", "compiling")
            hint = "reset it first" if self._status == "failed" else "wait for it" if waiting else "start a new run"
            raise ExplorerError(f"{self._card.name} ({self.run_id}) cannot {verb}: it is {self._status}; {hint}")

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
        trainer = Trainer(self.config, dataset, self.plan.origin)
        self._show(trainer, None, dataset.source)
        self._say("compiling", "compiling the training step")
        trainer.warm_up()
        detail = {"parent": self.plan.parent} if self.plan.parent else {}
        self._record.event("forked" if self.plan.origin else "started", self._start, **detail)
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
            elif turn == "export":
                self._export(trainer)
            elif not isinstance(turn, str):
                losses = self._advance(trainer, *turn)

    def _await_turn(self) -> "tuple[Lambdas, float] | Literal['reset', 'show', 'export'] | None":
        """The live settings for the next step; or what else was asked for; None once closed."""
        with self._asked:
            while not self._closed:
                step = self._record.step
                unseen = self._picture.step != step
                if self._reset_asked:
                    return "reset"
                if self._state_asked:
                    return "export"
                if self._gate.finished(step) or self._gate.shut:
                    if unseen:
                        return "show"
                    self._rest(step)
                elif wait := self._gate.held(step):
                    if unseen and self._view_asked:
                        return "show"
                    self._enter("running")
                    self._held = True
                    self._asked.wait(wait)
                else:
                    self._enter("running")
                    self._held = False
                    self._claimed = step + 1
                    self._change_as_scheduled()
                    return self._lambdas, self._learning_rate
            return None

    def _rest(self, step: int) -> None:
        """End, or wait until something is asked."""
        if self._gate.finished(step):
            self._end(f"finished at step {step:,}")
            return
        self._gate.close()
        self._enter("paused")
        self._asked.wait()

    def _change_as_scheduled(self) -> None:
        for change in self.plan.schedule:
            if change.step == self._claimed:
                if change.name == "learning_rate":
                    self._record.setting("learning_rate", self._learning_rate, change.value, change.step)
                    self._learning_rate = change.value
                else:
                    self._record.setting(change.name, getattr(self._lambdas, change.name), change.value, change.step)
                    self._lambdas = self._lambdas.updated({change.name: change.value})

    def _export(self, trainer: Trainer) -> None:
        state = trainer.export(self._lambdas, self._learning_rate)
        with self._asked:
            self._state, self._state_asked = state, False
            self._asked.notify_all()

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
            self._gate.passed()
            due = self._view_asked and now >= self._next_view
        if due or self._record.probe_due():
            self._show(trainer, losses)
        return losses

    def _restart(self, trainer: Trainer) -> None:
        trainer.reset()
        with self._asked:
            self._reset_asked = False
            self._claimed = self._start
            self._record.reset()
            self._times.clear()
        self._show(trainer, None)

    def _show(self, trainer: Trainer, losses: Mapping[str, float] | None, data_source: str | None = None) -> None:
        """Swap in a picture of the model as it is now."""
        began = time.monotonic()
        view = trainer.view()
        if self._record.step == trainer.steps and self._record.probe_due():
            self._record.probed(view)
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
