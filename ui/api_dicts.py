"""Runs, snapshots, curves and comparisons as JSON, for the endpoints: arrays as nested lists, None for what is no number."""

import math
from typing import Any

from actors.lab import RunInfo
from explorer.messages import History, Snapshot, View
from explorer.sweep import differing


def run_dict(info: RunInfo) -> dict[str, Any]:
    """A run as JSON."""
    return {
        "run_id": info.run_id,
        "name": info.name,
        "status": info.status,
        "reason": info.reason,
        "step": info.step,
        "config": info.config.to_dict(),
        "lambdas": info.lambdas.to_dict(),
        "learning_rate": info.live["learning_rate"],
        "live": dict(info.live),
        "parent": info.parent,
        "forked_at": info.forked_at,
        "until": info.until,
        "resumable": info.resumable,
        "steps_per_second": info.steps_per_second,
        "note": info.card.note,
        "comparison": info.card.comparison.comparison_id if info.card.comparison else "",
    }


def snapshot_dict(snapshot: Snapshot) -> dict[str, Any]:
    """A snapshot as JSON; before the model exists, what needs it is empty."""
    return {
        "run_id": snapshot.run_id,
        "status": snapshot.status,
        "reason": snapshot.reason,
        "step": snapshot.step,
        "epoch": snapshot.epoch,
        "generation": snapshot.generation,
        "steps_per_second": snapshot.steps_per_second,
        "device": snapshot.device,
        "data_source": snapshot.data_source,
        "lambdas": snapshot.lambdas.to_dict(),
        "learning_rate": snapshot.live["learning_rate"],
        "live": snapshot.live,
        "since": snapshot.since,
        "losses": {name: finite(value) for name, value in snapshot.losses.items()},
        **(_NO_VIEW if snapshot.view is None else view_dict(snapshot.view)),
    }


def view_dict(view: View) -> dict[str, Any]:
    """What the probe shows, as JSON."""
    health = view.health
    return {
        "codebooks": view.codebooks.tolist(),
        "counts": health.counts.tolist(),
        "dead": health.dead.tolist(),
        "health": {
            "sizes": list(health.sizes),
            "window": health.window,
            "threshold": health.threshold,
            "active": health.active.tolist(),
            "usage": health.usage.tolist(),
            "perplexity": health.perplexity.tolist(),
        },
        "latents": view.latents.tolist(),
        "labels": view.labels.tolist(),
        "codes": view.codes.tolist(),
        "inputs": view.inputs.tolist(),
        "reconstructions": view.reconstructions.tolist(),
        "by_level": view.by_level.tolist(),
        "probe_mse": finite(view.probe_mse),
        "basis": view.basis.tolist(),
        "explained": finite(view.explained),
        "residual_ratio": [finite(ratio) for ratio in view.residual_ratio],
        "tuples": view.tuples,
        "motion": view.motion.tolist(),
    }


_ARRAYS = (
    *("codebooks", "counts", "dead", "latents", "labels", "codes", "inputs", "reconstructions"),
    *("by_level", "basis", "residual_ratio", "motion"),
)
_NO_VIEW: dict[str, Any] = {
    **{name: [] for name in _ARRAYS},
    "health": {"sizes": [], "window": 0, "threshold": 0.0, "active": [], "usage": [], "perplexity": []},
    "probe_mse": None,
    "explained": None,
    "tuples": 0,
}


def finite(value: float) -> float | None:
    """The number, or None for what JSON does not know: a loss that is not computed is NaN."""
    return float(value) if math.isfinite(value) else None


def history_dict(history: History) -> dict[str, Any]:
    """Curves and events as JSON."""
    return {
        "run_id": history.run_id,
        "generation": history.generation,
        "stride": history.stride,
        "steps": history.steps.tolist(),
        "columns": {name: [finite(value) for value in column] for name, column in history.columns.items()},
        "events": [{"step": e.step, "kind": e.kind, "detail": e.detail} for e in history.events],
    }


def comparison_dict(infos: list[RunInfo]) -> dict[str, Any]:
    """A comparison as JSON."""
    comparison = infos[0].card.comparison
    assert comparison is not None
    return {
        "comparison": comparison.comparison_id,
        "name": comparison.name,
        "in_step": comparison.in_step,
        "preset": comparison.preset,
        "differs": differing([info.config for info in infos]),
        "runs": [run_dict(info) for info in infos],
    }
