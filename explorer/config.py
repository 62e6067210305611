"""The settings of a run: frozen, validated once at construction. Standard library only.

`Lambdas` and the learning rate are *live*: they may change while a run trains. Everything else is *fixed* for a run.
"""

import math
import re
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Self

from explorer.choices import CHOICES
from explorer.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Setting:
    """What a setting may be, and what it means; the command line and the page make their controls from this."""

    low: float
    high: float
    whole: bool
    live: bool
    label: str
    help: str

    @property
    def allowed(self) -> str:
        """The allowed range in words."""
        number = "a whole number" if self.whole else "a number"
        if self.low == self.high:
            return f"{self.low:g}"
        return f"{number} from {_show(self.low)} to {_show(self.high)}"

    def check(self, name: str, value: object) -> float | int:
        """`value` as int or float; raises ConfigError unless it is a finite number within the range."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ConfigError(name, value, self.allowed)
        if not self.low <= value <= self.high or not math.isfinite(value) or (self.whole and value != int(value)):
            raise ConfigError(name, value, self.allowed)
        return int(value) if self.whole else float(value)


def _show(number: float) -> str:
    return f"{number:,.0f}" if number == int(number) else f"{number:g}"


LAMBDA_SETTINGS: dict[str, Setting] = {
    "commit": Setting(
        0,
        1e6,
        whole=False,
        live=True,
        label="λ_commit",
        help="Pulls the encoder's outputs towards their codes: weight of the commitment loss, MSE(z_e, sg(z_q)).",
    ),
    "codebook": Setting(
        0,
        1e6,
        whole=False,
        live=True,
        label="λ_codebook",
        help="Pulls the codes towards the encoder's outputs: weight of the codebook loss, MSE(sg(z_e), z_q). The codes get no "
        "other gradient, and Adam divides its scale out: above 0 the value matters little, 0 leaves them where they are.",
    ),
}

RUN_SETTINGS: dict[str, Setting] = {
    "learning_rate": Setting(
        0,
        1000,
        whole=False,
        live=True,
        label="learning rate",
        help="Step size of Adam (Kingma & Ba 2015), for the encoder, the decoder and the codebooks alike.",
    ),
    "levels": Setting(
        1,
        8,
        whole=True,
        live=False,
        label="levels",
        help="How many codebooks, each quantizing what the levels before it left over (L).",
    ),
    "codebook_size": Setting(
        2, 1024, whole=True, live=False, label="codebook size", help="How many codes each level has (K)."
    ),
    "batch_size": Setting(
        1, 1024, whole=True, live=False, label="batch size", help="How many images a training step sees."
    ),
    "seed": Setting(
        0,
        2**31 - 1,
        whole=True,
        live=False,
        label="seed",
        help="Initial parameters and data order follow from it: same settings and seed, same run, bit for bit.",
    ),
    "init_scale": Setting(
        0.001,
        100,
        whole=False,
        live=False,
        label="code scale",
        help="Standard deviation of the codes at the start, where their initialisation is normal. 0.3 is of the order of "
        "the untrained encoder's outputs; with 1 a third of the codes begins out of reach, and stays dead.",
    ),
    "schedule_steps": Setting(
        2,
        1_000_000,
        whole=True,
        live=False,
        label="schedule steps",
        help="The step at which the learning rate's schedule ends; without effect while it is constant.",
    ),
    "latent_dim": Setting(
        2, 2, whole=True, live=False, label="latent dimension", help="Dimensions of the latent space (D)."
    ),
}

STEPS = Setting(1, 100_000, whole=True, live=True, label="steps", help="How many training steps to take.")

STEP = Setting(0, 2**53, whole=True, live=True, label="step", help="A training step, counted from 1; 0 is the start.")

DATASET_HELP = "A TFDS data set of 28 × 28 × 1 images with ten labels, such as mnist, fashion_mnist or kmnist."
_DATASET_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}(/[a-z0-9_.]{1,64})?")


@dataclass(frozen=True, slots=True)
class Lambdas:
    """Loss weights: total = recon + Σ λ·term. Finite, from 0 to 10⁶; raises ConfigError otherwise."""

    commit: float = 0.25
    codebook: float = 1.0

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
    """All that determines a run: two runs of equal configs are bit-identical. Raises ConfigError."""

    dataset: str = "mnist"
    seed: int = 0
    batch_size: int = 128
    levels: int = 2
    codebook_size: int = 16
    latent_dim: int = 2
    init_scale: float = 0.3
    learning_rate: float = 1e-3
    schedule_steps: int = 2000
    recon_loss: str = "mse"
    loss_form: str = "final"
    codebook_update: str = "gradient"
    gradient_estimator: str = "straight_through"
    codebook_init: str = "normal"
    distance: str = "euclidean"
    optimizer: str = "adam"
    schedule: str = "constant"
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

    @classmethod
    def from_dict(cls, values: object) -> Self:
        """From plain JSON: names to values, `lambdas` a mapping of its own. Raises ConfigError."""
        known = _known("config", values, {f.name: f for f in fields(cls)})
        if "lambdas" in known:
            known["lambdas"] = Lambdas.from_dict(known["lambdas"])
        return cls(**known)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON that `from_dict` takes back."""
        return asdict(self)


def _known(what: str, values: object, names: dict[str, Any]) -> dict[str, Any]:
    if not isinstance(values, dict):
        raise ConfigError(what, values, f"an object with some of: {', '.join(names)}")
    unknown = [key for key in values if key not in names]
    if unknown:
        raise ConfigError(what, unknown[0], f"made of {', '.join(names)}")
    return dict(values)


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
