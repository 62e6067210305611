"""What is handed to each of a run's steps as a number."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Array, Float, UInt32

from explorer.config import RunConfig


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
