"""The programmatic face: the named endpoints. JSON in and out, arrays as nested lists, errors in words."""

import re
import time
from collections.abc import Callable
from dataclasses import asdict
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import gradio as gr
import gradio.events

from actors.comparisons import Comparisons
from actors.deriving import SHAPING, fork
from actors.lab import Lab
from explorer.choices import CHOICES
from explorer.config import Lambdas, RunConfig
from explorer.errors import ConfigError, ExplorerError
from explorer.messages import Snapshot
from explorer.presets import PRESETS
from explorer.settings import LAMBDA_SETTINGS, LIVE_SETTINGS, RUN_SETTINGS, STEP
from explorer.sweep import grid
from ui.api_dicts import comparison_dict, history_dict, run_dict, snapshot_dict
from ui.cures import remedies
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


def told(text: str) -> str:
    """A description with the settings of the tables in place."""
    ways = "; ".join(f"{name} {', '.join(choice.ways)}" for name, choice in CHOICES.items())
    names = {
        "config": ", ".join([*RUN_SETTINGS, *CHOICES]),
        "lambdas": ", ".join(LAMBDA_SETTINGS),
        "live": ", ".join(LIVE_SETTINGS),
        "ways": ways,
        "remedies": " or ".join(remedies()),
        "shaping": ", ".join(SHAPING),
    }
    return re.sub(r"@(\w+)@", lambda match: names[match[1]], text)


def fresh_snapshot(lab: Lab, run_id: str) -> Snapshot:
    """A snapshot no older than this call, or the newest there is after two seconds."""
    snapshot = lab.get_snapshot(run_id)
    wanted = next((info.step for info in lab.runs() if info.run_id == run_id), 0)
    deadline = time.monotonic() + FRESH_WITHIN
    while snapshot.status == "running" and snapshot.step < wanted and time.monotonic() < deadline:
        time.sleep(0.05)
        snapshot = lab.get_snapshot(run_id)
    return snapshot


def expose(lab: Lab, comparisons: Comparisons) -> None:
    """Add the endpoints to the Blocks that is being built."""

    def start_run(config: dict, name: str = "") -> dict:
        """Start a training run and return it at once.

        `config` may name any of: dataset, @config@, lambdas {@lambdas@}; what is left out has its default. Ways: @ways@.
        `codebook_size` is one size, or a list or text of one for each level: [16, 8, 4], "16/8/4".
        """
        return run_dict(lab.start(RunConfig.from_dict(config), name))

    def list_runs() -> list:
        """Every run: run_id, name, status, reason, step, config, live, lambdas, learning_rate, parent."""
        return [run_dict(info) for info in lab.runs()]

    def get_snapshot(run_id: str) -> dict:
        """One consistent instant of a run.

        Codebooks [levels][codes][latent_dim] (up to each level's size), counts and dead codes of the window, motion of codes,
        health, tuples in use; latents, labels and codes of the 512 probe images, residual_ratio a level, the basis of the plane
        in which latents are drawn and the share of their variance that it has explained; ten inputs, reconstructions, and the
        same by_level; losses (null: not computed, its weight is 0); the live settings and since when they hold; speed.
        """
        return snapshot_dict(fresh_snapshot(lab, run_id))

    def get_history(run_id: str, since: int = 0) -> dict:
        """The curves after step `since`, each point the mean of `stride` steps, and the events from that step on."""
        return history_dict(lab.get_history(run_id, int(STEP.check("since", since))))

    def set_lambdas(run_id: str, lambdas: dict) -> dict:
        """Change the loss weights {@lambdas@} that are named; `step` is the first training step that uses them."""
        Lambdas.from_dict(lambdas)
        applied = lab.set_lambdas(run_id, lambdas)
        return {"run_id": run_id, "step": applied.step, "lambdas": applied.lambdas.to_dict()}

    def set_live(run_id: str, values: dict) -> dict:
        """Change the live settings named; `step` is the first training step that uses them, `live` is all that then hold.

        `values` may name any of: @live@.
        """
        if not isinstance(values, dict):
            raise ConfigError("values", values, f"an object with some of: {', '.join(LIVE_SETTINGS)}")
        applied = lab.set_live(run_id, values)
        return {"run_id": run_id, "step": applied.step, "live": applied.live}

    def cure_run(run_id: str, remedy: str) -> dict:
        """Treat a run's dead codes once, before training step `step`: by @remedies@.

        The run's history then has an event `remedy` with the codes that moved, from where to where; none if no code was dead.
        """
        return {"run_id": run_id, "step": lab.cure(run_id, remedy).step, "remedy": remedy}

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

        `config` names what is to differ: any setting of start_run but @shaping@, which have the parent's shape. Without
        changes the fork trains exactly as its parent does; {"remedy": "reinit"} treats its dead codes again and again.
        """
        return run_dict(fork(lab, run_id, config, name or None))

    def start_comparison(
        axes: dict, config: dict, name: str = "", until: int | None = None, in_step: bool = False
    ) -> dict:
        """Start a run for each combination of the values of `axes`, such as {"commit": [0.05, 0.25, 1]}: λs and settings.

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
    steer: list[Callable[..., Any]] = [
        set_lambdas,
        set_live,
        cure_run,
        pause_run,
        resume_run,
        step_run,
        reset_run,
        stop_run,
    ]
    derive: list[Callable[..., Any]] = [
        fork_run,
        start_comparison,
        list_presets,
        start_preset,
        get_comparison,
        get_cluster,
    ]
    for endpoint in observe + steer + derive:
        endpoint.__doc__ = told(endpoint.__doc__ or "")
        gradio.events.api(in_words(endpoint), api_name=endpoint.__name__, queue=False)
