"""Runs made from other runs: forks, and replays of a schedule. Over any Lab."""

from collections.abc import Mapping
from typing import Any

from actors.lab import Lab, Plan, RunInfo
from actors.record import changes_of
from explorer.config import RunConfig, nearest
from explorer.errors import ConfigError
from explorer.settings import LAMBDA_SETTINGS
from explorer.sweep import AXES

SHAPING = ("levels", "codebook_size", "latent_dim", "codebook_update", "optimizer")
"""Settings that a fork shares with its parent: what it goes on from has their shape."""


def fork(lab: Lab, run_id: str, changes: Mapping[str, Any], name: str | None = None) -> RunInfo:
    """A run that goes on from where `run_id` is now, with other weights or settings; without changes exactly as it would.

    `changes` maps names of RunConfig, or of λs, to values. Raises ConfigError, and what `get_state` raises.
    """
    parent = next((info for info in lab.runs() if info.run_id == run_id), None)
    if parent is not None:
        _changed(parent.config, changes, fork=True)  # a mistake is told before anything is copied
    state = lab.get_state(run_id)
    config = _changed(state.config, changes, fork=True)
    named = name or f"{parent.name if parent else run_id} ↳ {state.step:,}"[:60]
    return lab.start(config, named, Plan(parent=run_id, origin=state))


def replay(lab: Lab, run_id: str, changes: Mapping[str, Any], name: str | None = None) -> RunInfo:
    """A new run from step 0 that makes the changes of `run_id`'s live settings at the same steps."""
    source = next((info for info in lab.runs() if info.run_id == run_id), None)
    history = lab.get_history(run_id)
    assert source is not None
    schedule = changes_of(history.events)
    begun = {
        **source.live,
        **{c.detail["name"]: c.detail["old"] for c in reversed(history.events) if c.kind == "setting"},
    }
    config = _changed(_changed(source.config, begun), changes)
    return lab.start(config, name or f"schedule of {source.name}"[:60], Plan(schedule=schedule))


def _changed(config: RunConfig, changes: object, *, fork: bool = False) -> RunConfig:
    if not isinstance(changes, Mapping):
        raise ConfigError("changes", changes, "an object of settings and their values")
    plain = config.to_dict()
    for key, value in changes.items():
        if key == "lambdas" and isinstance(value, Mapping):
            plain["lambdas"] |= dict(value)
        elif key in LAMBDA_SETTINGS:
            plain["lambdas"][key] = value
        elif key not in plain:
            raise ConfigError("changes", key, f"made of {nearest(str(key), [*LAMBDA_SETTINGS, *plain])}")
        elif fork and key in SHAPING and value != plain[key]:
            shape = "its parent's, because its codebooks and moments have that shape; start a new run instead"
            raise ConfigError(AXES[key].label if key in AXES else key, value, f"{plain[key]} in this fork: {shape}")
        else:
            plain[key] = value
    return RunConfig.from_dict(plain)
