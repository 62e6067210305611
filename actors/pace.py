"""How many steps a run trains before it looks again at what is asked of it. Pure: the times are passed in."""

TARGET = 0.04
"""Seconds that they should take: who steers waits for them, 50 ms at the most, and no two take equally long."""
LONGEST = 1024
"""Steps, however short they are."""


class Pace:
    """Begins with one step; then as many as fit into the target, by the time that the last ones took."""

    def __init__(self, fixed: int | None = None) -> None:
        """`fixed`: always so many, however long they take."""
        self._fixed = fixed
        self.steps = fixed or 1

    def took(self, steps: int, seconds: float) -> None:
        """So many steps, at most `self.steps`, took so long.

        Fewer than that were cut short by something else, and say little: each chunk costs something beside its steps.
        """
        if self._fixed is None and (steps == self.steps or seconds > TARGET):
            fit = int(TARGET * steps / max(seconds, 1e-9))
            self.steps = max(1, min(fit, 2 * self.steps, LONGEST))
