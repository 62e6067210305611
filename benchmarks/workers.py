"""What `throughput.py` compares, each in a process of its own: the bare training step, and a run in a lab.

This module imports neither jax nor ray: what they read from the environment is set in the process that needs them.
"""

import os
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import psutil

from actors.devices import claim
from actors.lab import Lab
from explorer.config import RunConfig
from explorer.data import open_dataset

SETTLE = 0.7
"""Seconds that a run trains before its steps are counted."""
WARM = 3.0
"""Seconds that the bare step trains once before anything is compared with it: a process is slower right after it compiled."""
PATIENCE = 120.0
"""Seconds after which something that was waited for counts as failed."""


def wait_until(happened: Callable[[], Any], pause: float = 0.02) -> Any:
    """What `happened` answers once that is true. Raises TimeoutError."""
    deadline = time.perf_counter() + PATIENCE
    while not (answer := happened()):
        if time.perf_counter() > deadline:
            raise TimeoutError(f"nothing happened for {PATIENCE:g} s")
        time.sleep(pause)
    return answer


class Speed(NamedTuple):
    """Steps per second, and the processor time (ms, all threads) that the process that trains spent on each step.

    Processor time hardly depends on what else the machine does; what other processes do for a watcher is not in it.
    """

    per_second: float
    cpu: float


def speed(pid: int, step: Callable[[], int], seconds: float) -> Speed:
    """Speed between two ends of a step about `seconds` apart, so that no part of a step is lost.

    The process that trains is `pid`, or the actor of a run below it.
    """
    below = psutil.Process(pid).children(recursive=True)
    trains = next((process for process in below if _name(process) == "ray::RunActor"), psutil.Process(pid))
    first, began = _end_of_step(step)
    spent = _processor_time(trains)
    time.sleep(seconds)
    last, ended = _end_of_step(step)
    spent = _processor_time(trains) - spent
    return Speed((last - first) / (ended - began), 1000 * spent / (last - first))


def _processor_time(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def _end_of_step(step: Callable[[], int]) -> tuple[int, float]:
    seen = step()
    now = wait_until(lambda: (number := step()) != seen and number, pause=0.002)
    return now, time.perf_counter()


class BareStep:
    """The training step in a plain loop: no thread, no curves, nobody watching."""

    def __init__(self, threads: int | None) -> None:
        claim(threads, 0.0)
        from explorer.training.trainer import Trainer  # imports jax, which reads what was claimed

        self._config = RunConfig()
        self._trainer = Trainer(self._config, open_dataset(self._config.dataset))
        self._trainer.warm_up()
        self._train(WARM)

    def window(self, seconds: float) -> Speed:
        """How fast it trains."""
        self._train(SETTLE)
        return self._train(seconds)

    def _train(self, seconds: float) -> Speed:
        began, spent, first = time.perf_counter(), time.process_time(), self._trainer.steps
        while (passed := time.perf_counter() - began) < seconds:
            self._trainer.step(self._config)
        steps = self._trainer.steps - first
        return Speed(steps / passed, 1000 * (time.process_time() - spent) / steps)

    def close(self) -> None:
        """Nothing to let go of."""


class RunInLab:
    """One run of the defaults, in LocalLab or, with one CPU, in RayLab; paused unless it is measured."""

    def __init__(self, kind: str) -> None:
        self._lab: Lab = _make_lab(kind)
        self._lab.connect()
        self._run_id = self._lab.start(RunConfig()).run_id
        wait_until(self._step)
        self._lab.pause(self._run_id)
        self._bare: BareStep | None = None

    def bare_window(self, seconds: float) -> Speed:
        """How fast the bare step is in the very same process, where the runs are: each process has its own memory layout."""
        self._bare = self._bare or BareStep(None)
        return self._bare.window(seconds)

    def window(self, seconds: float) -> Speed:
        """How fast it trains when nobody looks."""
        self._lab.resume(self._run_id)
        speed(os.getpid(), self._step, SETTLE)
        measured = speed(os.getpid(), self._step, seconds)
        self._lab.pause(self._run_id)
        return measured

    def round_trips(self, calls: int) -> dict[str, list[float]]:
        """Milliseconds that each of `calls` calls took while the run trains, by the name of the method."""
        self._lab.resume(self._run_id)
        speed(os.getpid(), self._step, SETTLE)
        times: dict[str, list[float]] = {"set_lambdas": [], "get_snapshot": []}
        for call in range(calls):
            weights = {"commit": 0.25 + 0.01 * (call % 2)}
            times["set_lambdas"].append(_milliseconds(lambda w=weights: self._lab.set_lambdas(self._run_id, w)))
            time.sleep(0.03)
            times["get_snapshot"].append(_milliseconds(lambda: self._lab.get_snapshot(self._run_id)))
            time.sleep(0.03)
        self._lab.pause(self._run_id)
        return times

    def close(self) -> None:
        """End the run and the lab."""
        self._lab.stop(self._run_id)
        self._lab.close()

    def _step(self) -> int:
        return self._lab.runs()[0].step


def _make_lab(kind: str) -> Lab:
    if kind == "local":
        claim(None, 0.0)
        from actors.local_lab import LocalLab

        return LocalLab()
    from actors.ray_lab import RayLab

    return RayLab(cpus_per_run=1, gpu="off")


def _milliseconds(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return 1000 * (time.perf_counter() - began)


class Away:
    """An object that lives in a process of its own; its methods are called by name."""

    def __init__(self, make: Callable[..., Any], *arguments: Any) -> None:
        self._pool = ProcessPoolExecutor(1, get_context("spawn"), _hold, (make, arguments))

    def call(self, method: str, *arguments: Any) -> Any:
        """What the method returns. Raises what it raises."""
        return self._pool.submit(_call, method, arguments).result(PATIENCE)

    def begin(self) -> Future[int]:
        """Start its process now, which is done when this has a result, and not at the first call."""
        return self._pool.submit(int)

    def close(self) -> None:
        """Close the object and end its process."""
        self.call("close")
        self._pool.shutdown()


def begin_all(objects: Iterable[Away]) -> None:
    """Start their processes beside each other."""
    for begun in [each.begin() for each in objects]:
        begun.result(PATIENCE)


_held: list[Any] = []


def _hold(make: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    _held.append(make(*arguments))


def _call(method: str, arguments: tuple[Any, ...]) -> Any:
    return getattr(_held[0], method)(*arguments)


def peak_memory(pid: int) -> list[tuple[str, float]]:
    """Name and peak resident MB of a process and all below it, largest first; Linux keeps the peak itself."""
    root = psutil.Process(pid)
    peaks = []
    for process in [root, *root.children(recursive=True)]:
        try:
            status = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
            peak = next((int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM")), 0.0)
            peaks.append((_name(process), peak or process.memory_info().rss / 2**20))
        except (psutil.Error, OSError):  # it ended meanwhile
            continue
    return sorted(peaks, key=lambda item: -item[1])


def _name(process: psutil.Process) -> str:
    command = process.cmdline() or [process.name()]
    if command[0].startswith("ray::"):
        return command[0].split()[0].split(".")[0]
    kind = next((word.removeprefix("--type=") for word in command if word.startswith("--type=")), "")
    script = next((Path(word).name for word in command[1:3] if "/" in word and not word.startswith("-")), "")
    plain = Path(command[0].split()[0]).name
    return f"{plain} {kind or (script if plain.startswith('python') else '')}".strip()
