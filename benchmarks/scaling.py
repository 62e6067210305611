"""How runs share two cores: one run that uses both beside two, and beside eight, that use one each.

    python benchmarks/scaling.py [--rounds 6] [--window 3] [--json FILE]

Every run lives in a process of its own, with as many threads as Ray would give it, and is paused unless its group is
measured. Each window of a group has one of the run with two threads right before it; a ratio is the median of these
pairs. Exits with 1 if a goal is missed.
"""

import argparse
import sys
import time
from contextlib import ExitStack, closing
from pathlib import Path
from statistics import mean, median
from typing import Any

from reporting import Row, at_least, conclude
from workers import Away, begin_all, wait_until

from actors.devices import claim, have_memory_kept
from explorer.config import RunConfig

CORES = 2
GOALS = {2: 1.0, 8: 0.95}
"""Of so many runs together, in terms of one that uses both cores."""
FAIR = 0.8
"""Share of the mean that the slowest of eight gets."""


class OneRun:
    """A run in this process, paused unless told to go."""

    def __init__(self, threads: int) -> None:
        claim(threads, 0.0)
        from actors.local_lab import LocalLab  # imports jax, which reads what was claimed

        self._lab = LocalLab()
        self._lab.connect()
        self._run_id = self._lab.start(RunConfig()).run_id
        wait_until(self.step)
        self.halt()

    def step(self) -> int:
        """How many it has done."""
        return self._lab.runs()[0].step

    def go(self) -> None:
        """Train."""
        self._lab.resume(self._run_id)

    def halt(self) -> None:
        """Train no more."""
        self._lab.pause(self._run_id)

    def close(self) -> None:
        """End."""
        self._lab.close()


def together(runs: list[Away], seconds: float) -> list[float]:
    """Steps a second of each, while all train."""
    for run in runs:
        run.call("go")
    time.sleep(0.7)
    first, began = [run.call("step") for run in runs], time.perf_counter()
    time.sleep(seconds)
    last, passed = [run.call("step") for run in runs], time.perf_counter() - began
    for run in runs:
        run.call("halt")
    return [(b - a) / passed for a, b in zip(first, last, strict=True)]


def measure(rounds: int, window: float) -> dict[str, Any]:
    """Start all runs, and let the groups take turns."""
    found: dict[str, Any] = {"one": [], **{str(n): [] for n in GOALS}, "ratios": {n: [] for n in GOALS}, "slowest": []}
    have_memory_kept()  # as under Ray
    with ExitStack() as stack:
        both = stack.enter_context(closing(Away(OneRun, CORES)))
        single = [stack.enter_context(closing(Away(OneRun, 1))) for _ in range(max(GOALS))]
        begin_all([both, *single])
        for _ in range(rounds):
            for n in GOALS:
                alone = sum(together([both], window))
                speeds = together(single[:n], window)
                found["one"].append(alone)
                found[str(n)].append(sum(speeds))
                found["ratios"][n].append(sum(speeds) / alone)
                if n == max(GOALS):
                    found["slowest"].append(min(speeds) / mean(speeds))
    return found


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="How several runs share two cores.")
    parser.add_argument("--rounds", type=int, default=6, help="windows of each group (default: %(default)s)")
    parser.add_argument("--window", type=float, default=3, help="seconds of a window (default: %(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep every figure in this file, too")
    arguments = parser.parse_args()
    found = measure(arguments.rounds, arguments.window)
    rows = [Row(f"one run with {CORES} threads", f"{median(found['one']):.1f} steps/s")]
    for n, goal in GOALS.items():
        what = f"{n} runs with one thread each, together {median(found[str(n)]):.1f} steps/s: of the one run"
        rows.append(at_least(what, median(found["ratios"][n]), goal))
    rows.append(at_least(f"the slowest of {max(GOALS)}, of their mean", median(found["slowest"]), FAIR))
    return conclude(found, rows, arguments.json)


if __name__ == "__main__":
    sys.exit(main())
