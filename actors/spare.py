"""A process kept ready for the next run, on a cluster of one's own: what a run needs is imported there, and compiled.

It is the actor that the run will be, without a run, and it holds the run's CPU: so it is there only while nothing trains.
"""

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple

from actors.devices import needs_one_arena
from actors.ray_later import ray, state_of
from explorer.config import RunConfig

TAKES_CALLS = ("PENDING_CREATION", "ALIVE")
"""States of an actor in which Ray keeps a call for it; what is said to one that restarts may be lost."""


class Kept(NamedTuple):
    """The id of the run that it will be, and its actor."""

    run_id: str
    actor: Any


class Spare:
    """At most one actor without a run, made for the config `first`; without a config there is never one. Thread-safe.

    `names`: the ids of all that were made, whether they became runs or not.
    """

    def __init__(self, first: RunConfig | None) -> None:
        self._first = first
        self._lock = threading.Lock()
        self._kept: Kept | None = None
        self.names: set[str] = set()

    @property
    def kept(self) -> bool:
        """Whether one is there, and holds a run's resources."""
        return self._kept is not None

    def tend(
        self, idle: Callable[[], bool], new_id: Callable[[], str], create: Callable[[str, RunConfig], Any]
    ) -> None:
        """Make one if nothing trains and there is none; end it if something does: whoever registers a run calls this."""
        with self._lock:
            if not idle():
                self._end()
            elif self._kept is None and self._first is not None:
                run_id = new_id()
                self.names.add(run_id)
                self._kept = Kept(run_id, create(run_id, self._first))

    def take(self, config: RunConfig) -> Kept | None:
        """Hand it over for a run of this config; None if there is none that lives and has the environment that it needs."""
        with self._lock:
            kept, first = self._kept, self._first
            if kept is None or first is None or needs_one_arena(config.batch_size) != needs_one_arena(first.batch_size):
                return None
            self._kept = None
        if state_of(kept.actor) in TAKES_CALLS:
            return kept
        end(kept)
        return None

    def wait(self, seconds: float) -> None:
        """Until what a run needs is imported there, or for so long; it goes on preparing itself."""
        if self._kept is not None:
            with suppress(ray.exceptions.RayError):  # a run will find out what is wrong
                ray.get(self._kept.actor.place.remote(), timeout=seconds)

    def close(self) -> None:
        """End it, and make none any more."""
        with self._lock:
            self._first = None
            self._end()

    def _end(self) -> None:
        if self._kept is not None:
            end(self._kept)
            self._kept = None


def end(kept: Kept) -> None:
    """Free what it holds."""
    ray.kill(kept.actor)
