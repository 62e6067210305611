"""What happened to a run: its curves, its event log, and from which step each live setting holds. Safe to read meanwhile."""

import threading
from collections.abc import Mapping
from typing import Any

from explorer.config import LAMBDA_SETTINGS, RunConfig
from explorer.curves import Curves
from explorer.messages import Event, Health, History, Probes, View
from explorer.metrics import step_metrics
from explorer.probes import ProbeLog

MAX_EVENTS = 2000
LIVE_SETTINGS = (*LAMBDA_SETTINGS, "learning_rate")


class Record:
    """Written by one training thread and by whoever steers; read by anybody. A fork's begins after step `start`."""

    def __init__(self, config: RunConfig, start: int = 0) -> None:
        self._config = config
        self._start = start
        self._lock = threading.Lock()
        self.generation = 0
        self._clear()

    def _clear(self) -> None:
        self.step = self._start
        self._curves = Curves(start=self._start)
        self._probes = ProbeLog((self._config.levels, self._config.codebook_size, self._config.latent_dim))
        self._events: list[Event] = []
        self._since = dict.fromkeys(LIVE_SETTINGS, self._start)

    def reset(self) -> None:
        """Forget everything but that there was a reset."""
        with self._lock:
            self.generation += 1
            self._clear()
            self._events.append(Event(self._start, "reset"))

    def step_done(self, losses: Mapping[str, float], health: Health) -> None:
        """One more step was trained."""
        metrics = step_metrics(losses, health)
        with self._lock:
            self._curves.add(metrics)
            self.step += 1

    def probe_due(self) -> bool:
        """Whether the view of the newest step belongs into the log."""
        return self._probes.due(self.step)

    def probed(self, view: View) -> None:
        """Log the view of the newest step, which is due."""
        with self._lock:
            self._probes.add(self.step, view)

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
            for event in reversed(self._events):
                if event.kind == "setting" and event.step == step and event.detail["name"] == name:
                    self._events.remove(event)
                    old = event.detail["old"]
                    break
            self._since[name] = step
            if old != new:
                self._events.append(Event(step, "setting", {"name": name, "old": old, "new": new}))
                del self._events[:-MAX_EVENTS]

    def since(self) -> dict[str, int]:
        """For each live setting the step from which it holds; the start if it never changed."""
        return dict(self._since)

    def history(self, run_id: str, since: int) -> History:
        """Curves after step `since`, events from it on."""
        with self._lock:
            steps, columns = self._curves.since(since)
            events = tuple(event for event in self._events if event.step >= since)
            return History(run_id, self.generation, self._curves.stride, steps, columns, events)
