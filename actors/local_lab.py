"""LocalLab: runs as threads of this process, without Ray. They share the machine."""

import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from actors.lab import NO_PLAN, LabInfo, Plan, RunInfo, new_run_id, refuse_to_remove, run_name
from explorer.config import Lambdas, RunConfig
from explorer.data import open_dataset
from explorer.errors import UnknownRun
from explorer.messages import Applied, History, Probes, RunState, Snapshot

if TYPE_CHECKING:
    from actors.run import Run

PLACES = 16
"""Runs that train at once: they share the machine."""


class LocalLab:
    """A Lab whose runs live in this process and end with it."""

    def __init__(self, data_dir: str | Path | None = None) -> None:
        self._data_dir = data_dir
        self._lock = threading.Lock()
        self._runs: dict[str, Run] = {}

    def connect(self) -> None:
        """Import what training needs, so that the first run starts sooner."""
        import explorer.training.trainer  # noqa: F401  (jax takes a second)

    def info(self) -> LabInfo:
        """Always ready."""
        return LabInfo("local", ready=True, message="in this process, without Ray", capacity=PLACES)

    def start(self, config: RunConfig, name: str | None = None, plan: Plan = NO_PLAN) -> RunInfo:
        """Create a run and let it train as soon as there is room; returns at once."""
        from actors.run import Run  # imports jax, which the page can be shown without

        open_data = partial(open_dataset, config.dataset, self._data_dir)
        with self._lock:
            run = Run(new_run_id(self._runs), run_name(name, config), config, open_data, plan)
            self._runs[run.run_id] = run
        self._fill()
        return self._described(run.info())

    def runs(self) -> list[RunInfo]:
        """Every run, oldest first."""
        self._fill()
        return [self._described(run.info()) for run in list(self._runs.values())]

    def _fill(self) -> None:
        """Let those who wait train, in the order of their start, as far as there are places."""
        with self._lock:
            infos = {run: run.info() for run in self._runs.values()}
            free = PLACES - sum(info.status in ("compiling", "running") for info in infos.values())
            waiting = [run for run, info in infos.items() if info.status == "pending"]
            for run in waiting[: max(free, 0)]:
                run.start()

    @staticmethod
    def _described(info: RunInfo) -> RunInfo:
        if info.status != "pending":
            return info
        return replace(info, reason=f"queued: {PLACES} runs train already in this process")

    def poll(self, since: Mapping[str, int | None]) -> dict[str, Snapshot]:
        """The newest snapshot of each run named, where there is one newer than the version given."""
        snapshots = {run_id: self._run(run_id).get_snapshot(version) for run_id, version in since.items()}
        return {run_id: snapshot for run_id, snapshot in snapshots.items() if snapshot is not None}

    def get_snapshot(self, run_id: str) -> Snapshot:
        """The newest snapshot."""
        snapshot = self._run(run_id).get_snapshot()
        assert snapshot is not None
        return snapshot

    def get_history(self, run_id: str, since: int = 0) -> History:
        """Curves and events after step `since`."""
        return self._run(run_id).get_history(since)

    def get_probes(self, run_id: str) -> Probes:
        """The run seen through the probe over its life."""
        return self._run(run_id).get_probes()

    def get_state(self, run_id: str) -> RunState:
        """All that a fork carries on from."""
        return self._run(run_id).get_state()

    def set_lambdas(self, run_id: str, lambdas: Lambdas | Mapping[str, float]) -> Applied:
        """Change the loss weights; says from which step they hold."""
        return self._run(run_id).set_lambdas(lambdas)

    def set_learning_rate(self, run_id: str, learning_rate: float) -> Applied:
        """Change the learning rate; says from which step it holds."""
        return self._run(run_id).set_learning_rate(learning_rate)

    def pause(self, run_id: str) -> RunInfo:
        """Stop after the step in progress."""
        run = self._run(run_id)
        run.pause()
        return run.info()

    def resume(self, run_id: str) -> RunInfo:
        """Train on."""
        run = self._run(run_id)
        run.start()
        return run.info()

    def step(self, run_id: str, n: int = 1) -> RunInfo:
        """Train exactly `n` steps, then be paused."""
        run = self._run(run_id)
        run.step(n)
        return run.info()

    def reset(self, run_id: str) -> RunInfo:
        """Back to step 0 with the same seed."""
        run = self._run(run_id)
        run.reset()
        return run.info()

    def stop(self, run_id: str) -> RunInfo:
        """End the run; its last snapshot and curves stay readable."""
        run = self._run(run_id)
        run.close()
        return run.info()

    def describe(self, run_id: str, **values: object) -> RunInfo:
        """Change what is written on the run's card."""
        run = self._run(run_id)
        run.describe(values)
        return run.info()

    def remove(self, run_id: str) -> None:
        """Forget a run that has ended."""
        refuse_to_remove(self._run(run_id).info())
        with self._lock:
            del self._runs[run_id]

    def allow(self, steps: Mapping[str, int], lease: float) -> None:
        """For `lease` seconds let no run named train beyond its step."""
        for run_id, step in steps.items():
            if run_id in self._runs:
                self._runs[run_id].allow(step, lease)

    def close(self) -> None:
        """End every run, all at once."""
        runs = list(self._runs.values())
        with ThreadPoolExecutor(max_workers=max(len(runs), 1)) as pool:
            list(pool.map(lambda run: run.close(timeout=1.0), runs))

    def _run(self, run_id: str) -> "Run":
        run = self._runs.get(run_id) if isinstance(run_id, str) else None
        if run is None:
            raise UnknownRun(run_id, self._runs)
        return run
