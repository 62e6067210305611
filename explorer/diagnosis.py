"""What is to be said of a run, in words, each with its reason and what could be tried. Pure; worst first."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from explorer.config import RunConfig
from explorer.messages import Event, Health, History, Snapshot, View
from explorer.settings import LIVE_SETTINGS

Tone = Literal["bad", "warn", "note", "good"]
MANY_DEAD = 0.25
"""Share of a level's codes from which dead ones are bad rather than a warning."""
COLLAPSED = 1.5
"""Perplexity below which a level tells next to nothing apart."""
WORSE = 1.0
"""Residual ratio beyond which a level adds error instead of taking it away."""
RISING = 1.05
"""The loss is rising if it is so many times what it was before a change."""
RISING_STEPS = 50
"""Steps before, and newest steps, over which the loss is averaged for that."""


@dataclass(frozen=True, slots=True)
class Badge:
    """A few words, and a sentence of advice. `level` counts from 0; None: of the whole run."""

    tone: Tone
    words: str
    advice: str
    level: int | None = None


def badges(config: RunConfig, snapshot: Snapshot, history: History | None = None) -> list[Badge]:
    """All that is to be said; nothing before there is a model."""
    view = snapshot.view
    if view is None:
        return []
    found = [*_dead(config, snapshot.live, view), *_worse(view), *_rising(history), *_idle(config, snapshot.live)]
    order = {"bad": 0, "warn": 1, "good": 2, "note": 3}
    if not any(badge.tone in ("bad", "warn") for badge in found):
        found.append(_fine(view.health))
    return sorted(found, key=lambda badge: order[badge.tone])


def _fine(health: Health) -> Badge:
    if health.window == 0:
        return Badge("note", "no batch yet", "Start it, or train a step.")
    levels = len(health.sizes)
    words = {1: "level healthy", 2: "both levels healthy"}.get(levels, f"all {levels} levels healthy")
    return Badge("good", words, "Every code is in use.")


def _dead(config: RunConfig, live: dict[str, float], view: View) -> Iterator[Badge]:
    health = view.health
    if health.window == 0:
        return
    collapsed = [level for level, size in enumerate(health.sizes) if _is_collapsed(health, level, size)]
    if collapsed:
        yield Badge("bad", f"{_listed(collapsed, len(health.sizes))} collapsed", _after_collapse(config, live))
    for level, size in enumerate(health.sizes):
        dead = size - int(health.active[level])
        if level in collapsed or not dead:
            continue
        share = dead / size
        words = f"{share:.0%} dead" if share >= MANY_DEAD else f"{dead} of {size} dead"
        tone: Tone = "bad" if share >= MANY_DEAD else "warn"
        yield Badge(tone, f"level {level + 1}: {words}", _after_death(config, live, health, size), level)


def _is_collapsed(health: Health, level: int, size: int) -> bool:
    return bool(size > 2 and (health.active[level] <= 1 or health.perplexity[level] < COLLAPSED))


def _after_collapse(config: RunConfig, live: dict[str, float]) -> str:
    if live["commit"] >= 1:
        return (
            f"Nearly everything goes to one code, and λ_commit {live['commit']:g} holds it there: lower it, then reset, or fork "
            "with the remedy reinit."
        )
    return f"Nearly everything goes to one code: fork with the remedy reinit, or {_better_start(config)}."


def _after_death(config: RunConfig, live: dict[str, float], health: Health, size: int) -> str:
    if size * health.threshold >= 1:
        below = f"below the threshold of {health.threshold:.2%}: lower “dead below”"
        return f"With {size:,} codes even use is {1 / size:.2%} each, {below}."
    treat = "treat them with reinit or split" if config.remedy == "none" else f"let {config.remedy} act more often"
    if live["commit"] >= 1:
        return f"λ_commit {live['commit']:g} pulls the encoder's outputs together: lower it, then {treat}."
    return f"They get less than {health.threshold:.2%} of the choices: {treat}, or {_better_start(config)}."


def _better_start(config: RunConfig) -> str:
    if config.codebook_init in ("normal", "uniform"):
        return "begin a run with data initialisation"
    return "begin a run with fewer codes"


def _worse(view: View) -> Iterator[Badge]:
    for level, ratio in enumerate(view.residual_ratio):
        if np.isfinite(ratio) and ratio > WORSE and view.health.window:
            words = f"level {level + 1} makes it worse (residual ratio {ratio:.2g})"
            advice = (
                "What it leaves over is larger than what came in. Train on; if that stays, use the per_level loss form or fewer "
                "levels."
            )
            yield Badge("warn", words, advice, level)


def _rising(history: History | None) -> Iterator[Badge]:
    """Whether the reconstruction loss rises since a live setting was changed: unweighted, so that weights do not matter."""
    change = _last_change(history.events) if history is not None else None
    if history is None or change is None:
        return
    name = "loss/mse" if "loss/mse" in history.columns else "loss/recon"
    loss, steps = history.columns.get(name), history.steps
    if loss is None or not len(steps) or steps[-1] < change.step + RISING_STEPS:
        return
    before = loss[(steps < change.step) & (steps >= change.step - RISING_STEPS)]
    since = loss[steps >= max(change.step, int(steps[-1]) - RISING_STEPS)]
    if len(before) and len(since) and float(np.mean(since)) > RISING * float(np.mean(before)):
        label = LIVE_SETTINGS[change.detail["name"]].label
        grown = float(np.mean(since)) / float(np.mean(before)) - 1
        words = f"loss is rising since {label} changed at step {change.step:,}"
        advice = (
            f"The reconstruction loss is {grown:.0%} above what it was. Take {label} back from {change.detail['new']:g} to "
            f"{change.detail['old']:g}, or watch whether it recovers."
        )
        yield Badge("warn", words, advice)


def _last_change(events: Sequence[Event]) -> Event | None:
    changes = [event for event in events if event.kind == "setting" and event.detail["name"] in LIVE_SETTINGS]
    return changes[-1] if changes else None


def _idle(config: RunConfig, live: dict[str, float]) -> Iterator[Badge]:
    """Settings that do nothing here."""
    if config.codebook_update == "ema" and live["codebook"] > 0:
        yield Badge("note", "λ_codebook has no effect under EMA", "Codes are moving averages: EMA decay says how fast.")
    if config.codebook_update == "gradient" and live["codebook"] == 0 and not live["entropy"] and not live["transport"]:
        yield Badge("note", "codes stand still: λ_codebook is 0", "They get no other gradient: raise λ_codebook.")
    if live["learning_rate"] == 0:
        yield Badge("note", "nothing learns: the learning rate is 0", "Raise it.")


def _listed(levels: Sequence[int], of: int) -> str:
    if len(levels) == of:
        return {1: "level", 2: "both levels"}.get(of, "all levels")
    names = [f"{level + 1}" for level in levels]
    joined = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    return f"level{'s' if len(names) > 1 else ''} {joined}"
