"""What runs take: memory of each further run's process, the data set's share of it, and whether a long run grows.

    python benchmarks/memory.py [--runs 4] [--steps 100000] [--json FILE]

Resident memory counts shared pages in every process, proportional (PSS) shares them out, unique (USS) leaves them out. What
Ray itself takes is the resident memory of an actor that does nothing, on a Ray started like the page's. The long run has a
batch of 8, so that it ends within minutes; what grows with steps does not depend on the batch. Exits with 1 if a goal is
missed.
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import psutil
from reporting import Row, conclude
from served import Command
from workers import Away, wait_until

from actors.devices import claim
from explorer.config import RunConfig

MOST = 450.0
"""MB resident that a further run may take beyond what Ray itself does."""
GROWTH = 1.03
"""Largest growth from a tenth of the steps to the last."""
MB = 2**20


def of_runs(count: int, folder: Path) -> list[dict[str, float]]:
    """Memory (MB) of each run's process once all have trained and were looked at, under Ray."""
    with Command(["--cpus-per-run", f"{(os.cpu_count() or 1) / count:g}"], dict(os.environ), folder / "log") as command:
        client = command.client
        for seed in range(count):
            wait_until(lambda seed=seed: command.accepted({"seed": seed}, "", api_name="/start_run"), pause=0.2)
        ids = [run["run_id"] for run in client.predict(api_name="/list_runs")]
        wait_until(lambda: min(run["step"] for run in client.predict(api_name="/list_runs")) > 200, pause=0.5)
        for run_id in ids:
            client.predict(run_id, api_name="/get_snapshot")
        time.sleep(3)
        below = psutil.Process(command.pid).children(recursive=True)
        return [_memory(p) for p in below if (p.cmdline() or [""])[0].startswith("ray::RunActor")]


def _memory(process: psutil.Process) -> dict[str, float]:
    full = process.memory_full_info()
    maps = process.memory_maps()
    data = [entry for entry in maps if entry.path.endswith(".npy")]
    return {
        "resident": full.rss / MB,
        "proportional": full.pss / MB,
        "unique": full.uss / MB,
        "data, resident": sum(entry.rss for entry in data) / MB,
        "data, proportional": sum(entry.pss for entry in data) / MB,
        "data, private": sum(entry.private_dirty for entry in data) / MB,
    }


class Idle:
    """A Ray of its own, and an actor on it that does nothing."""

    def __init__(self) -> None:
        from actors import ray_start
        from actors.ray_later import ray

        class Nothing:  # here, so that it goes to the actor's process by value
            def process(self) -> int:
                return os.getpid()

        ray_start.start(1)
        self._actor = ray.remote(Nothing).remote()
        self._ray = ray

    def resident(self) -> float:
        """MB that the actor's process takes."""
        return psutil.Process(self._ray.get(self._actor.process.remote())).memory_info().rss / MB

    def close(self) -> None:
        """End."""
        self._ray.shutdown()


class LongRun:
    """A run with a small batch in this process, looked at twice a second."""

    def __init__(self) -> None:
        claim(1, 0.0)
        from actors.local_lab import LocalLab  # imports jax, which reads what was claimed

        self._lab = LocalLab()
        self._lab.connect()
        self._run_id = self._lab.start(RunConfig(batch_size=8)).run_id
        self._process = psutil.Process()

    def look(self) -> tuple[int, float]:
        """Steps done, and MB that are this process's own."""
        self._lab.get_snapshot(self._run_id)
        self._lab.get_history(self._run_id)
        return self._lab.runs()[0].step, self._process.memory_full_info().uss / MB

    def close(self) -> None:
        """End."""
        self._lab.close()


def of_a_long_run(steps: int) -> list[tuple[int, float]]:
    """Steps and MB at every twentieth of `steps`."""
    run, found = Away(LongRun), []
    while not found or found[-1][0] < steps:
        step, memory = run.call("look")
        if step >= len(found) * steps / 20:
            found.append((step, memory))
        time.sleep(0.5)
    run.close()
    return found


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Memory of runs.")
    parser.add_argument("--runs", type=int, default=4, help="runs at once (default: %(default)s)")
    parser.add_argument("--steps", type=int, default=100_000, help="of the long run, 0: none (default: %(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep every figure in this file, too")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="memory-") as folder:
        runs = of_runs(arguments.runs, Path(folder))
    idle = Away(Idle)
    bare = idle.call("resident")
    idle.close()
    rows = [Row("an actor that does nothing: resident", f"{bare:.0f} MB")]
    for run in runs:
        run["resident, beyond such an actor"] = run["resident"] - bare
    for name in runs[0]:
        figures = [run[name] for run in runs]
        figure = f"{median(figures):.0f} MB ({min(figures):.0f} to {max(figures):.0f})"
        judged = name == "resident, beyond such an actor"
        rows.append(
            Row(f"a run: {name}", figure, f"≤ {MOST:g} MB" if judged else "", judged and median(figures) > MOST)
        )
    held = sum(run["data, proportional"] for run in runs)
    several = held > 1.05 * max(run["data, resident"] for run in runs)
    rows.append(Row("the data, all runs together", f"{held:.0f} MB", "once a machine", several))
    grown = of_a_long_run(arguments.steps) if arguments.steps else []
    if grown:
        early = next(memory for step, memory in grown if step >= arguments.steps / 10)
        words = f"{early:.0f} MB at a tenth, {grown[-1][1]:.0f} MB after {grown[-1][0]:,} steps"
        rows.append(Row("a long run", words, f"≤ {GROWTH - 1:.0%} more", grown[-1][1] > GROWTH * early))
    return conclude({"runs": runs, "long": grown}, rows, arguments.json)


if __name__ == "__main__":
    sys.exit(main())
