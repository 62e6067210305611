"""Settings that have no effect on some runs, and why: their controls say so, and cannot be moved."""

from collections.abc import Mapping
from dataclasses import dataclass

from explorer.config import RunConfig, value_of
from explorer.settings import LIVE_SETTINGS


@dataclass(frozen=True, slots=True)
class NoEffect:
    """A setting has no effect where another one, `setting`, has one of `values`."""

    setting: str
    values: tuple[object, ...]
    why: str


NO_EFFECT: dict[str, NoEffect] = {
    "codebook": NoEffect("codebook_update", ("ema",), "no effect under EMA"),
    "ema_decay": NoEffect("codebook_update", ("gradient",), "no effect without EMA"),
    "entropy_temperature": NoEffect("entropy", (0,), "no effect: λ_entropy is 0"),
    "transport_epsilon": NoEffect("transport", (0,), "no effect: λ_transport is 0"),
    "remedy_every": NoEffect("remedy", ("none",), "no effect: no remedy"),
    "init_scale": NoEffect("codebook_init", ("uniform", "data", "kmeans"), "no effect unless normal"),
    "schedule_steps": NoEffect("schedule", ("constant",), "no effect: it is constant"),
}


def without_effect(name: str, config: RunConfig, live: Mapping[str, float]) -> str:
    """Why a setting has no effect on a run of this config with these live settings; "" if it has."""
    rule = NO_EFFECT.get(name)
    if rule is None:
        return ""
    held = live[rule.setting] if rule.setting in LIVE_SETTINGS else value_of(config, rule.setting)
    return rule.why if held in rule.values else ""


def depending_on(name: str) -> list[str]:
    """The settings that another one can leave without effect."""
    return [other for other, rule in NO_EFFECT.items() if rule.setting == name]
