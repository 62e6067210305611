"""Does anybody watch a run? Pure: it is told when somebody looked, and the clock is passed in."""

import time
from collections.abc import Callable

from actors.limits import minutes_in_words


class Watch:
    """Counts from the last look. Written and read by several threads, one float at a time."""

    def __init__(self, patience: float | None, clock: Callable[[], float] = time.monotonic) -> None:
        """`patience`: seconds after which a run that nobody looked at is neglected; None: it never is."""
        self._patience, self._clock = patience, clock
        self._seen = clock()

    def seen(self) -> None:
        """Somebody looked, or the run was just set going."""
        self._seen = self._clock()

    @property
    def neglected(self) -> bool:
        """Whether nobody looked for too long."""
        return self._patience is not None and self._clock() - self._seen >= self._patience

    @property
    def words(self) -> str:
        """Why a neglected run pauses."""
        return f"nobody watched for {minutes_in_words(self._patience or 0)}"
