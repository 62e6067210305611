"""What a run and those around it share: what was asked of it, and what it showed last. Thread-safe; no jax, no ray.

The lock is only ever held to read or write a few references, so that nobody waits for a training step.
"""

import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from actors.gate import Gate
from actors.lab import Card, Plan, RunInfo
from actors.record import Record
from actors.storage.folder import Log
from actors.watch import Watch
from explorer.choices import CHOICES
from explorer.config import Lambdas, RunConfig
from explorer.errors import ConfigError, ExplorerError
from explorer.messages import Applied, Change, History, Probes, RunState, Snapshot, Status, View
from explorer.settings import STEPS

if TYPE_CHECKING:
    from actors.storage.keeper import Keeper

SHOWN_BY = {"dead_threshold", "dead_window"}
"""Live settings by which a picture is drawn, beside those by which the run trains."""
VERSIONS = 2**32
"""Snapshots that a run has before it comes back in another process: its versions go on growing."""


@dataclass(frozen=True, slots=True)
class Picture:
    """What the training thread hands to the readers: all of one step."""

    step: int = 0
    epoch: float = 0.0
    losses: Mapping[str, float] | None = None
    view: View | None = None
    data_source: str = ""
    device: str = ""


class Desk:
    """One run's desk: people ask and read here, and its training thread looks in between two steps."""

    def __init__(self, run_id: str, name: str, config: RunConfig, plan: Plan, keeper: "Keeper | None" = None) -> None:
        self.run_id, self.config, self.plan = run_id, config, plan
        self._keeper = keeper
        incarnation = keeper.incarnation if keeper else 1
        self._card = Card(name, comparison=plan.comparison)
        before = keeper.before if keeper else None
        if keeper is not None:
            self._card = keeper.folder.card(self._card)
        self._start = plan.origin.step if plan.origin else 0
        self._asked = threading.Condition(threading.RLock())
        self._status: Status = "pending"
        self._reason = ""
        self._gate = Gate(plan.until)
        self._watch, self._neglect = Watch(plan.pause_idle), ""
        self._reset_asked = self._closed = self._view_asked = self._state_asked = self._held = False
        self._state: RunState | None = None
        self._claimed = self._start
        self._now = config
        """The config with the live settings that hold now."""
        self._cures: list[str] = []
        """Remedies asked for, which treat dead codes before the next steps."""
        self._stale = False
        """Whether the picture shows by other live settings than hold now."""
        self._replay: tuple[Change, ...] = ()
        self._ended = ""
        self._version = 1 + (incarnation - 1) * VERSIONS
        self._picture = Picture()
        self._record = Record(config, self._start, incarnation)
        if before is not None:  # what readers see until the checkpoint is read
            self._now = config.with_live(before.live)
            self._record.step = self._claimed = before.step
            if before.left is not None:
                self._gate.open(before.left)
        self._restored = before is None
        self._meanwhile: dict[str, float] = {}
        """Live settings asked for before a run that comes back has read its checkpoint."""
        self._steered = False
        """Whether it was told to train or to pause since it came back."""
        self._times: deque[tuple[float, int]] = deque(maxlen=64)
        """When, and at which step, the last turns ended."""

    # What readers see ---------------------------------------------------------------------------------------------------

    def info(self) -> RunInfo:
        """The run in a line."""
        with self._asked:
            return RunInfo(
                self.run_id,
                self._card.name,
                self._status,
                self._why(),
                self._record.step,
                self.config,
                self._now.live,
                self.plan.parent,
                self._start,
                self.plan.until,
                self._speed(),
                self._card,
                resumable=self._keeper is not None and self._ended in ("stopped", "interrupted"),
            )

    def get_snapshot(self, since: int | None = None, *, look: bool = True) -> Snapshot | None:
        """The newest snapshot, or None if its version is not beyond `since`. `look`: ask for a newer picture along the way."""
        with self._asked:
            self._view_asked = self._view_asked or look
            if look:
                self._watch.seen()
            if since is not None and since >= self._version:
                return None
            picture = self._picture
            return Snapshot(
                run_id=self.run_id,
                version=self._version,
                generation=self._record.generation,
                status=self._status,
                reason=self._why(),
                step=picture.step,
                epoch=picture.epoch,
                steps_per_second=self._speed(),
                device=picture.device,
                data_source=picture.data_source,
                live=self._now.live,
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
        """All that a fork carries on from, as of the end of the steps in progress."""
        with self._asked:
            self._refuse_if("be forked", "pending", "compiling", "stopped", "failed")
            self._state, self._state_asked = None, True
            self._asked.notify_all()
            self._asked.wait_for(lambda: self._state is not None or self._closed, patience)
            if self._state is None:
                raise ExplorerError(f"{self._card.name} ({self.run_id}) cannot be forked now: its step takes too long")
            return self._state

    def log(self) -> tuple[Log, Card]:
        """What its folder is to say of it."""
        with self._asked:
            said = Log(
                self._keeper.incarnation if self._keeper else 1,
                self._status,
                self._ended,
                self._reason,
                self._record.step,
                self._record.resets,
                self._gate.left,
                self._now.live,
                self._record.events(),
                round(time.time(), 1),
                self._keeper.home if self._keeper else "",
            )
            before = self._keeper.before if self._keeper else None
            if before is not None and not self._restored:  # all that is known of it is what the copy before said
                known = {"step": before.step, "resets": before.resets, "events": before.events}
                said = replace(said, **known, left=said.left if self._steered else before.left)
            return said, self._card

    def _why(self) -> str:
        waits = "waits for the slower runs of its comparison" if self._held else ""
        return self._reason or (self._keeper.trouble if self._keeper else "") or waits

    def _speed(self) -> float:
        times = list(self._times)
        if self._status != "running" or len(times) < 2:
            return 0.0
        (began, first), (ended, last) = times[0], times[-1]
        return (last - first) / max(ended - began, 1e-9)

    # What may be asked of it --------------------------------------------------------------------------------------------

    def pause(self) -> None:
        """Stop after the steps in progress."""
        with self._asked:
            self._refuse_if("pause", "stopped", "failed")
            self._gate.close()
            self._steered = True
            self._changed()

    def step(self, n: int = 1) -> None:
        """Train exactly `n` steps (1 to 100,000) after those in progress, then be paused."""
        n = int(STEPS.check("n", n))
        with self._asked:
            self._refuse_if("step", "stopped", "failed")
            self._gate.open(self._claimed - self._record.step + n)
            self._steered = True
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
                self._now = self.config
            self._reset_asked = True
            self._changed()

    def set_lambdas(self, lambdas: Lambdas | Mapping[str, float]) -> Applied:
        """Change loss weights; a mapping changes only those it names."""
        with self._asked:
            asked = lambdas.to_dict() if isinstance(lambdas, Lambdas) else dict(lambdas)
            self._now.lambdas.updated(asked)  # a name that is no loss weight's is told as such
            return self.set_live(asked)

    def set_live(self, values: Mapping[str, float]) -> Applied:
        """Change the live settings named."""
        with self._asked:
            new = self._now.with_live(values)
            self._refuse_if("change its settings", "stopped")
            for name in values:
                self._set(name, self._now.live[name], new.live[name])
            self._stale = self._stale or bool(SHOWN_BY.intersection(values))
            self._now = new
            return self._applied()

    def cure(self, remedy: str) -> Applied:
        """Treat dead codes once, before the next step. Raises ConfigError for a remedy that this run cannot use."""
        CHOICES["remedy"].check("remedy", remedy)
        if remedy == "none":
            raise ConfigError("remedy", remedy, "one that does something")
        replace(self.config, remedy=remedy)  # refuses what does not fit the run
        with self._asked:
            self._refuse_if("have its dead codes treated", "stopped", "failed")
            if remedy not in self._cures:
                self._cures.append(remedy)
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

    def _set(self, name: str, old: float, new: float) -> None:
        """Note a change. It holds, whatever was asked before the run came back and is still to be made again."""
        if not self._restored:
            self._meanwhile[name] = new
            return
        if any(change.name == name for change in self._replay):
            self._replay = tuple(change for change in self._replay if change.name != name)
            self._record.forget_settings(name, self._claimed)
        self._record.setting(name, old, new, self._claimed + 1)

    def _end(self, reason: str, ended: str = "stopped") -> None:
        if self._status != "stopped":
            self._record.event("stopped", self._record.step)
            self._status, self._reason, self._ended = "stopped", reason, ended
        self._closed = True
        self._changed()

    def _applied(self) -> Applied:
        self._changed()
        return Applied(self._claimed + 1, self._now.live)

    def _changed(self) -> None:
        self._version += 1
        self._asked.notify_all()

    def _refuse_if(self, verb: str, *statuses: Status) -> None:
        if self._status in statuses or (self._closed and "stopped" in statuses):
            waiting = self._status in ("pending", "compiling")
            ended = "start a new run" if self._keeper is None else "resume it first"
            hint = "reset it first" if self._status == "failed" else "wait for it" if waiting else ended
            raise ExplorerError(f"{self._card.name} ({self.run_id}) cannot {verb}: it is {self._status}; {hint}")
