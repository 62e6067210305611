"""Kernels before training: all layers' in one loop over layers, since each draw is a loop that takes XLA as long to compile.

They are, to the bit, those that flax's default initialiser draws layer by layer: of jax's default generator (threefry,
partitionable) the first n numbers of a key are the same however many are drawn.
"""

from collections.abc import Callable
from math import prod
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, PRNGKeyArray

Initializer = Callable[..., Array]
"""Takes a key, a shape and a kind of number."""
KERNELS: Initializer = jax.nn.initializers.lecun_normal()
"""Around 0 with variance 1 / inputs (LeCun et al. 1998, section 4.6), cut at CUT standard deviations: flax's default."""
CUT = 2.0
LEFT = 0.87962566103423978
"""Standard deviation of a standard normal that is cut there; as jax has it."""


class Kernels:
    """What layers ask for when they are begun with `note`; `drawn` puts it where zeros were. Within one trace."""

    def __init__(self) -> None:
        self._noted: dict[int, tuple[Array, PRNGKeyArray]] = {}

    def note(self, key: PRNGKeyArray, shape: tuple[int, ...], dtype: Any = jnp.float32) -> Array:
        """Zeros in a kernel's place, until it is drawn."""
        blank = jnp.zeros(shape, dtype)
        self._noted[id(blank)] = blank, key
        return blank

    def drawn(self, tree: Any) -> Any:
        """The tree with every kernel that was noted as KERNELS draws it."""
        blanks, keys = zip(*self._noted.values(), strict=True)
        most = max(blank.size for blank in blanks)
        rows = jax.lax.map(lambda key: jax.random.truncated_normal(key, -CUT, CUT, (most,)), jnp.stack(keys))
        kernels = {id(blank): _kernel(row, blank.shape) for blank, row in zip(blanks, rows, strict=True)}
        return jax.tree.map(lambda leaf: kernels.get(id(leaf), leaf), tree)


def _kernel(row: Array, shape: tuple[int, ...]) -> Array:
    deviation = np.sqrt(np.float32(1 / prod(shape[:-1]))) / np.float32(LEFT)
    return row[: prod(shape)].reshape(shape) * deviation
