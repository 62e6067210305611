"""How large the codebooks are. No jax: who only asks what a run would compile needs none."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool


class Shape(NamedTuple):
    """How many codes each level has, and the latent dimension D."""

    sizes: tuple[int, ...]
    dim: int

    @property
    def padded(self) -> tuple[int, int, int]:
        """(L, K, D) of all codebooks as one array, K the largest level's size."""
        return len(self.sizes), max(self.sizes), self.dim

    @property
    def own(self) -> Bool[np.ndarray, "L K"] | None:
        """Which rows are codes; None if all are."""
        if len(set(self.sizes)) == 1:
            return None
        return np.arange(max(self.sizes)) < np.array(self.sizes)[:, None]
