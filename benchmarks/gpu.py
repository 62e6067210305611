"""What a GPU is kept busy with: steps per second by how they are dispatched, one run and several, and how long steering waits.

    python benchmarks/gpu.py [--runs 1 2 4] [--rounds 3] [--window 3] [--calls 60] [--cpu] [--json FILE]

Every run lives in a process of its own that takes memory of the GPU only as it needs it, and is paused unless it is measured.
Exits with 1 if the goal is missed, with 2 where there is no GPU; --cpu tries the script itself without one, and judges nothing.
"""

import argparse
import sys
import time
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path
from statistics import median, quantiles
from typing import Any, NamedTuple

from reporting import keep, say
from scaling import together
from workers import Away, wait_until

from actors.devices import claim
from explorer.config import RunConfig
from explorer.data import open_dataset

GOAL = 50.0
"""Milliseconds that a steering change may wait for the step from which it holds: 95 of 100."""
FORCED = 8
"""Steps at once with --cpu, where a run would train one by one."""


class Mode(NamedTuple):
    """How steps are dispatched: so many at once (None: as a run chooses), on images that stay on the device or not."""

    label: str
    chunk: int | None
    resident: bool


MODES = (
    Mode("one step at a time, batches from the host", 1, False),
    Mode("one step at a time, images on the device", 1, True),
    Mode("as runs train: several steps at once", None, True),
)


class Device:
    """What jax finds in a process that may use all there is."""

    def __init__(self) -> None:
        claim(None, None)

    def name(self) -> str:
        """The GPU's; "" if there is none."""
        import jax

        return "" if jax.default_backend() == "cpu" else jax.devices()[0].device_kind

    def close(self) -> None:
        """Nothing to let go of."""


class OneRun:
    """A run of the defaults in this process, paused unless told to go."""

    def __init__(self, mode: Mode, cpu: bool) -> None:
        claim(1 if cpu else None, 0.0 if cpu else None)
        from actors.run import Run  # imports jax, which reads what was claimed

        config = RunConfig()
        chunk = FORCED if cpu and mode.chunk is None else mode.chunk
        open_data = partial(open_dataset, config.dataset, None)
        self._run = Run("run", "run", config, open_data, chunk=chunk, resident=mode.resident)
        self._run.start()
        wait_until(self.step)
        self.halt()

    def step(self) -> int:
        """How many it has done."""
        return self._run.info().step

    def go(self) -> None:
        """Train."""
        self._run.start()

    def halt(self) -> None:
        """Train no more."""
        self._run.pause()

    def at_once(self) -> int:
        """Steps that it trains at once."""
        return self._run.at_once

    def waits(self, calls: int) -> list[float]:
        """Milliseconds from a change of a loss weight until all steps before the one from which it holds are done."""
        waits = []
        for call in range(calls):
            began = time.perf_counter()
            holds_from = self._run.set_lambdas({"commit": 0.25 + 0.01 * (call % 2)}).step
            wait_until(lambda step=holds_from: self.step() >= step - 1, pause=0.0005)
            waits.append(1000 * (time.perf_counter() - began))
            time.sleep(0.02 + 0.0007 * call)  # at any time of a chunk
        return waits

    def memory(self) -> float:
        """MB of the GPU that this process had in use at the most; 0 where jax does not tell."""
        import jax

        return (jax.devices()[0].memory_stats() or {}).get("peak_bytes_in_use", 0) / 2**20

    def close(self) -> None:
        """End."""
        self._run.close()


def measure(mode: Mode, arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """Start as many runs as are measured together at the most, and let the groups take turns."""
    with ExitStack() as stack:
        most = max(arguments.runs)
        runs = [stack.enter_context(closing(Away(OneRun, mode, arguments.cpu))) for _ in range(most)]
        rows = [{"mode": mode.label, "runs": n, "speeds": [], "waits": []} for n in arguments.runs]
        for turn in range(arguments.rounds):
            for row in rows[:: 1 if turn % 2 else -1]:
                row["speeds"].append(sum(together(runs[: row["runs"]], arguments.window)))
        for row in rows:
            group = runs[: row["runs"]]
            for run in group:
                run.call("go")
            time.sleep(0.7)
            row["waits"] = group[0].call("waits", arguments.calls)
            row["at_once"] = group[0].call("at_once")
            for run in group:
                run.call("halt")
            row["memory"] = sum(run.call("memory") for run in group)
    return rows


def line(row: dict[str, Any], *, judged: bool) -> str:
    """A row of the table."""
    wait = quantiles(row["waits"], n=20)[-1]
    verdict = ("MISSED" if wait > GOAL else "reached") if judged else "not judged"
    memory = f"{row['memory']:9.0f}" if row["memory"] else f"{'not told':>9}"
    numbers = f"{row['runs']:5}{median(row['speeds']):10.1f}{row['at_once']:9}{wait:10.1f} ms"
    return f"{row['mode']:<44}{numbers}   ≤ {GOAL:.0f} ms  {verdict:<11}{memory}"


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Steps per second on a GPU, and how long steering waits for them.")
    parser.add_argument("--runs", type=int, nargs="+", default=[1, 2, 4], help="how many at once (default: 1 2 4)")
    parser.add_argument("--rounds", type=int, default=3, help="windows of each group (default: %(default)s)")
    parser.add_argument("--window", type=float, default=3, help="seconds of a window (default: %(default)s)")
    parser.add_argument("--calls", type=int, default=60, help="changes made in each group (default: %(default)s)")
    parser.add_argument("--cpu", action="store_true", help=f"without a GPU, {FORCED} steps at once: tries the script")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep every figure in this file, too")
    arguments = parser.parse_args()
    device = "CPU, which says nothing of a GPU"
    if not arguments.cpu:
        with closing(Away(Device)) as found:
            device = found.call("name")
    if not device:
        sys.stderr.write("jax finds no GPU here: uv sync --extra gpu installs its CUDA build; --cpu tries the script\n")
        return 2
    say(f"on {device}")
    heads = f"{'runs':>5}{'steps/s':>10}{'at once':>9}{'wait, p95':>13}   {'goal':<9} {'verdict':<11}{'MB':>9}"
    say(f"{'':<44}{heads}")
    rows: list[dict[str, Any]] = []
    for mode in MODES:
        found_rows = measure(mode, arguments)
        rows += found_rows
        say("\n".join(line(row, judged=not arguments.cpu) for row in found_rows))
        keep({"device": device, "rows": rows}, arguments.json)
    missed = any(quantiles(row["waits"], n=20)[-1] > GOAL for row in rows)
    return int(missed and not arguments.cpu)


if __name__ == "__main__":
    sys.exit(main())
