"""How a peer is measured: a process that trains for as many seconds as each line of its input says, and tells how far it got.

Only the standard library: it runs in every peer's environment.
"""

import json
import sys
import time
from collections.abc import Callable


def serve(step: Callable[[], object], **told: object) -> None:
    """Say that it is ready, and `told`; then for each line, a number of seconds, train and say steps, seconds, processor time.

    A step has to be over when `step` returns.
    """
    for _ in range(10):
        step()
    say(ready=True, **told)
    for line in sys.stdin:
        for _ in range(3):  # what others left in the caches goes first
            step()
        steps, began, spent = 0, time.perf_counter(), time.process_time()
        while (passed := time.perf_counter() - began) < float(line):
            step()
            steps += 1
        say(steps=steps, seconds=passed, cpu=time.process_time() - spent)


def say(**values: object) -> None:
    """A line of JSON."""
    sys.stdout.write(json.dumps(values) + "\n")
    sys.stdout.flush()
