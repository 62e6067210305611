"""How long a run trains from one look through the probe to the next. Pure.

A look takes from training what it takes itself, and what showing its picture takes where a page is open on the same machine.
"""

SHORTEST = 0.2
"""Seconds, however often somebody asks."""
LONGEST = 1.4
"""Seconds that a picture is waited for at the most, however slow the machine."""
LOOKING = 0.012
"""Share of the training time that looking may take: after a look of 9 ms the next waits for 0.75 s."""
SHOWING = 0.025
"""Share of the machine's processors that showing may take."""
SHOWN = 0.07
"""Seconds of a processor that showing a picture takes from training: some 45 ms in a browser without a GPU, and half as much
again because the threads of a step wait for the one whose processor the browser has."""


def rest(looked: float, processors: int) -> float:
    """Seconds to the next look, after one that took `looked` seconds: 1.4 with two processors, at least 0.35 with eight."""
    return min(max(SHORTEST, looked / LOOKING, SHOWN / (SHOWING * processors)), LONGEST)
