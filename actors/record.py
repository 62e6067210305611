"""What happened to a run: its curves, its event log, and from which step each live setting holds. Safe to read meanwhile."""

import threading
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from explorer.config import RunConfig
from explorer.curves import Curves
from explorer.messages import Change, Event, History, Probes, View
from explorer.metrics import step_metrics
from explorer.probes import ProbeLog
from explorer.settings import LIVE_SETTINGS

if TYPE_CHECKING:
    from explorer.training.remedies import Cured
    from explorer.training.trained import Trained

MAX_EVENTS = 2000
BY_HAND, BY_ITSELF = "hand", "run"
"""Who asked for a remedy."""
TOGETHER = 8
"""Steps whose numbers are read at once: what a single step has left in the caches makes reading slow, for one or for eight."""
PLACED = 8
"""Remedies, the newest, whose events keep the places that codes moved between; MOST_PLACES of each."""
MOST_PLACES = 64


class Record:
    """Written by one training thread and by whoever steers; read by anybody. A fork's begins after step `start`."""

    def __init__(self, config: RunConfig, start: int = 0, incarnation: int = 1) -> None:
        self._config = config
        self._start = start
        self._lock = threading.Lock()
        self._incarnation = incarnation
        self.resets = 0
        self._clear()

    @property
    def generation(self) -> int:
        """Grows whenever what a reader has does not go on: at a reset, and when the run came back in another process."""
        return self._incarnation - 1 + self.resets

    def _clear(self) -> None:
        self.step = self._start
        self._curves = Curves(start=self._start)
        self._unread: list[Trained] = []
        self._probes = ProbeLog(self._config.codebooks_shape)
        self._events: list[Event] = []
        self._since = dict.fromkeys(LIVE_SETTINGS, self._start)

    def reset(self) -> None:
        """Forget everything but that there was a reset."""
        with self._lock:
            self.resets += 1
            self._clear()
            self._events.append(Event(self._start, "reset"))

    def step_done(self, trained: "Trained") -> None:
        """One more step was trained. What it tells is read with that of the next steps, or as soon as anybody asks."""
        with self._lock:
            self.step += 1
            self._unread.append(trained)
            if len(self._unread) >= TOGETHER:
                self._read()

    def _read(self) -> None:
        """Add to the curves what the newest steps tell. With the lock."""
        for trained in self._unread:
            self._curves.add(step_metrics(trained.losses, trained.health))
        self._unread.clear()

    def probe_due(self) -> bool:
        """Whether the view of the newest step belongs into the log."""
        return self._probes.due(self.step)

    @property
    def until_probe(self) -> int:
        """Steps from the newest to the next whose view belongs into the log."""
        return self._probes.until_due(self.step)

    def probed(self, view: View, step: int) -> None:
        """Log the view of a step that is due."""
        with self._lock:
            self._probes.add(step, view)

    def probes(self, run_id: str) -> Probes:
        """The views logged."""
        with self._lock:
            return self._probes.probes(run_id, self.generation)

    def event(self, kind: str, step: int, **detail: Any) -> None:
        """Log an event; beyond 2,000 the oldest go."""
        with self._lock:
            self._events.append(Event(step, kind, detail))
            del self._events[:-MAX_EVENTS]

    def setting(self, name: str, old: float, new: float, step: int) -> None:
        """Log a change of a live setting that holds from `step`. Changes that no step has seen become one."""
        if old == new:
            return
        with self._lock:
            self._since[name] = step
            place = len(self._events)
            for i, event in reversed(list(enumerate(self._events))):
                if event.kind == "setting" and event.step == step and event.detail["name"] == name:
                    old, place = event.detail["old"], i
                    break
            changed = [Event(step, "setting", {"name": name, "old": old, "new": new})] if old != new else []
            self._events[place : place + 1] = changed
            del self._events[:-MAX_EVENTS]

    def cured(self, name: str, by: str, cured: "Cured | None", step: int) -> None:
        """Log that a remedy treated dead codes before `step` was trained; None: there were none."""
        codes = [] if cured is None else [list(pair) for pair in cured.codes]
        places = {"old": cured.old, "new": cured.new} if cured is not None else {}
        kept = {key: np.round(values[:MOST_PLACES].astype(float), 5).tolist() for key, values in places.items()}
        with self._lock:
            self._events.append(Event(step, "remedy", {"name": name, "by": by, "codes": codes, **kept}))
            del self._events[:-MAX_EVENTS]
            placed = [i for i, event in enumerate(self._events) if event.kind == "remedy" and "old" in event.detail]
            for i in placed[:-PLACED]:
                old = self._events[i]
                detail = {key: value for key, value in old.detail.items() if key not in ("old", "new")}
                self._events[i] = Event(old.step, old.kind, detail)

    def forget_settings(self, name: str, after: int) -> None:
        """Take changes of a live setting beyond step `after` out of the log: they were to be made again, and will not be."""
        with self._lock:
            self._events = [
                event
                for event in self._events
                if not (event.kind == "setting" and event.step > after and event.detail["name"] == name)
            ]

    def since(self) -> dict[str, int]:
        """For each live setting the step from which it holds; the start if it never changed."""
        return dict(self._since)

    def history(self, run_id: str, since: int) -> History:
        """Curves after step `since`, events from it on."""
        with self._lock:
            self._read()
            steps, columns = self._curves.since(since)
            events = tuple(event for event in self._events if event.step >= since)
            return History(run_id, self.generation, self._curves.stride, steps, columns, events)

    def events(self) -> tuple[Event, ...]:
        """Everything since the last reset."""
        with self._lock:
            return tuple(self._events)

    def dump(self) -> dict[str, np.ndarray]:
        """Curves and probes as arrays, for `load`."""
        with self._lock:
            self._read()
            curves, probes = self._curves.dump(), self._probes.dump()
        return {f"curves/{k}": v for k, v in curves.items()} | {f"probes/{k}": v for k, v in probes.items()}

    def load(self, arrays: Mapping[str, np.ndarray], step: int, resets: int, since: Mapping[str, int]) -> None:
        """Be what was dumped at `step`. Raises KeyError or ValueError if it is not that."""
        with self._lock:
            self._unread.clear()
            self._curves.load({k.removeprefix("curves/"): v for k, v in arrays.items() if k.startswith("curves/")})
            self._probes.load({k.removeprefix("probes/"): v for k, v in arrays.items() if k.startswith("probes/")})
            self.step, self.resets = step, resets
            self._since |= since

    def recall(self, events: tuple[Event, ...], resets: int, step: int) -> None:
        """What happened before, as of the newest log; remedies beyond `step` will be applied, and logged, again."""
        with self._lock:
            self._events = [event for event in events if event.kind != "remedy" or event.step <= step]
            self.resets = resets


def changes_of(events: Iterable[Event]) -> tuple[Change, ...]:
    """The changes of live settings, and the remedies by hand, that an event log holds."""
    return tuple(change for event in events if (change := _change_of(event)) is not None)


def _change_of(event: Event) -> Change | None:
    if event.kind == "setting":
        return Change(max(event.step, 1), event.detail["name"], event.detail["new"])
    if event.kind == "remedy" and event.detail["by"] == BY_HAND:
        return Change(event.step, "remedy", event.detail["name"])
    return None
