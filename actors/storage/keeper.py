"""Writes a run's folder in a thread of its own, so that training never waits for a disk.

A disk that refuses is no reason to stop: it is said, and tried again.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from functools import cached_property

from actors.lab import Card
from actors.storage.checkpoints import Checkpoint, Checkpoints
from actors.storage.folder import Log, RunFolder
from explorer.config import RunConfig

INTERVAL = 15.0
"""Seconds from one checkpoint to the next."""
TICK = 0.2
"""Seconds after which what happened is in the log."""
STEPS_EVERY = 1.0
"""Seconds after which the step that was reached is in the log, if nothing else happened."""
HEARTBEAT = 10.0
"""Seconds after which the log says that the run lives, if nothing happened at all."""
RETRY = 5.0
"""Seconds from a refusal of the disk to the next try."""

logger = logging.getLogger(__name__)


class Keeper:
    """Keeps one copy of a run. `trouble` says why nothing can be written now; `superseded`: another copy took over."""

    def __init__(self, folder: RunFolder, home: str, interval: float | None = None) -> None:
        """Take the run over from whoever ran it. `home` says who does that now, `interval` how often. Raises OSError."""
        self.folder, self.home = folder, home
        self.before = folder.log()
        """What the copy before this one said last; None for a run that never ran."""
        self.incarnation = folder.claim()
        self.trouble = ""
        self.superseded = False
        self._interval = interval or INTERVAL
        self._asked = threading.Condition()
        self._waiting: Checkpoint | None = None
        self._idle = True
        self._closing = False
        self._next = time.monotonic() + self._interval
        self._logged: Log | None = None
        self._logged_at = self._refused_at = -1e9
        self._card: Card | None = None
        self._thread: threading.Thread | None = None

    @cached_property
    def _checkpoints(self) -> Checkpoints:
        return Checkpoints(self.folder)

    def newest(self, config: RunConfig) -> Checkpoint | None:
        """The newest whole checkpoint since the run's last reset; what could not be read is logged."""
        found = None if self.before is None else self._checkpoints.newest(config, self.before.resets)
        for damage in self.folder.damage:
            logger.warning("%s", damage)
        return found

    def start(self, source: Callable[[], tuple[Log, Card]]) -> None:
        """Begin to write what `source` says of the run."""
        self._thread = threading.Thread(target=self._live, args=(source,), name="keeper", daemon=True)
        self._thread.start()

    def due(self) -> bool:
        """Whether a checkpoint should be made, and there is time to write it."""
        return time.monotonic() >= self._next and self._idle

    def keep(self, checkpoint: Checkpoint) -> None:
        """Have a checkpoint written; one that still waits gives way."""
        with self._asked:
            self._waiting, self._idle = checkpoint, False
            self._next = time.monotonic() + self._interval
            self._asked.notify_all()

    def close(self, patience: float = 10.0) -> None:
        """Write what is left, for at most `patience` seconds."""
        with self._asked:
            self._closing = True
            self._asked.notify_all()
        if self._thread is not None:
            self._thread.join(patience)

    def flush(self, patience: float = 10.0) -> bool:
        """Wait until no checkpoint waits; False if that takes longer."""
        with self._asked:
            return self._asked.wait_for(lambda: self._idle, patience)

    def _live(self, source: Callable[[], tuple[Log, Card]]) -> None:
        closing = False
        while not closing and not self.superseded:
            with self._asked:
                self._asked.wait_for(lambda: self._closing or self._waiting is not None, TICK)
                closing, checkpoint = self._closing, self._waiting
                self._waiting = None
            self._write(*source(), checkpoint, urgent=closing)
            with self._asked:
                self._idle = self._waiting is None
                self._asked.notify_all()

    def _write(self, log: Log, card: Card, checkpoint: Checkpoint | None, *, urgent: bool) -> None:
        now = time.monotonic()
        if not urgent and checkpoint is None and (now - self._refused_at < RETRY or not self._news(log, card, now)):
            return
        try:
            if self.folder.superseded(self.incarnation):
                self.superseded = True
                return
            if checkpoint is not None:
                self._checkpoints.save(checkpoint, self.incarnation)
                if self.folder.superseded(self.incarnation):  # a machine may have stood still meanwhile
                    self.superseded = True
                    return
            if card != self._card:
                self.folder.write_card(card)
                self._card = card
            self.folder.write_log(log)
            self._logged, self._logged_at, self.trouble = log, now, ""
        except Exception as problem:  # noqa: BLE001 - file systems and orbax raise errors of many kinds
            why = getattr(problem, "strerror", None) or f"{type(problem).__name__}: {problem}"
            if not self.trouble:
                logger.warning("the folder of run %s cannot be written: %s", self.folder.path.name, why)
            self.trouble = f"not saved: {self.folder.path} cannot be written ({why}); training goes on"
            self._refused_at = now
            if checkpoint is not None:
                self._next = now + RETRY

    def _news(self, log: Log, card: Card, now: float) -> bool:
        old = self._logged
        if old is None or card != self._card or self.trouble:
            return True
        same = replace(log, step=old.step, left=old.left, written=old.written) == old
        return not same or now - self._logged_at >= (HEARTBEAT if log.step == old.step else STEPS_EVERY)
