"""A run's figures for Prometheus, at the port that its node exports metrics on, each with the tag `run`."""

import threading
from collections.abc import Callable

from actors.ray_later import ray
from explorer.messages import Snapshot

EVERY = 5.0
"""Seconds from one report to the next."""
LOSSES = ("total", "recon", "commit", "codebook")
FIGURES = {
    "rqvae_step": "Training steps done.",
    "rqvae_loss_total": "Weighted loss of the newest step seen.",
    "rqvae_loss_recon": "Reconstruction loss of the newest step seen.",
    "rqvae_loss_commit": "Commitment loss of the newest step seen, unweighted.",
    "rqvae_loss_codebook": "Codebook loss of the newest step seen, unweighted.",
    "rqvae_steps_per_second": "Training speed; 0 unless it trains.",
    "rqvae_active_codes": "Codes of a level in use over the last 100 batches; tag `level` from 1.",
    "rqvae_restarts": "How often the run came back in another process.",
}


def report(run_id: str, read: Callable[[], tuple[int, float, Snapshot]], restarts: int) -> None:
    """Report what `read` says (step, speed, newest picture) for as long as the process lives."""
    tags = {name: ("run", "level") if name == "rqvae_active_codes" else ("run",) for name in FIGURES}
    gauges = {
        name: ray.util.metrics.Gauge(name, description=text, tag_keys=tags[name]) for name, text in FIGURES.items()
    }

    def live() -> None:
        while not threading.Event().wait(EVERY):
            step, speed, snapshot = read()
            values = {"rqvae_step": step, "rqvae_steps_per_second": speed, "rqvae_restarts": restarts}
            values |= {f"rqvae_loss_{name}": snapshot.losses[name] for name in LOSSES if name in snapshot.losses}
            for name, value in values.items():
                gauges[name].set(float(value), {"run": run_id})
            for level, active in enumerate(snapshot.view.health.active if snapshot.view else (), 1):
                gauges["rqvae_active_codes"].set(float(active), {"run": run_id, "level": str(level)})

    threading.Thread(target=live, name="metrics", daemon=True).start()
