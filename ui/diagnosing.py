"""What the Run tab's diagnosis gets beyond what every viewer gets, as compact JSON like `ui.payload`'s."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from explorer.messages import Probes, Snapshot, View
from ui.payload import pack, pack_greys, pack_scaled, to_json, without_padding

MOST_PATHS = 512
"""Codes of all levels together whose places over the run's life are told: beyond that nobody could tell the paths apart."""

LifePlace = tuple[int, int, int]
"""How much of a run's life a page has: generation, how many probes, the step of the last."""


def encode_diagnosis(snapshot: Snapshot, view: View, *, images: bool) -> bytes:
    """Of a snapshot and its view: how much each level leaves over, tuples in use, how far codes move.

    With `images`, what the shown images look like after each level but the last, whose are the reconstructions; and the mean
    squared error of these images after each level.
    """
    told: dict[str, Any] = {
        "run": snapshot.run_id,
        "version": snapshot.version,
        "residual_ratio": [float(f"{ratio:.4g}") if np.isfinite(ratio) else None for ratio in view.residual_ratio],
        "tuples": view.tuples,
        "motion": pack_scaled(view.motion),
    }
    if images:
        told["by_level"] = [pack_greys(level, coarse=True) for level in view.by_level[:-1]]
        errors = (view.by_level.astype(np.float64) - view.inputs) / 255
        told["by_level_mse"] = [float(f"{error:.4g}") for error in np.mean(errors**2, axis=(1, 2, 3))]
    return to_json(told)


def encode_life(probes: Probes, known: LifePlace, view: View) -> bytes:
    """Use and places of the codes at the probes beyond those that are known; at all, if those are others by now.

    Places in more than two dimensions are those in the plane of the view, which turns: they are always told anew.
    """
    first = _continued(probes, known) if view.basis.shape[0] == 2 else 0
    shares = np.asarray(probes.shares[first:], np.float64)
    told: dict[str, Any] = {
        "run": probes.run_id,
        "generation": probes.generation,
        "from": first,
        "steps": pack(probes.steps[first:], "<i4"),
        "shares": pack(np.rint(np.clip(shares, 0, 1) * 65535), "<u2"),
    }
    if sum(view.sizes) <= MOST_PATHS:
        told["codebooks"] = pack_scaled(without_padding(probes.codebooks[first:], view.sizes) @ view.basis)
    return to_json(told)


def life_place(known: object) -> LifePlace:
    """What a page says that it has; nothing, if that makes no sense."""
    has: Mapping[str, Any] = known if isinstance(known, dict) else {}
    generation, count, step = (has.get(name, 0) for name in ("generation", "count", "step"))
    if all(isinstance(number, int) and 0 <= number < 2**31 for number in (generation, count, step)):
        return int(generation), int(count), int(step)
    return 0, 0, 0


def _continued(probes: Probes, known: LifePlace) -> int:
    """How many of the probes are known: all or none, since old ones go when the log is full."""
    generation, count, step = known
    same = generation == probes.generation and 0 < count <= len(probes.steps) and probes.steps[count - 1] == step
    return count if same else 0
