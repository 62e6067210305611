"""How long a run trains from one look through the probe to the next. Pure.

A look takes from training what it takes itself, and what showing its picture takes where a page is open on the same machine.
"""

SHORTEST = 0.2
"""Seconds, however often somebody asks."""
LONGEST = 1.2
"""Seconds that a picture is waited for at the most, however slow the machine."""
LOOKING = 0.012
"""Share of the training time that looking may take: after a look of 9 ms the next waits for 0.75 s."""
SHOWING = 0.025
"""Share of the machine's processors that showing may take."""
SHOWN = 0.06
"""Seconds of a processor that showing a picture takes, at the most: 45 and 56 ms in a browser without a GPU, on two machines."""


def rest(looked: float, processors: int) -> float:
    """Seconds to the next look, after one that took `looked` seconds: 1.2 with two processors, at least 0.3 with eight."""
    return min(max(SHORTEST, looked / LOOKING, SHOWN / (SHOWING * processors)), LONGEST)
