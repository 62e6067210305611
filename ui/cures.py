"""What can be done about dead codes: remedies that act once, and forks of a run that are treated while it is not."""

from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from typing import Any

from actors.lab import RunInfo
from explorer.choices import CHOICES
from explorer.config import RunConfig
from explorer.errors import ConfigError

ENTROPY = 0.1
"""λ_entropy of a fork that is cured by it."""


BY_AVERAGES = ("ema_expiry",)
"""Remedies that judge by the moving averages: what they call dead need not be dead by the window, nor the other way."""


@dataclass(frozen=True, slots=True)
class Cure:
    """What a fork is given that its parent has not."""

    label: str
    help: str
    changes: dict[str, Any]


def way_label(name: str) -> str:
    """A way's name, as a button has it."""
    words = ["EMA" if word == "ema" else word for word in name.split("_")]
    return " ".join([words[0][:1].upper() + words[0][1:], *words[1:]])


def remedies() -> dict[str, str]:
    """The remedies that do something: what they do, by name."""
    return {name: way.help for name, way in CHOICES["remedy"].ways.items() if name != "none"}


def cures() -> dict[str, Cure]:
    """What a fork can be treated with, by name."""
    treated = {
        name: Cure(way_label(name), f"dead codes: {help}", {"remedy": name}) for name, help in remedies().items()
    }
    words = f"an entropy term, λ_entropy = {ENTROPY:g}: every code gets a gradient, dead ones too"
    return {**treated, "entropy": Cure(f"Entropy λ = {ENTROPY:g}", words, {"entropy": ENTROPY})}


def cures_json() -> dict[str, Any]:
    """Remedies and cures as the page's scripts have them."""
    return {
        "remedies": {
            name: {"label": way_label(name), "help": help, "by_window": name not in BY_AVERAGES}
            for name, help in remedies().items()
        },
        "cures": {name: asdict(cure) for name, cure in cures().items()},
    }


def fitting(config: RunConfig) -> tuple[str, ...]:
    """The remedies that runs of this config can use."""
    return _fitting(config, tuple(remedies()))


def offered(run: RunInfo) -> list[str]:
    """The cures that a fork of the run can be given, and that it has not itself."""
    entropy = [] if run.live["entropy"] > 0 else ["entropy"]
    return [name for name in fitting(run.config) if name != run.config.remedy] + entropy


@lru_cache(maxsize=1024)
def _fitting(config: RunConfig, names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in names if _fits(config, name))


def _fits(config: RunConfig, remedy: str) -> bool:
    try:
        replace(config, remedy=remedy)
    except ConfigError:
        return False
    return True
