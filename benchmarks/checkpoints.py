"""What keeping a run costs it: steps per second with a checkpoint every second, beside the same run that writes none.

    python benchmarks/checkpoints.py [--rounds 8] [--window 4] [--json FILE]

Each in a process of its own; they take turns. Checkpoints are written every 15 seconds unless somebody says otherwise: what
one costs is measured fifteen times as often as it is paid. Exits with 1 if the goal is missed.
"""

import argparse
import os
import sys
import tempfile
from contextlib import ExitStack, closing
from pathlib import Path
from statistics import median, quantiles

from reporting import keep, say
from workers import Away, Speed, speed, wait_until

from actors.devices import claim
from actors.lab import Plan
from actors.storage.keeper import INTERVAL
from explorer.config import RunConfig

OFTEN, NEVER = 1.0, 1e6
"""Seconds from one checkpoint to the next."""
MOST = 0.01
"""Share of the steps that checkpoints may cost."""


class KeptRun:
    """A run of the defaults in this process, with a folder; paused unless it is measured."""

    def __init__(self, folder: str, every: float) -> None:
        claim(None, 0.0)
        from actors.local_lab import LocalLab  # imports jax, which reads what was claimed

        self._lab = LocalLab(runs_dir=folder)
        self._lab.connect()
        self._run_id = self._lab.start(RunConfig(), plan=Plan(checkpoint_every=every)).run_id
        wait_until(self._step)
        self._lab.pause(self._run_id)

    def window(self, seconds: float) -> Speed:
        """How fast it trains."""
        self._lab.resume(self._run_id)
        measured = speed(os.getpid(), self._step, seconds)
        self._lab.pause(self._run_id)
        return measured

    def close(self) -> None:
        """End the run and the lab."""
        self._lab.close()

    def _step(self) -> int:
        return self._lab.runs()[0].step


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="What checkpoints cost.")
    parser.add_argument("--rounds", type=int, default=8, help="windows of each run (default: %(default)s)")
    parser.add_argument("--window", type=float, default=4, help="seconds of a window (default: %(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep every figure in this file, too")
    arguments = parser.parse_args()
    found: dict[float, list[Speed]] = {OFTEN: [], NEVER: []}
    with ExitStack() as stack:
        runs = {}
        for every in found:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="checkpoints-"))
            runs[every] = stack.enter_context(closing(Away(KeptRun, folder, every)))
        for turn in range(arguments.rounds):
            for every in list(found)[:: 1 if turn % 2 else -1]:
                found[every].append(runs[every].call("window", arguments.window))
    ratios = [often.per_second / never.per_second for often, never in zip(found[OFTEN], found[NEVER], strict=True)]
    spent = median(often.cpu / never.cpu for often, never in zip(found[OFTEN], found[NEVER], strict=True)) - 1
    low, middle, high = quantiles(ratios, n=4)
    lost = (1 - middle) * OFTEN / INTERVAL
    missed = lost > MOST
    say(
        f"a checkpoint every second: {middle:.1%} of the steps ({low:.1%} to {high:.1%}), {spent:+.1%} processor time a step"
    )
    say(
        f"every {INTERVAL:g} s: {max(lost, 0):.2%} of the steps lost   ≤ {MOST:.0%}  {'MISSED' if missed else 'reached'}"
    )
    kept = {f"{every:g}": [speed._asdict() for speed in speeds] for every, speeds in found.items()}
    keep(kept, arguments.json)
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
