"""What a sweep will do: a folder for each run, and whether what that folder holds already is the run."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from actors.export import FILES
from actors.stored import Stored, read_record, read_run
from explorer.config import RunConfig
from explorer.errors import ExplorerError, shown
from explorer.sweep import differing, name_by

State = Literal["missing", "unfinished", "done", "conflict"]


@dataclass(frozen=True, slots=True)
class Planned:
    """A run of a sweep, and the folder that is or will be its own."""

    name: str
    config: RunConfig
    folder: Path


@dataclass(frozen=True, slots=True)
class Found:
    """What a planned run's folder holds.

    `missing`: nothing; `unfinished`: this run, but interrupted, or its files are not whole; `done`: this run, `stored`,
    finished or failed; `conflict`: another run, `why`.
    """

    state: State
    stored: Stored | None = None
    why: str = ""

    def on(self, source: str) -> "Found":
        """The same, but a conflict if it is done and was trained on other data than `source`."""
        if self.stored is None or self.stored.record.data_source == source:
            return self
        return Found("conflict", why=f"it was trained on {self.stored.record.data_source}, not on {source}")


def plan(configs: Sequence[RunConfig], out: Path) -> list[Planned]:
    """A folder below `out` for each config, named after the settings in which the configs differ."""
    names = differing(configs)
    return [Planned(name, config, out / slug(name)) for config in configs for name in [name_by(config, names)]]


def slug(name: str) -> str:
    """The name of a folder for a run's name: "λ_commit 0.25 · seed 1" → "commit-0.25_seed-1"."""
    words = name.lower().replace("λ_", "").replace(" · ", "_")
    return re.sub(r"[^a-z0-9_.+-]+", "-", words).strip("-")


def look(planned: Planned, steps: int) -> Found:
    """What the folder holds. A run that failed is done: it would fail again, at the same step."""
    try:
        record = read_record(planned.folder)
    except ExplorerError as problem:
        return Found("conflict", why=str(problem))
    if record is None:
        held = any((planned.folder / name).exists() for name in FILES)
        return Found("unfinished" if held else "missing")
    if record.config != planned.config:
        return Found("conflict", why=_difference(record.config, planned.config))
    if record.asked != steps:
        return Found("conflict", why=f"it was to take {record.asked:,} steps, not {steps:,}")
    stored = read_run(planned.folder) if record.outcome in ("finished", "failed") else None
    return Found("unfinished") if stored is None else Found("done", stored)


def _difference(held: RunConfig, wanted: RunConfig) -> str:
    """The first setting in which the configs differ, in words."""
    theirs, ours = _flat(held), _flat(wanted)
    name = next(name for name in ours if theirs.get(name) != ours[name])
    return f"its {name} is {theirs.get(name)}, not {ours[name]}"


def _flat(config: RunConfig) -> dict[str, object]:
    plain = config.to_dict()
    lambdas = plain.pop("lambdas")
    return {f"λ_{name}": value for name, value in lambdas.items()} | {
        name.replace("_", " "): value for name, value in plain.items()
    }


def refuse_conflicts(plans: Sequence[Planned], found: Sequence[Found]) -> None:
    """Raises ExplorerError that names the first folder which holds another run, and says how many do."""
    conflicts = [(planned, seen) for planned, seen in zip(plans, found, strict=True) if seen.state == "conflict"]
    if not conflicts:
        return
    planned, seen = conflicts[0]
    more = f" (so do {len(conflicts) - 1} more folders)" if len(conflicts) > 1 else ""
    raise ExplorerError(
        f"{shown(planned.folder)} holds another run{more}: {seen.why}. Name another folder, or replace such runs with "
        "--overwrite"
    )
