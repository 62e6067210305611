"""The Lab: whatever holds runs. One protocol, so that the page never knows whether a run is a thread or a Ray actor."""

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from explorer.config import Lambdas, RunConfig, check_name
from explorer.messages import Applied, History, Snapshot, Status


@dataclass(frozen=True, slots=True)
class RunInfo:
    """A run in a list of runs; `lambdas` and `learning_rate` are those that hold now, `config` has those of the start."""

    run_id: str
    name: str
    status: Status
    reason: str
    step: int
    config: RunConfig
    lambdas: Lambdas
    learning_rate: float
    parent: str | None = None


@dataclass(frozen=True, slots=True)
class LabInfo:
    """What the page says about the lab itself: `ready`, or a sentence about what it is waiting for."""

    kind: str
    ready: bool
    message: str
    data_source: str = ""


class Lab(Protocol):
    """Verbs raise UnknownRun for an id that no run has, and other ExplorerErrors in words."""

    def connect(self) -> None:
        """Make the lab ready; called once, in the main thread. Raises LabUnavailable or NoCapacity."""
        ...

    def info(self) -> LabInfo:
        """Is the lab ready, and if not, why."""
        ...

    def start(self, config: RunConfig, name: str | None = None) -> RunInfo:
        """Create a run and let it train; returns at once."""
        ...

    def runs(self) -> list[RunInfo]:
        """Every run, oldest first."""
        ...

    def poll(self, since: Mapping[str, int | None]) -> dict[str, Snapshot]:
        """For each run id its newest snapshot, if its version is newer than the one given (None: any)."""
        ...

    def get_snapshot(self, run_id: str) -> Snapshot:
        """The newest snapshot."""
        ...

    def get_history(self, run_id: str, since: int = 0) -> History:
        """Curves and events after step `since`."""
        ...

    def set_lambdas(self, run_id: str, lambdas: Lambdas | Mapping[str, float]) -> Applied:
        """Change the loss weights (a mapping changes only those it names); says from which step they hold."""
        ...

    def set_learning_rate(self, run_id: str, learning_rate: float) -> Applied:
        """Change the learning rate; says from which step it holds."""
        ...

    def pause(self, run_id: str) -> RunInfo:
        """Stop after the step in progress."""
        ...

    def resume(self, run_id: str) -> RunInfo:
        """Train on."""
        ...

    def step(self, run_id: str, n: int = 1) -> RunInfo:
        """Train exactly `n` steps, then be paused."""
        ...

    def reset(self, run_id: str) -> RunInfo:
        """Back to step 0 with the same seed; live settings stay as they are now."""
        ...

    def stop(self, run_id: str) -> RunInfo:
        """End the run and free what it holds; its last snapshot and curves stay readable."""
        ...

    def close(self) -> None:
        """Let go of everything that this process started."""
        ...


def new_run_id(taken: Iterable[str]) -> str:
    """A short id that no run of `taken` has; random, so that two pages that start runs at once don't collide."""
    known = set(taken)
    while (run_id := f"run-{secrets.token_hex(4)}") in known:
        pass
    return run_id


def run_name(name: str | None, config: RunConfig) -> str:
    """The name given, checked, or one that says λ_commit, and λ_codebook where it is not the usual one. Raises ConfigError."""
    if name is not None and name.strip():
        return check_name(name)
    ours, default = config.lambdas, Lambdas()
    codebook = "" if ours.codebook == default.codebook else f" · λ_codebook {ours.codebook:g}"
    return f"λ_commit {ours.commit:g}{codebook}"
