"""What many viewers of many runs cost: 8 runs of one comparison on a Ray of their own, 20 pages polling at 2 Hz.

    python benchmarks/comparing.py [--runs 8] [--viewers 20] [--minutes 10] [--json FILE]

The viewers are threads of this process that ask as the Compare tab does, on the machine that trains: what they cost here
they would cost elsewhere. Steps are counted in turn with and without viewers. Exits with 1 if a goal is missed.
"""

import argparse
import base64
import gzip
import http.client
import json
import os
import sys
import tempfile
import threading
import time
from pathlib import Path
from statistics import median, quantiles
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import psutil
from reporting import keep
from served import Command
from workers import wait_until

SLOWEST_TICK = 1.0
"""Seconds that no answer may take."""
STEPS_KEPT = 0.90
"""Share of the steps that the runs keep when they are watched."""
BYTES_A_RUN = 8192
"""Bytes, gzipped, of a run's part of an answer."""
GROWTH = 1.05
"""Largest growth of the server's memory from the first third of the time to the last."""
INTERVAL = 0.5


class Viewer:
    """A page that compares: asks for what is newer than what it has, and remembers that it has it."""

    def __init__(self, url: str, component: int, runs: list[str]) -> None:
        place = urlsplit(url)
        self._connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=30)
        self._component = component
        self._known: dict[str, dict[str, Any]] = {run_id: {} for run_id in runs}
        self._listed = ""
        self.seconds: list[float] = []
        self.bytes: list[float] = []

    def ask(self) -> None:
        """One poll."""
        question = {"listed": self._listed, "runs": self._known, "divergence": None}
        body = json.dumps(
            {"data": question, "component_id": self._component, "fn_name": "poll_many", "session_hash": "benchmark"}
        )
        began = time.perf_counter()
        self._connection.request("POST", "/gradio_api/component_server", body, {"Content-Type": "application/json"})
        packed = self._connection.getresponse().read()
        self.seconds.append(time.perf_counter() - began)
        answer = json.loads(gzip.decompress(packed))
        self._listed = answer.get("listed", self._listed)
        news = answer.get("runs", {})
        if news and not any("fixed" in part for part in news.values()):
            self.bytes.append(len(packed) / len(news))
        for run_id, part in news.items():
            self._take(self._known[run_id], part)

    @staticmethod
    def _take(known: dict[str, Any], part: dict[str, Any]) -> None:
        if "snapshot" in part:
            known["version"] = part["snapshot"]["version"]
        if "fixed" in part:
            known["fixed"] = True
        if "history" in part:
            history = part["history"]
            steps = np.frombuffer(base64.b64decode(history["steps"]), "<i4")
            last = int(steps[-1]) if len(steps) else known.get("history", {}).get("step", 0)
            known["history"] = {"generation": history["generation"], "stride": history["stride"], "step": last}
        if "probe" in part:
            count = len(base64.b64decode(part["probe"]["steps"])) // 4
            known["probe"] = {"generation": part["probe"]["generation"], "count": count}


class Audience:
    """Viewers that come and go together."""

    def __init__(self, viewers: list[Viewer]) -> None:
        self._watching = threading.Event()
        self._ended = threading.Event()
        offsets = [INTERVAL * i / len(viewers) for i in range(len(viewers))]
        self._threads = [threading.Thread(target=self._live, args=pair) for pair in zip(viewers, offsets, strict=True)]
        for thread in self._threads:
            thread.start()

    def watch(self, on: bool) -> None:
        """Ask at 2 Hz each, or be silent."""
        if on:
            self._watching.set()
        else:
            self._watching.clear()

    def leave(self) -> None:
        """End, each after its last answer."""
        self._ended.set()
        self._watching.set()
        for thread in self._threads:
            thread.join()

    def _live(self, viewer: Viewer, offset: float) -> None:
        time.sleep(offset)
        while not self._ended.is_set():
            self._watching.wait()
            began = time.perf_counter()
            if not self._ended.is_set():
                viewer.ask()
            time.sleep(max(INTERVAL - (time.perf_counter() - began), 0.0))


def component_of(url: str) -> int:
    """The number that Gradio gave the Compare tab's view."""
    place = urlsplit(url)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=30)
    connection.request("GET", "/config")
    config = json.loads(connection.getresponse().read())
    return next(c["id"] for c in config["components"] if c["props"].get("elem_id") == "compare")


def measure(arguments: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Start everything, watch and look away in turn, and say what that cost."""
    share = (os.cpu_count() or 1) / arguments.runs
    with Command(["--cpus-per-run", f"{share:g}"], dict(os.environ), folder / "page.log") as command:
        client = command.client
        axes = {"seed": list(range(arguments.runs))}
        started = wait_until(lambda: command.accepted(axes, {}, api_name="/start_comparison"), pause=0.5)
        runs = [run["run_id"] for run in started["runs"]]

        def steps() -> int:
            return sum(run["step"] for run in client.predict(api_name="/list_runs"))

        wait_until(lambda: min(run["step"] for run in client.predict(api_name="/list_runs")) > 20, pause=0.5)
        component = component_of(command.url)
        viewers = [Viewer(command.url, component, runs) for _ in range(arguments.viewers)]
        audience = Audience(viewers)
        server = psutil.Process(command.pid)
        ratios, memory = [], []
        ends = time.monotonic() + 60 * arguments.minutes
        while time.monotonic() < ends:
            speeds = {}
            for watched in (False, True):
                audience.watch(watched)
                time.sleep(2)
                first, began = steps(), time.perf_counter()
                time.sleep(arguments.window)
                speeds[watched] = (steps() - first) / (time.perf_counter() - began)
                memory.append(server.memory_info().rss / 2**20)
            ratios.append(speeds[True] / speeds[False])
            sys.stdout.write(f"{speeds[False]:.1f} steps/s, watched {speeds[True]:.1f}; server {memory[-1]:.0f} MB\n")
            sys.stdout.flush()
        audience.leave()
    third = max(len(memory) // 3, 1)
    return {
        "runs": arguments.runs,
        "viewers": arguments.viewers,
        "minutes": arguments.minutes,
        "ratios": ratios,
        "ticks": len([s for viewer in viewers for s in viewer.seconds]),
        "slowest": max(s for viewer in viewers for s in viewer.seconds),
        "p95": quantiles([s for viewer in viewers for s in viewer.seconds], n=20)[-1],
        "bytes": median(b for viewer in viewers for b in viewer.bytes),
        "memory": [median(memory[:third]), median(memory[-third:])],
    }


def report(found: dict[str, Any]) -> bool:
    """Print a line for each goal; whether one is missed."""
    kept = median(found["ratios"])
    begun, ended = found["memory"]
    rows = [
        (
            "slowest answer",
            f"{found['slowest']:.2f} s (p95 {1000 * found['p95']:.0f} ms)",
            "≤ 1 s",
            found["slowest"] <= SLOWEST_TICK,
        ),
        ("steps kept when watched", f"{kept:.1%}", f"≥ {STEPS_KEPT:.0%}", kept >= STEPS_KEPT),
        ("bytes a run in an answer", f"{found['bytes']:.0f}", f"≤ {BYTES_A_RUN}", found["bytes"] <= BYTES_A_RUN),
        ("server memory, first to last third", f"{begun:.0f} to {ended:.0f} MB", "flat", ended <= GROWTH * begun),
    ]
    for name, value, goal, reached in rows:
        sys.stdout.write(f"{name:<36}{value:>28}{goal:>12}  {'reached' if reached else 'MISSED'}\n")
    return not all(reached for *_, reached in rows)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="What many viewers of many runs cost.")
    parser.add_argument("--runs", type=int, default=8, help="runs of the comparison (default: %(default)s)")
    parser.add_argument("--viewers", type=int, default=20, help="pages that watch (default: %(default)s)")
    parser.add_argument("--minutes", type=float, default=10, help="for how long (default: %(default)s)")
    parser.add_argument(
        "--window", type=float, default=12, help="seconds with and without viewers (default: %(default)s)"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep every figure in this file, too")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="comparing-") as folder:
        found = measure(arguments, Path(folder))
    missed = report(found)
    keep(found, arguments.json)
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
