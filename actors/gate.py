"""May the next step be trained? What was asked for, up to which step, and how far ahead of its comparison a run is."""

import sys
import time
from collections.abc import Callable


class Gate:
    """Not thread-safe: its owner's lock guards it. Open at first."""

    def __init__(self, until: int | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self.until = until
        self._clock = clock
        self._running = True
        self._steps_left: int | None = None
        self._allowed: int | None = None
        self._lease_ends = 0.0

    @property
    def running(self) -> bool:
        """Asked to train, with no number of steps given."""
        return self._running and self._steps_left is None

    @property
    def left(self) -> int | None:
        """How many steps may still pass; None: all."""
        return self._steps_left if self._running else 0

    @property
    def shut(self) -> bool:
        """Asked not to train, or all steps asked for are done."""
        return not self._running or self._steps_left == 0

    def open(self, steps: int | None = None) -> None:
        """Let `steps` steps pass; all, if none is given."""
        self._running, self._steps_left = True, steps

    def close(self) -> None:
        """Let none pass."""
        self._running, self._steps_left = False, None

    def passed(self) -> None:
        """One more step was trained."""
        if self._steps_left is not None:
            self._steps_left -= 1

    def allow(self, step: int, lease: float) -> None:
        """For `lease` seconds no step beyond `step`; then freely again, so that nobody waits for a page that is gone."""
        self._allowed, self._lease_ends = step, self._clock() + lease

    def finished(self, step: int) -> bool:
        """Whether the run is at its end after `step`."""
        return self.until is not None and step >= self.until

    def held(self, step: int) -> float:
        """Seconds for which the step after `step` has to wait for slower runs, unless more is allowed meanwhile."""
        if self._allowed is None or step < self._allowed:
            return 0.0
        return max(self._lease_ends - self._clock(), 0.0)

    def room(self, step: int) -> int:
        """How many steps after `step` may be trained, where the next may, before all this is asked again."""
        ends = [sys.maxsize if self._steps_left is None else step + self._steps_left]
        if self.until is not None:
            ends.append(self.until)
        if self._allowed is not None and self._clock() < self._lease_ends:
            ends.append(self._allowed)
        return min(ends) - step
