"""What a run says to the world: immutable host data (numpy, no jax), small enough to travel inline (≤ 100 kB).

Axes: L level, K code, D latent dimension, P probe image (512), S shown image (10).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

import numpy as np
from jaxtyping import Bool, Float, Float16, Float32, Int, UInt8

from explorer.config import Lambdas, RunConfig
from explorer.settings import LAMBDA_SETTINGS

Status = Literal["pending", "compiling", "running", "paused", "failed", "lost", "stopped"]
STATUSES: tuple[str, ...] = get_args(Status)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a run at a step.

    Kinds: started, paused, resumed, stepped, setting (detail: name, old, new), reset, failed (detail: reason), stopped,
    forked (detail: parent, or child on the parent's side), recovered (detail: was), remedy (detail: name of the remedy;
    `by` hand or the run itself; `codes`, the (level, code) pairs that moved; `old` and `new`, their places, of the first 64).
    A setting's step is the first training step that used the new value (steps count from 1); a remedy's is the first step
    that trained the moved codes.
    """

    step: int
    kind: str
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Applied:
    """Acknowledgement of a live change: `step` is the first training step that uses these values, `live` all that then hold."""

    step: int
    live: dict[str, float]

    @property
    def lambdas(self) -> Lambdas:
        """The loss weights among them."""
        return lambdas_of(self.live)


@dataclass(frozen=True, slots=True, eq=False)
class Health:
    """Use of the codes over the last `window` batches (at most 100), per level; FORMULAS: Health.

    K is the largest level's size; `sizes` are the levels' own. What lies beyond a level's own size is no code: it counts
    nothing and is not dead. A code that a remedy moved is not dead until it has been there for a whole window.
    """

    sizes: tuple[int, ...]
    window: int
    threshold: float
    counts: Int[np.ndarray, "L K"]
    dead: Bool[np.ndarray, "L K"]
    active: Int[np.ndarray, " L"]
    usage: Float[np.ndarray, " L"]
    perplexity: Float[np.ndarray, " L"]


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """The model seen through the probe images, at one step.

    `basis` has orthonormal columns that latents, residuals and codes are multiplied by to be drawn in a plane: the first two
    principal components of the latents, turned as the last view's were; the identity for D = 2. `explained` is the share
    of the latents' variance in that plane. `by_level` are the shown images decoded from ẑ_1 … ẑ_L. `residual_ratio` is
    E‖r_l‖² / E‖r_{l−1}‖² over the probe. `tuples` counts the distinct tuples of codes in the window. `motion` is each code's
    smoothed gradient norm or, for codes that are moving averages, the smoothed length of its moves.
    """

    codebooks: Float32[np.ndarray, "L K D"]
    health: Health
    latents: Float32[np.ndarray, "P D"]
    codes: Int[np.ndarray, "P L"]
    labels: UInt8[np.ndarray, " P"]
    inputs: UInt8[np.ndarray, "S H W"]
    reconstructions: UInt8[np.ndarray, "S H W"]
    probe_mse: float
    basis: Float32[np.ndarray, "D 2"]
    explained: float
    by_level: UInt8[np.ndarray, "L S H W"]
    residual_ratio: Float32[np.ndarray, " L"]
    tuples: int
    motion: Float32[np.ndarray, "L K"]

    @property
    def in_plane(self) -> "View":
        """The view as it is drawn: latents and codes in the plane of `basis`, two-dimensional."""
        if self.latents.shape[-1] == 2:
            return self
        latents, codebooks = self.latents @ self.basis, self.codebooks @ self.basis
        return replace(self, latents=latents, codebooks=codebooks, basis=np.eye(2, dtype=np.float32))

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many codes each level has."""
        return self.health.sizes


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """One consistent instant of a run. `view` is None until the run was first looked at, which may be some steps after it began.

    `version` grows with every change that a viewer should hear of (a new step rendered, another status, a live setting
    changed); `generation` grows with every reset. `since` maps each live setting to the step from which it holds.
    `steps_per_second` is 0 unless running. `losses` are those of the batch of `step`, unweighted, with their weighted
    `total`; empty at step 0, and without the terms that are not computed while their weight is 0.
    """

    run_id: str
    version: int
    generation: int
    status: Status
    reason: str
    step: int
    epoch: float
    steps_per_second: float
    device: str
    data_source: str
    live: dict[str, float]
    since: dict[str, int]
    losses: dict[str, float]
    view: View | None

    @property
    def lambdas(self) -> Lambdas:
        """The loss weights among the live settings."""
        return lambdas_of(self.live)


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """The curves of a run so far, in at most 2,000 points: each is the mean of `stride` steps, at its last step.

    `columns` maps a metric's path (`loss/recon`, `codebook/perplexity/0`) to one value a point. `events` are those whose
    step is beyond what the caller knew. After a reset `generation` grows and everything starts anew.
    """

    run_id: str
    generation: int
    stride: int
    steps: Int[np.ndarray, " N"]
    columns: dict[str, Float32[np.ndarray, " N"]]
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Probes:
    """The run seen through the probe images at steps that are the same in every run: multiples of a stride that doubles.

    At most 64 (N). `codes` are each image's; `mse` is that of the reconstructions; `active`, `perplexity` and `shares`, each
    code's share of its level's choices, are of the window of batches then.
    """

    run_id: str
    generation: int
    steps: Int[np.ndarray, " N"]
    codebooks: Float32[np.ndarray, "N L K D"]
    codes: Int[np.ndarray, "N P L"]
    mse: Float32[np.ndarray, " N"]
    active: Float32[np.ndarray, "N L"]
    perplexity: Float32[np.ndarray, "N L"]
    shares: Float16[np.ndarray, "N L K"]


@dataclass(frozen=True, slots=True)
class Change:
    """A live setting's new value, or `remedy` and the one that treats dead codes once; and the first step that uses it."""

    step: int
    name: str
    value: float | str


@dataclass(frozen=True, slots=True, eq=False)
class RunState:
    """All that training carries on from at a step, on the host: `leaves` are TrainState's arrays in jax's tree order.

    `config` has the run's fixed settings and, as its live ones, those that hold now.
    """

    config: RunConfig
    step: int
    leaves: tuple[np.ndarray, ...]


def lambdas_of(live: Mapping[str, float]) -> Lambdas:
    """The loss weights among live settings."""
    return Lambdas(**{name: live[name] for name in LAMBDA_SETTINGS})


def empty_snapshot(run_id: str, status: Status, reason: str, live: Mapping[str, float]) -> Snapshot:
    """The snapshot of a run that has not spoken yet."""
    return Snapshot(
        run_id=run_id,
        version=1,
        generation=0,
        status=status,
        reason=reason,
        step=0,
        epoch=0.0,
        steps_per_second=0.0,
        device="",
        data_source="",
        live=dict(live),
        since=dict.fromkeys(live, 0),
        losses={},
        view=None,
    )


def empty_history(run_id: str) -> History:
    """The history of a run that has not spoken yet."""
    return History(run_id, 0, 1, np.zeros(0, np.int32), {}, ())


def empty_probes(run_id: str, levels: int, size: int, dim: int) -> Probes:
    """The probes of a run that has not spoken yet."""
    per_level = np.zeros((0, levels), np.float32)
    return Probes(
        run_id,
        0,
        np.zeros(0, np.int32),
        np.zeros((0, levels, size, dim), np.float32),
        np.zeros((0, 0, levels), np.uint16),
        np.zeros(0, np.float32),
        per_level,
        per_level,
        np.zeros((0, levels, size), np.float16),
    )
