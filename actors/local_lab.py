"""LocalLab: runs as threads of this process, without Ray. They share the machine."""

import os
import platform
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from actors.cluster import Cluster, here, this_machine
from actors.lab import NO_PLAN, LabInfo, Plan, RunInfo, new_run_id, refuse_to_remove, run_name
from actors.limits import NO_LIMITS, Limits
from actors.mappings import forget_compiled
from actors.news import Known, News, news_of
from actors.prepared import Preparation
from actors.storage.archive import Archive
from actors.storage.past import PastRun
from explorer.config import Lambdas, RunConfig
from explorer.errors import ExplorerError, UnknownRun
from explorer.messages import Applied, History, Probes, RunState, Snapshot

if TYPE_CHECKING:
    from actors.run import Run

PLACES = 16
"""Runs that train at once: they share the machine."""
ENDED = ("stopped", "lost")
CHECKPOINT_PATIENCE = 10.0
"""Seconds that the end of the process waits for the last checkpoints."""


class LocalLab:
    """A Lab whose runs live in this process; with `runs_dir` each has a folder there, from which it can go on later."""

    def __init__(
        self,
        data_dir: str | Path | None = None,
        runs_dir: str | Path | None = None,
        limits: Limits = NO_LIMITS,
        first: RunConfig | None = None,
    ) -> None:
        """`first` is the config that the first run will probably have: it is prepared as soon as the lab is connected."""
        self._limits = limits
        self._preparation = Preparation(first, data_dir)
        self._archive = None if runs_dir is None else Archive(runs_dir)
        self._lock = threading.Lock()
        self._runs: dict[str, Run] = {}

    def connect(self) -> None:
        """Import what training needs, so that the first run starts sooner. Raises ExplorerError if runs cannot be kept."""
        if self._archive is not None:
            self._archive.prepare()
        import explorer.training.trainer  # noqa: F401  (jax takes a second)

        self._preparation.begin()

    def info(self) -> LabInfo:
        """Always ready."""
        return LabInfo("local", ready=True, message="in this process, without Ray", capacity=self._limits.most(PLACES))

    def start(self, config: RunConfig, name: str | None = None, plan: Plan = NO_PLAN) -> RunInfo:
        """Create a run and let it train as soon as there is room; returns at once."""
        name = run_name(name, config)
        plan = plan.within(self._limits)
        self._limits.refuse_runs(sum(run.info().status not in ENDED for run in list(self._runs.values())))
        run_id = new_run_id(self._runs)
        if self._archive is not None:
            self._archive.create(run_id, config, name, plan)
        run = self._live(run_id, name, config, plan)
        self._fill()
        return self._described(run.info())

    def _live(self, run_id: str, name: str, config: RunConfig, plan: Plan) -> "Run":
        from actors.run import Run  # imports jax, which the page can be shown without
        from actors.storage.keeper import Keeper

        forget_compiled()
        open_data = partial(self._preparation.open_data, config)
        with self._lock:
            home = f"process {os.getpid()} on {platform.node()}"
            keeper = Keeper(self._archive.folder(run_id), home, plan.checkpoint_every) if self._archive else None
            run = self._runs[run_id] = Run(run_id, name, config, open_data, plan, keeper)
        return run

    def runs(self) -> list[RunInfo]:
        """Every run, oldest first: those of the past, then those of this process."""
        self._fill()
        past = self._archive.infos(without=self._runs) if self._archive else []
        return past + [self._described(run.info()) for run in list(self._runs.values())]

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

    def follow(self, known: Mapping[str, Known]) -> dict[str, News]:
        """The same with the curves after the step that is known."""
        told = {run_id: news_of(self._run(run_id), has) for run_id, has in known.items()}
        return {run_id: news for run_id, news in told.items() if news is not None}

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
        run = self._run(run_id)
        if self._archive is not None and run.info().status in ENDED:
            return PastRun(self._archive, run.info()).get_state()
        return run.get_state()

    def set_lambdas(self, run_id: str, lambdas: Lambdas | Mapping[str, float]) -> Applied:
        """Change the loss weights; says from which step they hold."""
        return self._run(run_id).set_lambdas(lambdas)

    def set_live(self, run_id: str, values: Mapping[str, float]) -> Applied:
        """Change live settings; says from which step they hold."""
        return self._run(run_id).set_live(values)

    def cure(self, run_id: str, remedy: str) -> Applied:
        """Treat dead codes once; says before which step that is done."""
        return self._run(run_id).cure(remedy)

    def pause(self, run_id: str) -> RunInfo:
        """Stop after the step in progress."""
        run = self._run(run_id)
        run.pause()
        return run.info()

    def resume(self, run_id: str) -> RunInfo:
        """Train on."""
        run = self._run(run_id)
        info = run.info()
        if self._archive is not None and info.status in ENDED:
            return self._revive(info, self._archive)
        if isinstance(run, PastRun):
            raise ExplorerError(f"{info.name} ({run_id}) {info.reason}: steer it there")
        run.start()
        return run.info()

    def _revive(self, info: RunInfo, archive: Archive) -> RunInfo:
        archive.let_train_on(info)
        folder = archive.folder(info.run_id)
        manifest = folder.manifest()
        plan = replace(manifest.plan, origin=folder.origin(manifest))
        run = self._live(info.run_id, info.name, manifest.config, plan)
        self._fill()
        return self._described(run.info())

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
        info = self._run(run_id).info()
        refuse_to_remove(info)
        with self._lock:
            self._runs.pop(run_id, None)
        if self._archive is not None:
            self._archive.remove(info)

    def allow(self, steps: Mapping[str, int], lease: float) -> None:
        """For `lease` seconds let no run named train beyond its step."""
        for run_id, step in steps.items():
            if run_id in self._runs:
                self._runs[run_id].allow(step, lease)

    def cluster(self) -> Cluster:
        """One machine; all runs share its process."""
        living = [run.info() for run in list(self._runs.values())]
        on = [info.run_id for info in living if info.status not in (*ENDED, "pending")]
        machine = this_machine(sum(info.status == "running" for info in living))
        return Cluster((machine,), dict.fromkeys(on, here(machine.name)))

    def close(self) -> None:
        """End every run, all at once; those that have a folder can be resumed later."""
        runs = list(self._runs.values())
        patience = 1.0 if self._archive is None else CHECKPOINT_PATIENCE
        with ThreadPoolExecutor(max_workers=max(len(runs), 1)) as pool:
            list(pool.map(lambda run: run.close(patience, "interrupted"), runs))

    def _run(self, run_id: str) -> "Run | PastRun":
        run = self._runs.get(run_id) if isinstance(run_id, str) else None
        if run is not None:
            return run
        past = self._archive.infos() if self._archive else []
        for info in past:
            if info.run_id == run_id:
                assert self._archive is not None
                return PastRun(self._archive, info)
        raise UnknownRun(run_id, [*self._runs, *(info.run_id for info in past)])
