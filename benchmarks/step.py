"""How fast a training step is: this project's beside PyTorch's, plain Flax's, and what the machine's matrix product allows.

    python benchmarks/step.py [--torch-python PYTHON] [--rounds 9] [--window 0.7] [--threads 2 1] [--json FILE]

Each contender is a process of its own (benchmarks/peers) that trains when it is told to, one at a time. Each window of a peer
has one of ours right before it and one right after it, because a machine's speed changes within seconds; a ratio is the
median over these. Exits with 1 if a goal is missed, with 3 if a peer could not be measured and no goal is missed.
"""

import argparse
import json
import os
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from importlib.util import find_spec
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import reporting
from reporting import keep, say

PEERS = Path(__file__).parent / "peers"
GET_TORCH = (
    "not measured: python -m venv DIR && DIR/bin/pip install torch==2.13.0 numpy, then --torch-python DIR/bin/python"
)
OVER_TORCH = {1: 1.25}
"""How many times as fast as the better PyTorch, by threads."""
OVER_TORCH_MORE = 1.5
"""The same with more threads than that."""
OVER_FLAX = 3.0
OF_FLOOR = 0.5


class Peer:
    """A process that trains when it is told to."""

    def __init__(self, python: str, script: str, *arguments: object) -> None:
        command = [python, str(PEERS / script), *map(str, arguments)]
        environment = {**os.environ, "PYTHONPATH": str(PEERS.parent.parent), "PYTHONWARNINGS": "ignore"}
        self._process = subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def ready(self) -> dict[str, Any]:
        """What it says once it is warm. Raises RuntimeError if it ended instead."""
        return self._answer()

    def window(self, seconds: float) -> "Window":
        """Let it train."""
        assert self._process.stdin
        self._process.stdin.write(f"{seconds}\n")
        self._process.stdin.flush()
        answer = self._answer()
        return Window(answer["steps"] / answer["seconds"], 1000 * answer["cpu"] / answer["steps"])

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout
        assert self._process.stderr
        for line in self._process.stdout:
            if line.startswith("{"):
                return json.loads(line)
        raise RuntimeError(self._process.stderr.read().strip().splitlines()[-1])


@dataclass(frozen=True, slots=True)
class Window:
    """Steps a second, and milliseconds of processor time (all threads) a step."""

    per_second: float
    cpu: float


@dataclass(slots=True)
class Row:
    """A line of the table: how fast something is, and how many times as fast ours is beside it."""

    label: str
    goal: float | None = None
    share: bool = False
    windows: list[Window] = field(default_factory=list)
    ratios: list[float] = field(default_factory=list)
    missing: str = ""

    @property
    def missed(self) -> bool:
        """Whether there is a goal and it is not reached."""
        return self.goal is not None and bool(self.ratios) and median(self.ratios) < self.goal

    def line(self) -> str:
        """Say it."""
        if self.missing:
            return f"{self.label:<44}{self.missing}"
        speed, cpu = median(w.per_second for w in self.windows), median(w.cpu for w in self.windows)
        text = f"{self.label:<44}{speed:9.1f}{cpu:9.1f}"
        if not self.ratios:
            return text
        low, _, high = quantiles(self.ratios, n=4)
        shown = [self._share(ratio) for ratio in (median(self.ratios), low, high)]
        text += f"{shown[0]:>8}  ({shown[1]} to {shown[2]})".ljust(28)
        brief = self.brief()
        return f"{text}{brief.goal:>8}  {brief.verdict}".rstrip()

    def brief(self, prefix: str = "") -> reporting.Row:
        """What it comes to: its ratio if it has one, else its speed."""
        figure = "not measured"
        if self.windows:
            figure = f"{median(w.per_second for w in self.windows):.1f} steps/s"
        if self.ratios:
            figure = self._share(median(self.ratios))
        goal = "" if self.goal is None else f"≥ {self._share(self.goal)}"
        return reporting.Row(f"{prefix}{self.label}", figure, goal, self.missed or bool(self.missing))

    def _share(self, ratio: float) -> str:
        return f"{ratio:.0%}" if self.share else f"{ratio:.2f}×"


def measure(threads: int, arguments: argparse.Namespace) -> list[Row]:
    """Start everything with so many threads, and measure it in turn."""
    ours = Row(f"ours, {_in_words(threads)}")
    over_torch = OVER_TORCH.get(threads, OVER_TORCH_MORE)
    rows = {
        "eager": Row("PyTorch, channels last, eager", over_torch),
        "compiled": Row("PyTorch, channels last, torch.compile", over_torch),
        "flax": Row("Flax, nothing tuned", OVER_FLAX),
        "floor": Row("floor: a step's operations as one product", OF_FLOOR, share=True),
    }
    with ExitStack() as stack:

        def start(python: str, script: str, *more: str) -> Peer:
            peer = Peer(python, script, threads, *more)
            stack.callback(peer.close)
            return peer

        mine = start(sys.executable, "ours.py")
        peers = {"flax": start(sys.executable, "plain_flax.py"), "floor": start(sys.executable, "product.py")}
        torch_python = arguments.torch_python or (sys.executable if find_spec("torch") else "")
        for kind in ("eager", "compiled"):
            if torch_python:
                peers[kind] = start(torch_python, "torch_step.py", kind)
            else:
                rows[kind].missing = GET_TORCH
        mine.ready()
        told: dict[str, dict[str, Any]] = {}
        for name, peer in list(peers.items()):
            try:
                told[name] = peer.ready()
            except RuntimeError as problem:
                rows[name].missing = f"not measured: {problem}"
                del peers[name]
        # A product is so many steps' worth of operations: its windows are told in steps.
        scale = {"floor": told["floor"]["gflop"] / told["flax"]["gflop"]}
        for _ in range(arguments.rounds):
            before = mine.window(arguments.window)
            for name, peer in peers.items():
                found = peer.window(arguments.window)
                found = Window(found.per_second * scale.get(name, 1.0), found.cpu / scale.get(name, 1.0))
                after = mine.window(arguments.window)
                rows[name].windows.append(found)
                rows[name].ratios.append((before.per_second + after.per_second) / 2 / found.per_second)
                ours.windows += [before]
                before = after
    return [ours, *rows.values()]


def _in_words(threads: int) -> str:
    return f"{threads} thread{'s'[: threads != 1]}"


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Compare the training step with its peers and with the machine.")
    parser.add_argument("--torch-python", help="an interpreter that has torch (default: this one, if it has)")
    parser.add_argument("--rounds", type=int, default=9, help="windows of each peer (default: %(default)s)")
    parser.add_argument("--window", type=float, default=0.7, help="seconds of a window (default: %(default)s)")
    parser.add_argument("--threads", type=int, nargs="+", default=[2, 1], help="how many (default: 2 1)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep every figure in this file, too")
    arguments = parser.parse_args()
    found: list[Row] = []
    brief: list[reporting.Row] = []
    for threads in arguments.threads:
        say(f"starting everything with {_in_words(threads)}")
        rows = measure(threads, arguments)
        found += rows
        say(f"{'':<44}{'steps/s':>9}{'CPU ms':>9}{'ours is':>8}  {'(middle half)':<18}{'goal':>8}  verdict")
        say("\n".join([*(row.line() for row in rows), ""]))
        brief += [
            row.brief(f"the step, {_in_words(threads)}, beside " if row is not rows[0] else "the step: ")
            for row in rows
        ]
    keep({"cpus": os.cpu_count(), "rows": [asdict(row) for row in found], "table": brief}, arguments.json)
    if any(row.missed for row in found):
        return 1
    return 3 if any(row.missing for row in found) else 0


if __name__ == "__main__":
    sys.exit(main())
