"""What the tests of the page look at: a snapshot of real digits, and a lab in memory that counts what it is asked."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from actors.lab import LabInfo, RunInfo
from actors.news import Known, News
from explorer.config import RunConfig
from explorer.errors import ExplorerError, UnknownRun
from explorer.messages import Event, Health, History, Probes, Snapshot, View
from explorer.probes import ProbeLog


def view(
    levels: int = 2,
    codes: int = 16,
    points: int = 512,
    images: np.ndarray | None = None,
    sizes: tuple[int, ...] | None = None,
    dims: int = 2,
) -> View:
    """Random latents and codes; `images` (S, 28, 28) stand for inputs and reconstructions, `sizes` for equal ones a level."""
    random = np.random.default_rng(0)
    own = sizes or (codes,) * levels
    levels, codes = len(own), max(own)
    counts = random.integers(0, 1000, (levels, codes))
    counts[:, 0] = 0
    there = np.arange(codes) < np.array(own)[:, None]
    counts *= there
    dead = (counts < 0.01 * counts.sum(axis=1, keepdims=True)) & there
    active = (~dead & there).sum(axis=1)
    shown = random.integers(0, 256, (10, 28, 28), np.uint8) if images is None else images
    health = Health(own, 100, 0.01, counts, dead, active, active / np.array(own), np.full(levels, 1.5))
    return View(
        codebooks=random.normal(size=(levels, codes, dims)).astype(np.float32),
        health=health,
        latents=random.normal(size=(points, dims)).astype(np.float32),
        codes=(random.integers(0, codes, (points, levels)) % np.array(own)).astype(np.uint16),
        labels=(np.arange(points) % 10).astype(np.uint8),
        inputs=shown,
        reconstructions=shown,
        probe_mse=0.044,
        basis=np.linalg.qr(random.normal(size=(dims, 2)))[0].astype(np.float32)
        if dims > 2
        else np.eye(2, dtype=np.float32),
        explained=1.0 if dims == 2 else 0.83,
        by_level=np.stack([shown] * levels),
        residual_ratio=np.linspace(0.2, 0.8, levels).astype(np.float32),
        tuples=97,
        motion=random.random((levels, codes)).astype(np.float32),
    )


def snapshot(version: int = 1, seen: View | None = None, **changed: object) -> Snapshot:
    losses = {"recon": 0.05, "commit": 0.002, "codebook": 0.002, "total": 0.053}
    live = RunConfig().live
    since = dict.fromkeys(live, 0)
    told = Snapshot(
        "run-a", version, 0, "running", "", 7, 0.1, 30.0, "CPU", "mnist", live, since, losses, seen or view()
    )
    return replace(told, **changed)  # pyright: ignore[reportArgumentType]


def run_info(run_id: str = "run-a", **changed: object) -> RunInfo:
    told = RunInfo(run_id, "a run", "running", "", 7, RunConfig(), RunConfig().live)
    return replace(told, **changed)  # pyright: ignore[reportArgumentType]


@dataclass
class CountingLab:
    """Answers from memory what the hub asks of a lab, and counts."""

    snapshot: Snapshot = field(default_factory=snapshot)
    infos: list[RunInfo] = field(default_factory=lambda: [run_info()])
    stride: int = 1
    generation: int = 0
    steps: int = 7
    trouble: ExplorerError | None = None
    names: tuple[str, ...] = ("run-a",)
    polls: int = 0
    listings: int = 0
    histories: list[int] = field(default_factory=list)
    probed: tuple[int, ...] = (0, 50)
    probings: int = 0

    def info(self) -> LabInfo:
        return LabInfo("memory", ready=True, message="in memory")

    def runs(self) -> list[RunInfo]:
        self.listings += 1
        if self.trouble:
            raise self.trouble
        return self.infos

    def follow(self, known: Mapping[str, Known]) -> dict[str, News]:
        self.polls += 1
        if self.trouble:
            raise self.trouble
        for run_id in known:
            if run_id not in self.names:
                raise UnknownRun(run_id, self.names)
        newer = {run_id: has for run_id, has in known.items() if has.version != self.snapshot.version}
        return {
            run_id: News(replace(self.snapshot, run_id=run_id), self.get_history(run_id, has.step), has.step)
            for run_id, has in newer.items()
        }

    def get_probes(self, run_id: str) -> Probes:
        self.probings += 1
        seen = self.snapshot.view or view()
        log = ProbeLog((len(seen.sizes), max(seen.sizes), seen.latents.shape[-1]))
        for step in self.probed:
            log.add(step, seen)
        return log.probes(run_id, self.generation)

    def get_history(self, run_id: str, since: int = 0) -> History:
        self.histories.append(since)
        steps = np.arange(since + 1, self.steps + 1, dtype=np.int32)
        columns = {"loss/recon": steps.astype(np.float32), "codebook/active/0": steps.astype(np.float32)}
        events = (Event(0, "started"), Event(3, "setting", {"name": "commit", "old": 0.25, "new": 4.0}))
        return History(run_id, self.generation, self.stride, steps, columns, events)
