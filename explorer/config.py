"""The configuration of a run: frozen, validated once at construction. Standard library only.

What each setting may be stands in `explorer.settings` (numbers) and `explorer.choices` (named ways).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from difflib import get_close_matches
from typing import Any, Self

from explorer.choices import CHOICES
from explorer.errors import ConfigError
from explorer.settings import LAMBDA_SETTINGS, LIVE_SETTINGS, RUN_SETTINGS

DATASET_HELP = "A TFDS data set of 28 × 28 × 1 images with ten labels, such as mnist, fashion_mnist or kmnist."
_DATASET_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}(/[a-z0-9_.]{1,64})?")


@dataclass(frozen=True, slots=True)
class Lambdas:
    """Loss weights: total = recon + Σ λ·term. Finite, from 0 to 10⁶; raises ConfigError otherwise."""

    commit: float = 0.25
    codebook: float = 1.0
    entropy: float = 0.0
    transport: float = 0.0

    def __post_init__(self) -> None:
        for name, setting in LAMBDA_SETTINGS.items():
            object.__setattr__(self, name, setting.check(setting.label, getattr(self, name)))

    @classmethod
    def from_dict(cls, values: object) -> Self:
        """From a mapping of names to numbers; names that are left out keep their default. Raises ConfigError."""
        return cls(**_known("lambdas", values, LAMBDA_SETTINGS))

    def updated(self, values: object) -> Self:
        """A copy with the named weights changed. Raises ConfigError."""
        return replace(self, **_known("lambdas", values, LAMBDA_SETTINGS))

    def to_dict(self) -> dict[str, float]:
        """Names to numbers."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class RunConfig:
    """All that determines a run: two runs of equal configs are bit-identical. Raises ConfigError.

    `codebook_size` is one size, or a tuple of one for each level.
    """

    dataset: str = "mnist"
    seed: int = 0
    batch_size: int = 128
    levels: int = 2
    codebook_size: int | tuple[int, ...] = 16
    latent_dim: int = 2
    init_scale: float = 0.3
    learning_rate: float = 1e-3
    schedule_steps: int = 2000
    entropy_temperature: float = 0.3
    transport_epsilon: float = 0.05
    ema_decay: float = 0.99
    dead_threshold: float = 0.01
    dead_window: int = 100
    remedy_every: int = 100
    recon_loss: str = "mse"
    loss_form: str = "final"
    codebook_update: str = "gradient"
    gradient_estimator: str = "straight_through"
    codebook_init: str = "normal"
    distance: str = "euclidean"
    optimizer: str = "adam"
    schedule: str = "constant"
    level_dropout: str = "none"
    remedy: str = "none"
    lambdas: Lambdas = field(default_factory=Lambdas)

    def __post_init__(self) -> None:
        for name, setting in RUN_SETTINGS.items():
            object.__setattr__(self, name, setting.check(name, getattr(self, name)))
        for name, choice in CHOICES.items():
            choice.check(name, getattr(self, name))
        if not isinstance(self.dataset, str) or not _DATASET_NAME.fullmatch(self.dataset):
            raise ConfigError("dataset", self.dataset, "the name of a TFDS data set, such as mnist or fashion_mnist")
        if not isinstance(self.lambdas, Lambdas):
            raise ConfigError("lambdas", self.lambdas, "a Lambdas")
        if isinstance(self.codebook_size, tuple):
            self._check_sizes(self.codebook_size)
        if self.remedy == "ema_expiry" and self.codebook_update != "ema":
            raise ConfigError("remedy", self.remedy, "none, reinit or split, unless codebook_update is ema")

    def _check_sizes(self, sizes: tuple[int, ...]) -> None:
        if len(sizes) != self.levels:
            allowed = f"one size for each of the {self.levels} levels, or one for all"
            raise ConfigError("codebook_size", "/".join(str(size) for size in sizes), allowed)
        if len(set(sizes)) == 1:
            object.__setattr__(self, "codebook_size", sizes[0])

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many codes each level has."""
        return self.codebook_size if isinstance(self.codebook_size, tuple) else (self.codebook_size,) * self.levels

    @property
    def codebooks_shape(self) -> tuple[int, int, int]:
        """(L, K, D) of the codebooks as one array, K the largest level's size: rows beyond a level's own are no codes."""
        return self.levels, max(self.sizes), self.latent_dim

    @property
    def live(self) -> dict[str, float]:
        """The live settings by name, λs among them."""
        return {name: value_of(self, name) for name in LIVE_SETTINGS}

    def with_live(self, values: Mapping[str, object]) -> Self:
        """A copy with live settings changed. Raises ConfigError."""
        for name in values:
            if name not in LIVE_SETTINGS:
                raise ConfigError("live setting", name, f"one of {', '.join(LIVE_SETTINGS)}")
        weights = {name: value for name, value in values.items() if name in LAMBDA_SETTINGS}
        others = {name: value for name, value in values.items() if name not in LAMBDA_SETTINGS}
        return replace(self, lambdas=self.lambdas.updated(weights), **others)

    @classmethod
    def from_dict(cls, values: object) -> Self:
        """From plain JSON: names to values, `lambdas` a mapping of its own. Raises ConfigError."""
        known = _known("config", values, {f.name: f for f in fields(cls)})
        if "lambdas" in known:
            known["lambdas"] = Lambdas.from_dict(known["lambdas"])
        return cls(**known)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON that `from_dict` takes back."""
        sizes = self.codebook_size
        return {**asdict(self), "codebook_size": list(sizes) if isinstance(sizes, tuple) else sizes}


def value_of(config: RunConfig, name: str) -> Any:
    """The config's value of a setting, λs by their own names."""
    return getattr(config.lambdas if name in LAMBDA_SETTINGS else config, name)


FEW = 6


def _known(what: str, values: object, names: dict[str, Any]) -> dict[str, Any]:
    if not isinstance(values, dict):
        raise ConfigError(what, values, f"an object made of {nearest('', list(names))}")
    unknown = [key for key in values if key not in names]
    if unknown:
        raise ConfigError(what, unknown[0], f"made of {nearest(str(unknown[0]), list(names))}")
    return dict(values)


def nearest(name: str, names: Sequence[str]) -> str:
    """The names, few of them; of many those that look like the one that was meant, or the first."""
    if len(names) <= FEW:
        return ", ".join(names)
    near = get_close_matches(name, names, FEW)
    return f"settings such as {', '.join(near or list(names)[:FEW])} ({len(names)} in all)"


def check_note(note: object) -> str:
    """A sentence about a run, trimmed; raises ConfigError unless it has at most 280 printable characters."""
    if not isinstance(note, str) or len(note.strip()) > 280 or not note.isprintable():
        raise ConfigError("note", note, "a sentence of at most 280 printable characters")
    return note.strip()


def check_name(name: object) -> str:
    """A run's display name, trimmed; raises ConfigError unless it is 1 to 60 printable characters."""
    if not isinstance(name, str) or not 1 <= len(name.strip()) <= 60 or not name.isprintable():
        raise ConfigError("name", name, "1 to 60 printable characters")
    return name.strip()
