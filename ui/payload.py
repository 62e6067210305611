"""What a run says, as compact JSON for the browser. Arrays travel as base64 of little-endian numbers (`decode.js`).

Base64 costs next to nothing once the answer is gzipped, and a string passes through the page's client untouched, where a
list of numbers would be walked number by number.
"""

import base64
import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from jaxtyping import Float, UInt8

from actors.lab import LabInfo, RunInfo
from explorer.diagnosis import Badge
from explorer.divergence import Divergence
from explorer.messages import Event, History, Probes, Snapshot, View
from ui.cures import fitting, offered

TOLD = ("setting", "recovered", "remedy")
"""Kinds of events that the page marks on its curves."""

RECENT_REMEDIES = 3
"""Remedies whose moves the page may still show: they fade from the planes after a few seconds."""

GREYS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
"""One letter a pixel, 64 greys: what the eye cannot tell apart is left out, and neighbours stay equal letters, which pack."""


def to_json(value: object) -> bytes:
    """Compact JSON; raises ValueError for NaN and infinity, which JSON does not know."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False, ensure_ascii=False).encode()


def pack(array: np.ndarray, dtype: str) -> str:
    """Base64 of the array's numbers in C order, as little-endian `dtype` (such as "<f4")."""
    return base64.b64encode(np.ascontiguousarray(array, dtype=dtype).tobytes()).decode()


def pack_scaled(array: np.ndarray) -> dict[str, Any]:
    """The array as 16-bit integers and the number to multiply them by: 1/32767 of its largest magnitude is kept."""
    finite = np.nan_to_num(np.asarray(array, np.float64), nan=0.0, posinf=1e30, neginf=-1e30)
    scale = float(np.abs(finite).max(initial=0.0)) / 32767 or 1.0
    return {"scale": scale, "data": pack(np.rint(finite / scale), "<i2")}


def without_padding(codebooks: Float[np.ndarray, "*N L K D"], sizes: Sequence[int]) -> Float[np.ndarray, "*N L K D"]:
    """Zeros beyond each level's own size, so that what stands there costs neither bytes nor precision."""
    own = np.arange(codebooks.shape[-2]) < np.array(sizes)[:, None]
    return np.where(own[:, :, None], codebooks, 0)


def pack_greys(images: UInt8[np.ndarray, "S H W"], *, coarse: bool = False) -> str:
    """One letter a pixel; `coarse`: half of the greys, which packs to three quarters."""
    greys = np.round((images >> 3) * (63 / 31)).astype(np.uint8) if coarse else images >> 2
    return np.frombuffer(GREYS.encode(), np.uint8)[greys].tobytes().decode()


def encode_lab(info: LabInfo, runs: list[RunInfo]) -> bytes:
    """The lab and its runs, without anything that changes at every step."""
    lab = {
        "kind": info.kind,
        "ready": info.ready,
        "message": info.message,
        "data_source": info.data_source,
        "capacity": info.capacity,
    }
    of = {c.comparison_id: (c, run.until) for run in runs if (c := run.card.comparison)}
    told = [
        {"id": c.comparison_id, "name": c.name, "in_step": c.in_step, "preset": c.preset, "until": until}
        for c, until in of.values()
    ]
    return to_json({"lab": lab, "runs": [_run(run) for run in runs], "comparisons": told})


def _run(run: RunInfo) -> dict[str, Any]:
    return {
        "id": run.run_id,
        "name": run.name,
        "status": run.status,
        "reason": run.reason,
        "config": run.config.to_dict(),
        "live": dict(run.live),
        "note": run.card.note,
        "pinned": run.card.pinned,
        "hidden": run.card.hidden,
        "comparison": run.card.comparison.comparison_id if run.card.comparison else "",
        "parent": run.parent,
        "forked_at": run.forked_at,
        "until": run.until,
        "created": run.created,
        "resumable": run.resumable,
        "remedies": fitting(run.config),
        "cures": offered(run),
    }


def encode_snapshot(snapshot: Snapshot, said: Sequence[Badge] = ()) -> bytes:
    """An instant of a run, and what is to be `said` of it; what never changes in a run is left to `encode_fixed`."""
    return to_json(
        {
            "run": snapshot.run_id,
            "version": snapshot.version,
            "generation": snapshot.generation,
            "status": snapshot.status,
            "reason": snapshot.reason,
            "step": snapshot.step,
            "epoch": _finite(snapshot.epoch),
            "steps_per_second": _finite(snapshot.steps_per_second),
            "device": snapshot.device,
            "data_source": snapshot.data_source,
            "live": snapshot.live,
            "since": dict(snapshot.since),
            "losses": {name: _finite(value) for name, value in snapshot.losses.items()},
            "badges": [asdict(badge) for badge in said],
            "view": None if snapshot.view is None else _view(snapshot.view.in_plane, snapshot.view.latents.shape[-1]),
        }
    )


def _view(view: View, dims: int) -> dict[str, Any]:
    """A view in its plane; the latent space has `dims` dimensions."""
    levels, codes, _ = view.codebooks.shape
    return {
        "levels": levels,
        "codes": codes,
        "sizes": list(view.sizes),
        "dims": dims,
        "explained": _finite(view.explained),
        "codebooks": pack_scaled(without_padding(view.codebooks, view.sizes)),
        "latents": pack_scaled(view.latents),
        "assigned": pack(view.codes, "<u1" if codes <= 256 else "<u2"),
        "counts": pack(view.health.counts, "<i4"),
        "dead": "".join("1" if dead else "0" for dead in view.health.dead.ravel()),
        "active": view.health.active.tolist(),
        "perplexity": [_finite(value) for value in view.health.perplexity],
        "window": int(view.health.window),
        "threshold": float(view.health.threshold),
        "reconstructions": pack_greys(view.reconstructions),
        "probe_mse": _finite(view.probe_mse),
    }


def encode_fixed(view: View) -> bytes:
    """What stays as it is in a run: the probe's labels, and the images whose reconstructions are shown."""
    shown, height, width = view.inputs.shape
    shape = {"shown": shown, "height": height, "width": width}
    return to_json({"labels": pack(view.labels, "<u1"), "inputs": pack_greys(view.inputs), **shape})


def encode_history(history: History, known_to: int, basis: Float[np.ndarray, "D 2"] | None = None) -> bytes:
    """Points after step `known_to`, and the events from there on; 0 says: all there is.

    Where codes moved is told in the plane of `basis`; without one, if they have two dimensions.
    """
    told = [event for event in history.events if event.kind in TOLD]
    recent = [event for event in told if event.kind == "remedy"][-RECENT_REMEDIES:]
    return to_json(
        {
            "run": history.run_id,
            "generation": history.generation,
            "stride": history.stride,
            "after": known_to,
            "steps": pack(history.steps, "<i4"),
            "columns": {name: pack(values, "<f4") for name, values in history.columns.items()},
            "events": [_event(event, basis, places=event in recent) for event in told],
        }
    )


def encode_probes(probes: Probes) -> bytes:
    """The run's figures at the steps at which it was seen through the probe; the codes stay here."""
    return to_json(
        {
            "generation": probes.generation,
            "steps": pack(probes.steps, "<i4"),
            "mse": pack(probes.mse, "<f4"),
            "active": pack(probes.active, "<f4"),
            "perplexity": pack(probes.perplexity, "<f4"),
        }
    )


def encode_divergence(a: str, b: str, apart: Divergence) -> bytes:
    """How far runs `a` and `b` have come apart."""
    return to_json(
        {
            "a": a,
            "b": b,
            "steps": pack(apart.steps, "<i4"),
            "codes": pack(apart.codes, "<f4"),
            "distance": pack(apart.distance, "<f4"),
            "mse": pack(apart.mse, "<f4"),
        }
    )


def _event(event: Event, basis: np.ndarray | None, *, places: bool) -> dict[str, Any]:
    """A change of a setting; a run that came back, and a remedy, are like one, of their step."""
    if event.kind == "recovered":
        return {"step": event.step, "name": "recovered", "old": event.detail["was"], "new": event.step}
    if event.kind == "remedy":
        return {"step": event.step, "name": "remedy", **_remedy(event.detail, basis, places=places)}
    return {"step": event.step, **_jsonable(event.detail)}


def _remedy(detail: Mapping[str, Any], basis: np.ndarray | None, *, places: bool) -> dict[str, Any]:
    """How many codes of each level a remedy moved; and, with `places`, from where to where it moved the first of them."""
    moved = Counter(int(level) for level, _ in detail["codes"])
    told: dict[str, Any] = {"remedy": detail["name"], "by": detail["by"], "moved": sorted(moved.items())}
    old, new = (np.asarray(detail.get(name, ()), np.float64) for name in ("old", "new"))
    if not places or old.ndim != 2 or (basis is None and old.shape[-1] != 2):
        return told
    both = [at if basis is None else at @ basis for at in (old, new)]
    return {**told, "codes": detail["codes"][: len(old)], "places": pack_scaled(np.stack(both))}


def _jsonable(detail: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _finite(value) if isinstance(value, float) else value for name, value in detail.items()}


def _finite(value: float) -> float | None:
    return float(f"{value:.6g}") if math.isfinite(value) else None
