"""LocalLab: runs as threads of this process, without Ray. They share the machine."""

import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from actors.lab import LabInfo, RunInfo, new_run_id, run_name
from explorer.config import Lambdas, RunConfig
from explorer.data import open_dataset
from explorer.errors import UnknownRun
from explorer.messages import Applied, History, Snapshot

if TYPE_CHECKING:
    from actors.run import Run


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
        return LabInfo("local", ready=True, message="in this process, without Ray")

    def start(self, config: RunConfig, name: str | None = None) -> RunInfo:
        """Create a run and let it train; returns at once."""
        from actors.run import Run  # imports jax, which the page can be shown without

        open_data = partial(open_dataset, config.dataset, self._data_dir)
        with self._lock:
            run = Run(new_run_id(self._runs), run_name(name, config), config, open_data)
            self._runs[run.run_id] = run
        run.start()
        return run.info()

    def runs(self) -> list[RunInfo]:
        """Every run, oldest first."""
        return [run.info() for run in list(self._runs.values())]

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
