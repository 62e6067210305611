"""A run that lives: a thread around the trainer. Its methods return at once; no ray here.

The training thread alone touches the model. Between steps it reads what was asked of it; after a step it swaps in a new
picture for the readers if one of them asked.
"""

import logging
import threading
import time
from collections.abc import Callable

from actors.lab import NO_PLAN, Plan
from actors.pace import Pace
from actors.programs import programs
from actors.record import BY_HAND, BY_ITSELF
from actors.storage.keeper import Keeper
from actors.turns import Turn, Turns
from explorer.config import RunConfig
from explorer.data import Dataset
from explorer.errors import ExplorerError
from explorer.messages import Status
from explorer.training.trainer import Trainer

logger = logging.getLogger(__name__)


class Run(Turns):
    """One run. `open_data` is called in the run's own thread, with a function that it tells its progress to.

    How many steps it trains at once, and where its images are, follows from the device, unless `chunk` or `resident` say.
    """

    def __init__(
        self,
        run_id: str,
        name: str,
        config: RunConfig,
        open_data: Callable[[Callable[[str], None]], Dataset],
        plan: Plan = NO_PLAN,
        keeper: Keeper | None = None,
        *,
        chunk: int | None = None,
        resident: bool | None = None,
    ) -> None:
        super().__init__(run_id, name, config, plan, keeper)
        self._chunk, self._resident = chunk, resident
        self._open_data = open_data
        self._thread = threading.Thread(target=self._live, name=f"run-{run_id}", daemon=True)

    def start(self) -> None:
        """Train; after a pause: train on."""
        with self._asked:
            self._refuse_if("train on", "stopped", "failed")
            if self._thread.ident is None:
                self._say("compiling", "starting")
                self._thread.start()
                if not self._restored:  # it goes on as it did, training or paused
                    return
            elif not self._gate.running:
                self._record.event("resumed", self._claimed)
            self._gate.open()
            self._watch.seen()
            self._steered = True
            self._changed()

    def close(self, timeout: float = 5.0, ended: str = "stopped") -> None:
        """End the run, after the step in progress; what it was stays readable. `ended` is for its folder: why."""
        with self._asked:
            self._closed, self._ended = True, self._ended or ended
            self._changed()
        if self._thread.ident is not None:
            self._thread.join(timeout)
        with self._asked:
            self._end("", ended)
        if self._thread.ident is None and self._keeper is not None:
            self._keeper.start(self.log)
            self._keeper.close()

    # The training thread ------------------------------------------------------------------------------------------------

    def _live(self) -> None:
        trainer: Trainer | None = None
        if self._keeper is not None:
            self._keeper.start(self.log)
        while not self._closed:
            try:
                trainer = trainer or self._prepare()
                self._train(trainer)
            except ExplorerError as error:
                self._fail(str(error))
            except Exception as error:
                logger.exception("run %s failed", self.run_id)
                self._fail(f"{type(error).__name__}: {error}")
        if trainer is not None and self._owed:  # or nobody would ever see it
            self._show(trainer)
        if self._keeper is not None:
            if trainer is not None:
                self._keep(trainer)
            with self._asked:
                self._end("", self._ended)
            self._keeper.close()
        logger.info("ended at step %d: %s", self._record.step, self._ended or "with its process")

    def _prepare(self) -> Trainer:
        self._say("compiling", "opening the data")
        dataset = self._open_data(lambda text: self._say("compiling", text))
        self._say("compiling", "compiling the training step")
        ready = None if self._resident else programs(self.config, dataset)
        self._say("compiling", "building the model")
        trainer = Trainer(self.config, dataset, self.plan.origin, self._resident, ready)
        self._pace = Pace(self._chunk or (None if trainer.resident else 1))
        came_back = self._come_back(trainer)
        if trainer.can_look or came_back or self.plan.origin is not None:
            self._show(trainer, dataset.source)
        else:
            self._show_without_looking(trainer, dataset.source)
        if ready is None:
            self._say("compiling", "compiling the training step")
            trainer.warm_up()
        detail = {"parent": self.plan.parent} if self.plan.parent else {}
        if not came_back:
            self._record.event("forked" if self.plan.origin else "started", self._start, **detail)
        logger.info(
            "%s trains from step %d on, on %s, data: %s", self._card.name, trainer.steps, trainer.device, dataset.source
        )
        return trainer

    def _train(self, trainer: Trainer) -> None:
        """Until closed: wait for a turn, take it, tell. Raises what makes the run fail."""
        while (turn := self._await_turn()) is not None:
            if turn == "reset":
                self._restart(trainer)
            elif turn == "show":
                if self._unseen(trainer.steps):
                    self._show(trainer)
                if not self._held:
                    self._keep(trainer)
            elif turn == "export":
                self._export(trainer)
            elif isinstance(turn, Turn):
                self._advance(trainer, turn)

    def _export(self, trainer: Trainer) -> None:
        state = trainer.export(self._now)
        with self._asked:
            self._state, self._state_asked = state, False
            self._asked.notify_all()
        self._keep(trainer)

    def _advance(self, trainer: Trainer, turn: Turn) -> None:
        self._treat(trainer, turn)
        began, first = time.monotonic(), trainer.steps
        for trained in trainer.train(turn.now, turn.steps):
            self._newest = trained
            with self._asked:
                self._record.step_done(trained)
                self._gate.passed()
        if trainer.steps < first + turn.steps:
            self._newest = None
            self._show(trainer)
            self._keep(trainer)
            raise ExplorerError(
                f"the loss or a gradient was not finite in step {trainer.steps + 1}; the model is as it was after step "
                f"{trainer.steps}. Lower the learning rate or the loss weights, then reset"
            )
        ended = time.monotonic()
        self._pace.took(turn.steps, ended - began)
        self._times.append((ended, trainer.steps))
        with self._asked:
            due = self._view_asked and ended >= self._next_view
        if self._owed and not (trainer.can_look or self._record.probe_due()):
            self._show_without_looking(trainer)
            self._leave_room(ended - began)
        elif self._owed or due or self._record.probe_due():
            self._show(trainer)
        if self._keeper is not None and self._keeper.due():
            self._keep(trainer)

    def _leave_room(self, seconds: float) -> None:
        """Train half the time, so that what is being compiled meanwhile is soon there; whoever asks for something ends it."""
        with self._asked:
            self._asked.wait(seconds)

    def _treat(self, trainer: Trainer, turn: Turn) -> None:
        """Apply the remedies that were asked for, and the run's own if its time has come."""
        asked, own = turn.cures, trainer.due(turn.now)
        for remedy in dict.fromkeys([*asked, own] if own else asked):
            cured = trainer.cure(remedy, turn.now)
            if cured is not None or remedy in asked:
                self._record.cured(remedy, BY_HAND if remedy in asked else BY_ITSELF, cured, trainer.steps + 1)

    def _restart(self, trainer: Trainer) -> None:
        trainer.reset()
        self._newest = None
        with self._asked:
            self._reset_asked = False
            self._claimed = self._start
            self._replay = ()
            self._cures = []
            self._record.reset()
            self._times.clear()
        self._show(trainer)

    def _say(self, status: Status, reason: str) -> None:
        with self._asked:
            self._status, self._reason = status, reason
            self._changed()

    def _fail(self, reason: str) -> None:
        """Publish the failure, then wait until the run is reset or closed."""
        logger.error("failed at step %d: %s", self._record.step, reason)
        with self._asked:
            self._status, self._reason = "failed", reason
            self._record.event("failed", self._record.step, reason=reason)
            self._reset_asked = False
            self._changed()
            self._asked.wait_for(lambda: self._reset_asked or self._closed)
