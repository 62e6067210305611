"""What is compiled into a run's steps, and what is handed to each of them as a number."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np
from jaxtyping import Array, Float, UInt32

from explorer.choices import CHOICES, way
from explorer.config import RunConfig
from explorer.model.codebook_init import Shape


@dataclass(frozen=True, slots=True)
class Recipe:
    """The choices of a config that are compiled into its steps, and its codebooks' shape.

    Remedies are no part of it: they act between steps, and any of them may.
    """

    shape: Shape
    batch_size: int
    schedule_steps: int
    ways: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, config: RunConfig) -> Self:
        """That of a config."""
        horizon = config.schedule_steps if config.schedule != "constant" else 0
        ways = tuple((name, getattr(config, name)) for name in CHOICES if name != "remedy")
        return cls(Shape(config.sizes, config.latent_dim), config.batch_size, horizon, ways)

    def way(self, choice: str) -> Callable[..., Any]:
        """The function of the way that was chosen."""
        return way(choice, dict(self.ways)[choice])

    @property
    def sizes(self) -> tuple[int, ...] | None:
        """How many codes each level has; None if all have as many."""
        return None if self.shape.own is None else self.shape.sizes

    @property
    def averaged(self) -> bool:
        """Whether codes are moving averages, and take no gradient."""
        return dict(self.ways)["codebook_update"] == "ema"


class Live(NamedTuple):
    """The live settings that a step needs, and the seed, as traced numbers: another value never recompiles."""

    lambdas: dict[str, Float[Array, ""]]
    learning_rate: Float[Array, ""]
    entropy_temperature: Float[Array, ""]
    transport_epsilon: Float[Array, ""]
    ema_decay: Float[Array, ""]
    seed: UInt32[Array, ""]


def as_live(config: RunConfig) -> Live:
    """A config's live settings as float32 scalars, whatever kind of number they were: an int would compile anew."""
    weights = {name: np.float32(value) for name, value in config.lambdas.to_dict().items()}
    numbers = {name: np.float32(getattr(config, name)) for name in Live._fields if name not in ("lambdas", "seed")}
    return Live(weights, seed=np.uint32(config.seed), **numbers)  # pyright: ignore[reportArgumentType]
