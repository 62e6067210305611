"""The settings that are numbers, as one table: what each may be and what it means. Standard library only.

*Live* settings may change while a run trains: λs, the learning rate, and what losses, averages and remedies are tuned by.
Everything else is *fixed* for a run. The command line, the page and sweeps make their controls from these tables, and from
that of `explorer.choices`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from explorer.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Setting:
    """What a setting may be, and what it means."""

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
        return f"{number} from {_show(self.low)} to {_show(self.high)}"

    def check(self, name: str, value: object) -> float | int:
        """`value` as int or float; raises ConfigError unless it is a finite number within the range."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ConfigError(name, value, self.allowed)
        if not self.low <= value <= self.high or not math.isfinite(value) or (self.whole and value != int(value)):
            raise ConfigError(name, value, self.allowed)
        return int(value) if self.whole else float(value)

    def read(self, name: str, text: str) -> float | int:
        """The value that a text says. Raises ConfigError."""
        try:
            return self.check(name, float(text))
        except ValueError:
            raise ConfigError(name, text, self.allowed) from None


class Sizes(Setting):
    """One size, or one for each level."""

    @property
    def allowed(self) -> str:
        """The allowed values in words."""
        return f"{super().allowed}, or one for each level, such as 16/8/4"

    def check(self, name: str, value: object) -> int | tuple[int, ...]:  # pyright: ignore[reportIncompatibleMethodOverride]
        """`value` as an int or, if it is a sequence of sizes that differ, as a tuple of ints. Raises ConfigError."""
        if isinstance(value, str):
            return self.read(name, value)
        if not isinstance(value, Sequence):
            return int(self._one(name, value))
        sizes = [int(self._one(name, size)) for size in value]
        if not sizes:
            raise ConfigError(name, value, self.allowed)
        return tuple(sizes) if len(sizes) > 1 else sizes[0]

    def read(self, name: str, text: str) -> int | tuple[int, ...]:  # pyright: ignore[reportIncompatibleMethodOverride]
        """The sizes that a text such as "16", "16/8/4" or "16, 8, 4" says. Raises ConfigError."""
        words = text.replace("/", ",").split(",")
        try:
            return self.check(name, [float(word) for word in words])
        except ValueError:
            raise ConfigError(name, text.strip(), self.allowed) from None

    def _one(self, name: str, value: object) -> float | int:
        try:
            return Setting.check(self, name, value)
        except ConfigError:
            raise ConfigError(name, value, self.allowed) from None


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
    "entropy": Setting(
        0,
        1e6,
        whole=False,
        live=True,
        label="λ_entropy",
        help="Sharpens each choice and spreads all of them: weight of E[H(p)] − H(E[p]), with p = softmax(−‖r − e‖²/T) over a "
        "level's codes (Yu et al. 2023). Every code gets a gradient, dead ones too. At 0 the term is not computed.",
    ),
    "transport": Setting(
        0,
        1e6,
        whole=False,
        live=True,
        label="λ_transport",
        help="Draws codes and residuals together so that every code serves as many: weight of the entropic optimal-transport "
        "cost between a batch's residuals and a level's codes (Cuturi 2013). At 0 the term is not computed.",
    ),
}

RUN_SETTINGS: dict[str, Setting] = {
    "learning_rate": Setting(
        0,
        1000,
        whole=False,
        live=True,
        label="learning rate",
        help="What the optimizer's steps are scaled by, for the encoder, the decoder and the codebooks alike.",
    ),
    "entropy_temperature": Setting(
        1e-4,
        1e4,
        whole=False,
        live=True,
        label="temperature",
        help="T in the entropy term's p = softmax(−‖r − e‖²/T): the smaller, the fewer codes an image is shared among.",
    ),
    "transport_epsilon": Setting(
        1e-4,
        1e4,
        whole=False,
        live=True,
        label="transport ε",
        help="Regularisation of the transport term: the smaller, the nearer the plan is to one code an image.",
    ),
    "ema_decay": Setting(
        0,
        0.9999,
        whole=False,
        live=True,
        label="EMA decay",
        help="γ in N ← γN + (1−γ)n, for codes that are moving averages: the larger, the slower they follow.",
    ),
    "dead_threshold": Setting(
        0,
        0.5,
        whole=False,
        live=True,
        label="dead below",
        help="A code with less than this share of its level's choices in the window is dead. With K codes even use is 1/K each.",
    ),
    "dead_window": Setting(
        1,
        100,
        whole=True,
        live=True,
        label="window",
        help="How many of the last batches the use of codes is counted over.",
    ),
    "remedy_every": Setting(
        1,
        100_000,
        whole=True,
        live=True,
        label="remedy every",
        help="Steps from one time that the run's remedy treats dead codes to the next.",
    ),
    "levels": Setting(
        1,
        8,
        whole=True,
        live=False,
        label="levels",
        help="How many codebooks, each quantizing what the levels before it left over (L).",
    ),
    "codebook_size": Sizes(
        2,
        1024,
        whole=True,
        live=False,
        label="codebook size",
        help="How many codes each level has (K); or one size for each level, such as 16/8/4.",
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
    "latent_dim": Setting(
        2,
        16,
        whole=True,
        live=False,
        label="latent dimension",
        help="Dimensions of the latent space (D). Beyond 2 the planes show the first two principal components of z_e.",
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
}

LIVE_SETTINGS: dict[str, Setting] = {
    **LAMBDA_SETTINGS,
    **{name: setting for name, setting in RUN_SETTINGS.items() if setting.live},
}
"""What may change while a run trains, by the names under which events, sweeps and `set_live` have them."""

STEPS = Setting(1, 100_000, whole=True, live=True, label="steps", help="How many training steps to take.")

STEP = Setting(0, 2**53, whole=True, live=True, label="step", help="A training step, counted from 1; 0 is the start.")
