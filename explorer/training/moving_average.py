"""Codes as moving averages of what they were chosen for; FORMULAS: EMA with Laplace smoothing."""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from explorer.model.shape import Shape

EPSILON = 1e-5
TINY = 1e-30
"""Keeps a level that nobody uses, and of which nothing is remembered, from 0/0."""


class Averages(NamedTuple):
    """N, how often each code is chosen in a batch, and m, the sum of what it was chosen for; both averaged over batches."""

    counts: Float[Array, "L K"]
    sums: Float[Array, "L K D"]


def begin(codebooks: Float[Array, "L K D"], counts: Float[Array, "L K"], shape: Shape) -> Averages:
    """Averages whose codebook is the one that there is: m = e·N, N at least 1, so that no code falls to the origin at once."""
    counts = jnp.maximum(counts, 1.0)
    if shape.own is not None:
        counts = jnp.where(shape.own, counts, 0)
    return Averages(counts, codebooks * counts[..., None])


def update(
    averages: Averages,
    residuals: Float[Array, "L B D"],
    codes: Int[Array, "B L"],
    decay: Float[Array, ""] | float,
    shape: Shape,
    used: Bool[Array, "L B"] | None = None,
) -> tuple[Averages, Float[Array, "L K D"]]:
    """The averages after a batch, and the codebooks that they say.

    N ← γN + (1−γ)n, m ← γm + (1−γ)Σr, e = m/Ñ with Ñ = (N+ε)/(ΣN+Kε)·ΣN (van den Oord et al. 2017, appendix A.1; the
    smoothing as in Sonnet). `residuals` are r_{l−1}, what level l quantized; those of images that do not use it (`used`) count
    nothing. Rows beyond a level's own size stay 0.
    """
    levels = jnp.arange(codes.shape[-1])
    by_image = jnp.swapaxes(residuals, 0, 1)
    ones = jnp.ones(codes.shape) if used is None else used.T.astype(jnp.float32)
    by_image = by_image if used is None else by_image * ones[..., None]
    seen = jnp.zeros_like(averages.counts).at[levels, codes].add(ones)
    summed = jnp.zeros_like(averages.sums).at[levels, codes].add(by_image)
    counts = decay * averages.counts + (1 - decay) * seen
    sums = decay * averages.sums + (1 - decay) * summed
    total = counts.sum(axis=-1, keepdims=True)
    sizes = np.array(shape.sizes, np.float32)[:, None]
    smoothed = (counts + EPSILON) / (total + sizes * EPSILON) * total
    return Averages(counts, sums), sums / jnp.maximum(smoothed, TINY)[..., None]
