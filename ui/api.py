"""The programmatic face: the named endpoints. JSON in and out, arrays as nested lists, errors in words."""

import time
from collections.abc import Callable
from dataclasses import asdict
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import gradio as gr
import gradio.events
import numpy as np

from actors.comparisons import Comparisons
from actors.deriving import fork
from actors.lab import Lab, RunInfo
from explorer.config import Lambdas, RunConfig
from explorer.errors import ExplorerError
from explorer.messages import History, Snapshot, View
from explorer.presets import PRESETS
from explorer.settings import STEP
from explorer.sweep import differing, grid
from ui.presets import preset_dict

P = ParamSpec("P")
R = TypeVar("R")
FRESH_WITHIN = 2.0
"""Seconds that get_snapshot waits for a picture as new as the run: a run that nobody watches has an old one."""


def in_words(function: Callable[P, R]) -> Callable[P, R]:
    """The function, with every ExplorerError as an error of the API that says the same words."""

    @wraps(function)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except ExplorerError as error:
            raise gr.Error(str(error), print_exception=False) from error

    return wrapped


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
        "losses": snapshot.losses,
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
        "probe_mse": view.probe_mse,
    }


_NO_VIEW: dict[str, Any] = {
    **{name: [] for name in ("codebooks", "counts", "dead", "latents", "labels", "codes", "inputs", "reconstructions")},
    "health": {"window": 0, "threshold": 0.0, "active": [], "usage": [], "perplexity": []},
    "probe_mse": None,
}


def history_dict(history: History) -> dict[str, Any]:
    """Curves and events as JSON."""
    return {
        "run_id": history.run_id,
        "generation": history.generation,
        "stride": history.stride,
        "steps": history.steps.tolist(),
        "columns": {name: np.asarray(column).tolist() for name, column in history.columns.items()},
        "events": [{"step": e.step, "kind": e.kind, "detail": e.detail} for e in history.events],
    }


def fresh_snapshot(lab: Lab, run_id: str) -> Snapshot:
    """A snapshot no older than this call, or the newest there is after two seconds."""
    snapshot = lab.get_snapshot(run_id)
    wanted = next((info.step for info in lab.runs() if info.run_id == run_id), 0)
    deadline = time.monotonic() + FRESH_WITHIN
    while snapshot.status == "running" and snapshot.step < wanted and time.monotonic() < deadline:
        time.sleep(0.05)
        snapshot = lab.get_snapshot(run_id)
    return snapshot


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


def expose(lab: Lab, comparisons: Comparisons) -> None:
    """Add the endpoints to the Blocks that is being built."""

    def start_run(config: dict, name: str = "") -> dict:
        """Start a training run and return it at once.

        `config` may name any of: dataset, seed, batch_size, levels, codebook_size, latent_dim, learning_rate, lambdas
        {commit, codebook}, init_scale, schedule_steps, recon_loss, loss_form, codebook_update, gradient_estimator,
        codebook_init, distance, optimizer, schedule; what is left out has its default.
        """
        return run_dict(lab.start(RunConfig.from_dict(config), name))

    def list_runs() -> list:
        """Every run: run_id, name, status, reason, step, config, lambdas, learning_rate, parent."""
        return [run_dict(info) for info in lab.runs()]

    def get_snapshot(run_id: str) -> dict:
        """One consistent instant of a run.

        Codebooks [levels][codes][2], counts and dead codes of the last 100 batches, health; latents, labels and codes of
        the 512 probe images; ten inputs and reconstructions; losses and speed.
        """
        return snapshot_dict(fresh_snapshot(lab, run_id))

    def get_history(run_id: str, since: int = 0) -> dict:
        """The curves after step `since`, each point the mean of `stride` steps, and the events from that step on."""
        return history_dict(lab.get_history(run_id, int(STEP.check("since", since))))

    def set_lambdas(run_id: str, lambdas: dict) -> dict:
        """Change the loss weights {commit, codebook} that are named; `step` is the first training step that uses them."""
        Lambdas.from_dict(lambdas)
        applied = lab.set_lambdas(run_id, lambdas)
        return {"run_id": run_id, "step": applied.step, "lambdas": applied.lambdas.to_dict()}

    def pause_run(run_id: str) -> dict:
        """Pause a run after the step in progress."""
        return run_dict(lab.pause(run_id))

    def resume_run(run_id: str) -> dict:
        """Let a paused run train on."""
        return run_dict(lab.resume(run_id))

    def step_run(run_id: str, n: int = 1) -> dict:
        """Train exactly n steps, then pause."""
        return run_dict(lab.step(run_id, n))

    def reset_run(run_id: str) -> dict:
        """Take a run back to step 0, same seed; its loss weights stay as they are now."""
        return run_dict(lab.reset(run_id))

    def stop_run(run_id: str) -> dict:
        """End a run and free what it holds; its last snapshot and curves stay readable."""
        return run_dict(lab.stop(run_id))

    def fork_run(run_id: str, config: dict, name: str = "") -> dict:
        """Start a run that goes on from where this one is now.

        `config` names what is to differ: lambdas {commit, codebook}, learning_rate, batch_size, seed, dataset. Without
        changes the fork trains exactly as its parent does.
        """
        return run_dict(fork(lab, run_id, config, name or None))

    def start_comparison(
        axes: dict, config: dict, name: str = "", until: int | None = None, in_step: bool = False
    ) -> dict:
        """Start a run for each combination of the values of `axes`, such as {"commit": [0.05, 0.25, 1]}.

        `config` is shared by all. They stop by themselves after step `until`; with `in_step` none is more than 25 steps
        ahead of the slowest.
        """
        configs = grid(RunConfig.from_dict(config), axes)
        return comparison_dict(comparisons.start(configs, name, until=until, in_step=in_step))

    def list_presets() -> list:
        """The comparisons that teach: preset, title, text (what to look for), steps, and its runs: name and config."""
        return [preset_dict(preset) for preset in PRESETS.values()]

    def start_preset(preset: str, seed: int = 0) -> dict:
        """Start a preset's runs, in step, until its last step."""
        return comparison_dict(comparisons.start_preset(preset, seed))

    def get_cluster() -> dict:
        """Machines, and the place of every run that is alive."""
        cluster = lab.cluster()
        places = {run_id: asdict(place) for run_id, place in cluster.places.items()}
        return {"machines": [asdict(machine) for machine in cluster.machines], "places": places}

    def get_comparison(comparison: str) -> dict:
        """A comparison and its runs as they are now."""
        return comparison_dict(comparisons.members(comparison))

    observe: list[Callable[..., Any]] = [start_run, list_runs, get_snapshot, get_history]
    steer: list[Callable[..., Any]] = [set_lambdas, pause_run, resume_run, step_run, reset_run, stop_run]
    derive: list[Callable[..., Any]] = [
        fork_run,
        start_comparison,
        list_presets,
        start_preset,
        get_comparison,
        get_cluster,
    ]
    for endpoint in observe + steer + derive:
        gradio.events.api(in_words(endpoint), api_name=endpoint.__name__, queue=False)
