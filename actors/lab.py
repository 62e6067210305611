"""The Lab: whatever holds runs. One protocol, so that the page never knows whether a run is a thread or a Ray actor."""

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Protocol

from actors.cluster import Cluster
from actors.limits import Limits
from actors.news import Known, News
from explorer.config import Lambdas, RunConfig, check_name, check_note
from explorer.errors import ConfigError, ExplorerError
from explorer.messages import Applied, Change, History, Probes, RunState, Snapshot, Status, lambdas_of


@dataclass(frozen=True, slots=True)
class RunInfo:
    """A run in a list of runs; `live` are the live settings that hold now, `config` has those of the start.

    `created` is a Unix time in seconds; 0: not known. `resumable`: it has ended, and its folder lets it go on.
    """

    run_id: str
    name: str
    status: Status
    reason: str
    step: int
    config: RunConfig
    live: Mapping[str, float]
    parent: str | None = None
    forked_at: int = 0
    until: int | None = None
    steps_per_second: float = 0.0
    card: "Card" = field(default_factory=lambda: Card(""))
    created: float = 0.0
    resumable: bool = False

    @property
    def lambdas(self) -> Lambdas:
        """The loss weights that hold now."""
        return lambdas_of(self.live)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Runs that were started to be compared; each of them carries it. `in_step`: none runs ahead of the others.

    `preset` names the one of `explorer.presets` that it was started from, if any.
    """

    comparison_id: str
    name: str
    in_step: bool = False
    preset: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """What people wrote on a run. Raises ConfigError."""

    name: str
    note: str = ""
    pinned: bool = False
    hidden: bool = False
    comparison: Comparison | None = None

    def updated(self, values: Mapping[str, object]) -> "Card":
        """A copy with some of it changed. Raises ConfigError."""
        known = {f.name for f in fields(self)}
        for key in values:
            if key not in known:
                raise ConfigError("what is written on a run", key, f"one of {', '.join(sorted(known))}")
        changed = dict(values)
        if "name" in changed:
            changed["name"] = check_name(changed["name"])
        if "note" in changed:
            changed["note"] = check_note(changed["note"])
        for flag in ("pinned", "hidden"):
            if not isinstance(changed.get(flag, False), bool):
                raise ConfigError(flag, changed[flag], "true or false")
        return replace(self, **changed)


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """How a run comes about beside its config.

    It goes on from `origin`, a state of its `parent`; makes the changes of `schedule` at their steps; stops by itself after
    step `until`; belongs to a `comparison`; pauses once nobody watched it for `pause_idle` seconds; and keeps a checkpoint
    every `checkpoint_every` seconds (None: 15).
    """

    parent: str | None = None
    origin: RunState | None = None
    schedule: tuple[Change, ...] = ()
    until: int | None = None
    comparison: Comparison | None = None
    pause_idle: float | None = None
    checkpoint_every: float | None = None

    def within(self, limits: Limits) -> "Plan":
        """With what the limits say of every run, where this says nothing."""
        idle, every = self.pause_idle or limits.pause_idle, self.checkpoint_every or limits.checkpoint_every
        return replace(self, pause_idle=idle, checkpoint_every=every)


NO_PLAN = Plan()
"""A run from step 0 to wherever it is stopped."""


@dataclass(frozen=True, slots=True)
class LabInfo:
    """What the page says about the lab itself: `ready`, or a sentence about what it is waiting for.

    `capacity` is how many runs it can hold at once; None: not known yet.
    """

    kind: str
    ready: bool
    message: str
    data_source: str = ""
    capacity: int | None = None


class Lab(Protocol):
    """Verbs raise UnknownRun for an id that no run has, and other ExplorerErrors in words."""

    def connect(self) -> None:
        """Make the lab ready; called once, in the main thread. Raises LabUnavailable or NoCapacity."""
        ...

    def info(self) -> LabInfo:
        """Is the lab ready, and if not, why."""
        ...

    def start(self, config: RunConfig, name: str | None = None, plan: Plan = NO_PLAN) -> RunInfo:
        """Create a run and let it train as soon as there is room; returns at once, but waits for a lab that is being connected.

        Raises NoCapacity beyond a limit, LabUnavailable if there is no lab.
        """
        ...

    def runs(self) -> list[RunInfo]:
        """Every run, oldest first."""
        ...

    def poll(self, since: Mapping[str, int | None]) -> dict[str, Snapshot]:
        """For each run id its newest snapshot, if its version is newer than the one given (None: any)."""
        ...

    def follow(self, known: Mapping[str, Known]) -> dict[str, News]:
        """The same with the curves, which a snapshot alone lacks, after the step that is known."""
        ...

    def get_snapshot(self, run_id: str) -> Snapshot:
        """The newest snapshot."""
        ...

    def get_history(self, run_id: str, since: int = 0) -> History:
        """Curves and events after step `since`."""
        ...

    def get_probes(self, run_id: str) -> Probes:
        """The run seen through the probe over its life."""
        ...

    def get_state(self, run_id: str) -> RunState:
        """All that a fork carries on from. Raises ExplorerError for a run that failed, ended or has not begun."""
        ...

    def set_lambdas(self, run_id: str, lambdas: Lambdas | Mapping[str, float]) -> Applied:
        """Change the loss weights (a mapping changes only those it names); says from which step they hold."""
        ...

    def set_live(self, run_id: str, values: Mapping[str, float]) -> Applied:
        """Change the live settings named, loss weights or others; says from which step they hold."""
        ...

    def cure(self, run_id: str, remedy: str) -> Applied:
        """Treat dead codes once, by a remedy of `explorer.choices`; says before which step that is done."""
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

    def describe(self, run_id: str, **values: object) -> RunInfo:
        """Change what is written on the run's card. Raises ConfigError."""
        ...

    def remove(self, run_id: str) -> None:
        """Forget a run that has ended. Raises ExplorerError for one that has not."""
        ...

    def allow(self, steps: Mapping[str, int], lease: float) -> None:
        """For `lease` seconds let no run named train beyond its step; who does not answer is left alone."""
        ...

    def cluster(self) -> Cluster:
        """Which machines there are, and which run is where."""
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
    """The name given, checked, or one that says λ_commit, and the other weights that are unusual. Raises ConfigError."""
    if name is not None and name.strip():
        return check_name(name)
    ours, usual = config.lambdas.to_dict(), Lambdas().to_dict()
    told = [f"λ_{term} {ours[term]:g}" for term in usual if term == "commit" or ours[term] != usual[term]]
    return " · ".join(told)[:60]


def refuse_to_remove(info: RunInfo) -> None:
    """Raise ExplorerError unless the run has ended."""
    if info.status not in ("stopped", "lost"):
        raise ExplorerError(f"{info.name} ({info.run_id}) is {info.status}: stop it before it is removed")
