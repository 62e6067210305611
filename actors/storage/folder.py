"""A run's folder: what it was started with, what is written on its card, what happened to it, and its checkpoints.

    run.json                    format, config, plan: written once
    card.json                   name, note, pinned, hidden: written by whoever changes them
    origin.npz                  of a fork: the state that it goes on from
    claim-0002                  somebody runs it for the second time: older copies write no more
    log-0002.json               what that copy says of itself: status, step, live settings, every event
    checkpoints/0002-0000-000001500        orbax: parameters, optimiser moments, counts
    checkpoints/0002-0000-000001500.npz    curves, probes and the picture of that step

A file is written under another name first, so that it is whole or not there. No two copies of a run write the same file.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from etils import epath

from actors.lab import Card, Comparison, Plan
from actors.storage.files import Damaged, create, read_json, replace_with, write_json
from explorer.config import RunConfig
from explorer.errors import ExplorerError, shown
from explorer.messages import Change, Event, RunState, Status

FORMAT = 2
"""Of run.json; a folder with a higher one was written by a newer version, one with a lower one by an older."""
MANIFEST, CARD, ORIGIN, CHECKPOINTS = "run.json", "card.json", "origin.npz", "checkpoints"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a run was started with; `plan` without the origin, which is at step `start`."""

    run_id: str
    config: RunConfig
    plan: Plan
    start: int
    created: float


@dataclass(frozen=True, slots=True)
class Log:
    """What the copy of a run that wrote it said last. `ended`: '' while it lives, else how it came to its end.

    `resets` counts how often it was taken back to its start; events are those since. `left` is how many steps it was still
    to train: None without end, 0 if paused. `written` is a Unix time in seconds. `home` says who runs it: ray, or a process.
    """

    incarnation: int
    status: Status
    ended: str
    reason: str
    step: int
    resets: int
    left: int | None
    live: dict[str, float]
    events: tuple[Event, ...]
    written: float
    home: str

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        fields = {name: getattr(self, name) for name in self.__slots__}
        events = [[event.step, event.kind, event.detail] for event in self.events]
        return fields | {"events": events}

    @classmethod
    def from_dict(cls, said: Mapping[str, Any]) -> "Log":
        """From plain JSON. Raises ConfigError, KeyError, TypeError or ValueError."""
        events = tuple(Event(int(step), str(kind), dict(detail)) for step, kind, detail in said["events"])
        fields = {name: said[name] for name in cls.__slots__}
        return cls(**fields | {"events": events, "live": RunConfig().with_live(said["live"]).live})


class RunFolder:
    """One run's folder. `damage` collects what could not be read."""

    def __init__(self, path: epath.PathLike) -> None:
        self.path = epath.Path(path)
        self.damage: list[str] = []

    @property
    def checkpoints(self) -> epath.Path:
        """Where its checkpoints are."""
        return self.path / CHECKPOINTS

    def create(self, manifest: Manifest, card: Card, origin: RunState | None = None) -> None:
        """Make the folder of a new run. Raises ExplorerError if nothing can be written there."""
        try:
            self.checkpoints.mkdir(parents=True, exist_ok=True)
            if origin is not None:
                replace_with(self.path / ORIGIN, lambda file: _write_state(file, origin))
            self.write_card(card)
            write_json(self.path / MANIFEST, _manifest_json(manifest))
        except OSError as problem:
            why = problem.strerror or str(problem)
            raise ExplorerError(
                f"{shown(self.path)} cannot be written ({why}): name another folder for runs with --runs-dir"
            ) from problem

    def begun(self) -> bool:
        """Whether there is a run in it; it is made with the manifest last."""
        return (self.path / MANIFEST).exists()

    def manifest(self) -> Manifest:
        """What the run was started with. Raises FileNotFoundError, Damaged, or ExplorerError for another version's."""
        path = self.path / MANIFEST
        said = read_json(path)
        found = said.get("format")
        if not isinstance(found, int) or found > FORMAT:
            raise ExplorerError(
                f"{shown(path)} was written by a newer version of RQ-VAE Explorer (format {shown(found)}; "
                f"this one reads {FORMAT}): update it to open this run"
            )
        if found < FORMAT:
            raise ExplorerError(
                f"{shown(path)} was written by an older version of RQ-VAE Explorer (format {found}; this one reads {FORMAT}): "
                "open this run with that version, or delete its folder"
            )
        try:
            return _manifest(said)
        except (ExplorerError, KeyError, TypeError, ValueError) as problem:
            raise Damaged(path, problem) from problem

    def card(self, fallback: Card) -> Card:
        """What is written on the run."""
        path = self.path / CARD
        try:
            said = read_json(path)
            return replace(fallback).updated({key: said[key] for key in ("name", "note", "pinned", "hidden")})
        except FileNotFoundError:
            return fallback
        except (ExplorerError, KeyError) as problem:
            self._note(path, problem)
            return fallback

    def write_card(self, card: Card) -> None:
        """Write what is written on the run. Raises OSError."""
        said = {"name": card.name, "note": card.note, "pinned": card.pinned, "hidden": card.hidden}
        write_json(self.path / CARD, said)

    def origin(self, manifest: Manifest) -> RunState | None:
        """What a fork goes on from. Raises Damaged."""
        path = self.path / ORIGIN
        if not path.exists():
            return None
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
                leaves = tuple(arrays[f"leaf-{i:03d}"] for i in range(len(arrays.files)))
        except Exception as problem:
            raise Damaged(path, problem) from problem
        return RunState(manifest.config, manifest.start, leaves)

    # Who runs it, and what they say ------------------------------------------------------------------------------------

    def claim(self) -> int:
        """Become the one copy that may write; the number of this copy, from 1. Raises OSError."""
        while True:
            incarnation = self.incarnation() + 1
            with suppress(FileExistsError):
                create(self._claim_of(incarnation))
                return incarnation

    def incarnation(self) -> int:
        """The number of the newest copy; 0: it never ran."""
        numbers = [int(path.name.removeprefix("claim-")) for path in self.path.glob("claim-*")]
        return max(numbers, default=0)

    def superseded(self, incarnation: int) -> bool:
        """Whether another copy took over from this one."""
        return self._claim_of(incarnation + 1).exists()

    def log(self) -> Log | None:
        """What was said last by the newest copy that could be read."""
        for incarnation in range(self.incarnation(), 0, -1):
            path = self._log_of(incarnation)
            try:
                return Log.from_dict(read_json(path))
            except FileNotFoundError:
                continue
            except (ExplorerError, KeyError, TypeError, ValueError) as problem:
                self._note(path, problem)
        return None

    def write_log(self, log: Log) -> None:
        """Write what a copy says of itself. Raises OSError."""
        write_json(self._log_of(log.incarnation), log.to_dict())

    def written(self) -> tuple[object, ...]:
        """Another value whenever what a page shows of the run was written anew."""
        newest = self._log_of(self.incarnation())
        stats = [path.stat() if path.exists() else None for path in (newest, self.path / CARD)]
        return tuple((stat.mtime, stat.length) if stat else None for stat in stats)

    def remove(self) -> None:
        """Delete it. Raises OSError."""
        self.path.rmtree()

    def _claim_of(self, incarnation: int) -> epath.Path:
        return self.path / f"claim-{incarnation:04d}"

    def _log_of(self, incarnation: int) -> epath.Path:
        return self.path / f"log-{incarnation:04d}.json"

    def _note(self, path: epath.Path, problem: object) -> None:
        text = str(problem) if isinstance(problem, Damaged) else str(Damaged(path, problem))
        if text not in self.damage:
            self.damage.append(text)


def _write_state(file: Any, state: RunState) -> None:
    np.savez(file, allow_pickle=False, **{f"leaf-{i:03d}": leaf for i, leaf in enumerate(state.leaves)})


def _manifest_json(manifest: Manifest) -> dict[str, Any]:
    plan = manifest.plan
    return {
        "format": FORMAT,
        "run_id": manifest.run_id,
        "created": manifest.created,
        "config": manifest.config.to_dict(),
        "start": manifest.start,
        "parent": plan.parent,
        "until": plan.until,
        "pause_idle": plan.pause_idle,
        "checkpoint_every": plan.checkpoint_every,
        "schedule": [asdict(change) for change in plan.schedule],
        "comparison": plan.comparison and asdict(plan.comparison),
    }


def _manifest(said: Mapping[str, Any]) -> Manifest:
    comparison = said["comparison"]
    plan = Plan(
        parent=said["parent"],
        until=said["until"],
        pause_idle=said["pause_idle"],
        checkpoint_every=said.get("checkpoint_every"),  # folders of before have none
        schedule=tuple(Change(**change) for change in said["schedule"]),
        comparison=Comparison(**comparison) if comparison else None,
    )
    config = RunConfig.from_dict(said["config"])
    return Manifest(str(said["run_id"]), config, plan, int(said["start"]), float(said["created"]))
