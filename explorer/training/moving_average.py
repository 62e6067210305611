"""Codes as moving averages of what they were chosen for; FORMULAS: EMA with Laplace smoothing."""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float, Int

DECAY = 0.99
EPSILON = 1e-5


class Averages(NamedTuple):
    """N, how often each code is chosen in a batch, and m, the sum of what it was chosen for; both averaged over batches."""

    counts: Float[Array, "L K"]
    sums: Float[Array, "L K D"]


def begin(codebooks: Float[Array, "L K D"], counts: Float[Array, "L K"]) -> Averages:
    """Averages whose codebook is the one that there is: m = e·N, N at least 1, so that no code falls to the origin at once."""
    counts = jnp.maximum(counts, 1.0)
    return Averages(counts, codebooks * counts[..., None])


def update(
    averages: Averages, residuals: Float[Array, "L B D"], codes: Int[Array, "B L"]
) -> tuple[Averages, Float[Array, "L K D"]]:
    """The averages after a batch, and the codebooks that they say.

    N ← γN + (1−γ)n, m ← γm + (1−γ)Σr, e = m/Ñ with Ñ = (N+ε)/(ΣN+Kε)·ΣN (van den Oord et al. 2017, appendix A.1; the
    smoothing as in Sonnet). `residuals` are r_{l−1}, what level l quantized.
    """
    levels = jnp.arange(codes.shape[-1])
    seen = jnp.zeros_like(averages.counts).at[levels, codes].add(1.0)
    summed = jnp.zeros_like(averages.sums).at[levels, codes].add(jnp.swapaxes(residuals, 0, 1))
    counts = DECAY * averages.counts + (1 - DECAY) * seen
    sums = DECAY * averages.sums + (1 - DECAY) * summed
    total = counts.sum(axis=-1, keepdims=True)
    smoothed = (counts + EPSILON) / (total + counts.shape[-1] * EPSILON) * total
    return Averages(counts, sums), sums / smoothed[..., None]
