"""A run's two memories: the picture that readers see, and the folder from which it can go on. Used by its thread alone."""

import logging
import os
import time
from collections.abc import Mapping

from actors.desk import Desk, Picture
from actors.lab import Plan
from actors.record import changes_of
from actors.resting import rest
from actors.storage.checkpoints import Checkpoint
from actors.storage.keeper import Keeper
from actors.storage.recording import Recording
from explorer.config import RunConfig
from explorer.messages import View
from explorer.training.trained import Trained
from explorer.training.trainer import Trainer

logger = logging.getLogger(__name__)


class Memory(Desk):
    """A desk whose training thread keeps what the run was."""

    def __init__(self, run_id: str, name: str, config: RunConfig, plan: Plan, keeper: Keeper | None) -> None:
        super().__init__(run_id, name, config, plan, keeper)
        self._next_view = 0.0
        self._owed = False
        """Whether it trains without having looked once: what looks is still being compiled."""
        self._newest: Trained | Recording | None = None
        """What has the losses of the newest step."""
        self._kept = (-1, -1)

    def _show(self, trainer: Trainer, data_source: str | None = None) -> None:
        """Swap in a picture of the model as it is now."""
        with self._asked:
            now, self._stale = self._now, False
        if self._owed:
            self._owed = False
            if trainer.steps:
                self._record.probed(trainer.view_of_beginning(now), 0)
        began = time.monotonic()
        view = trainer.view(now)
        if self._record.step == trainer.steps and self._record.probe_due():
            self._record.probed(view, trainer.steps)
        ended = time.monotonic()
        self._next_view = ended + rest(ended - began, os.cpu_count() or 1)
        self._swap_in(trainer, view, data_source)

    def _show_without_looking(self, trainer: Trainer, data_source: str | None = None) -> None:
        """Swap in a picture that has no view: a fresh run does not wait for it."""
        self._owed = True
        self._swap_in(trainer, None, data_source)

    def _swap_in(self, trainer: Trainer, view: View | None, data_source: str | None) -> None:
        source = self._picture.data_source if data_source is None else data_source
        picture = Picture(trainer.steps, trainer.epoch, self._losses(), view, source, trainer.device)
        with self._asked:
            self._picture = picture
            self._view_asked = False
            self._changed()

    def _losses(self) -> Mapping[str, float] | None:
        return (self._newest.losses or None) if self._newest is not None else None

    def _unseen(self, step: int) -> bool:
        """Whether a look now would show something else than the picture."""
        return self._picture.step != step or self._stale or self._owed

    def _is_kept(self, step: int) -> bool:
        return self._keeper is None or self._kept == (self._record.generation, step)

    def _keep(self, trainer: Trainer) -> None:
        """Have a checkpoint of now written, unless there is one."""
        if self._keeper is None or self._is_kept(trainer.steps):
            return
        if self._owed:
            self._show(trainer)
        self._kept = self._record.generation, trainer.steps
        picture = self._picture
        with self._asked:
            now = self._now
            recording = Recording(
                trainer.steps,
                self._record.resets,
                trainer.epoch,
                trainer.device,
                picture.data_source,
                now.live,
                self._record.since(),
                dict(self._losses() or {}),
                self._record.dump(),
                picture.view if picture.step == trainer.steps else trainer.view(now),
            )
        self._keeper.keep(Checkpoint(trainer.export(now), recording))

    def _come_back(self, trainer: Trainer) -> bool:
        """Go on from what the folder holds, if the run ran before: as it would have gone on, with the changes it made since."""
        keeper = self._keeper
        if keeper is None or keeper.before is None:
            return False
        before, checkpoint = keeper.before, keeper.newest(self.config)
        with self._asked:
            kept = checkpoint.recording.step if checkpoint is not None else trainer.steps
            self._record.recall(before.events, before.resets, kept)
            self._record.step = trainer.steps
            self._now = self.config
            if checkpoint is not None:
                recording = checkpoint.recording
                trainer.adopt(checkpoint.state)
                self._record.load(recording.arrays, recording.step, recording.resets, recording.since)
                self._now = self.config.with_live(recording.live)
                self._newest = recording
            step = self._claimed = trainer.steps
            self._replay = tuple(change for change in changes_of(before.events) if change.step > step)
            if before.left is not None and not self._steered:
                self._gate.open(before.step - step + before.left)
            killed = before.status != "stopped"  # then steps since the last word of its log are lost, too
            if killed or step < before.step:
                self._record.event("recovered", step, was=before.step)
                logger.warning("came back at step %d, was at %d", step, before.step)
            self._restored = True
            self._change_as_asked_meanwhile()
        return True

    def _change_as_asked_meanwhile(self) -> None:
        asked, self._meanwhile = self._meanwhile, {}
        self.set_live(asked)
