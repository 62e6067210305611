"""By which levels each image of a batch is quantized while training; looking always takes all.

Each way takes a key and how many levels and images there are, and says which level is used for which image, None for all.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, PRNGKeyArray


def none(_key: PRNGKeyArray, _levels: int, _batch: int) -> None:
    """All levels for every image."""


def uniform(key: PRNGKeyArray, levels: int, batch: int) -> Bool[Array, "L B"]:
    """The first n levels for each image, n drawn from 1 to L alike (Zeghidour et al. 2021, section III.C)."""
    depth = jax.random.randint(key, (batch,), 1, levels + 1)
    return jnp.arange(levels)[:, None] < depth
