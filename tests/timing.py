"""Time as a machine with nothing else to do would take it, so that a bound in seconds holds on a busy one too."""

import time
from pathlib import Path


class Stopwatch:
    """Seconds since it was made, but for those in which this thread could have run and had no core."""

    def __init__(self) -> None:
        self._began, self._without = time.monotonic(), without_a_core()

    @property
    def seconds(self) -> float:
        """Seconds of its own work and of what it waited for on purpose."""
        return time.monotonic() - self._began - (without_a_core() - self._without)


def without_a_core() -> float:
    """Seconds that this thread has waited for a core since it began; 0 where the kernel does not tell."""
    try:
        return int(Path("/proc/thread-self/schedstat").read_text(encoding="ascii").split()[1]) / 1e9
    except OSError:
        return 0.0
