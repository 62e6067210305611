"""Use of the codes over a rolling window of batches; FORMULAS: Health. Host side, numpy."""

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped

from explorer.messages import Health

WINDOW_BATCHES = 100
"""Batches whose use of the codes is kept: the widest window."""
DEAD_THRESHOLD = 0.01


def perplexity(counts: Int[np.ndarray, "L K"]) -> Float[np.ndarray, " L"]:
    """exp(−Σ_k p_k log p_k) of each level's shares p, in 1..K; 1 where nothing was counted."""
    share = counts / np.maximum(counts.sum(axis=-1, keepdims=True), 1)
    logarithms = np.log(share, out=np.zeros_like(share), where=share > 0)
    return np.exp(-(share * logarithms).sum(axis=-1))


def newest(ring: Shaped[np.ndarray, "W ..."], steps: int, window: int) -> Shaped[np.ndarray, "w ..."]:
    """The rows of the last `window` of `steps` batches; the batch of step s (from 0) is in row s mod W."""
    if window >= len(ring) <= steps:
        return ring
    return ring[(steps - 1 - np.arange(min(window, steps))) % len(ring)]


def health(
    counts: Int[np.ndarray, "L K"],
    window: int,
    threshold: float = DEAD_THRESHOLD,
    sizes: tuple[int, ...] | None = None,
    young: Bool[np.ndarray, "L K"] | None = None,
) -> Health:
    """Health of codebooks whose codes were chosen `counts` times in the last `window` batches.

    A code is dead if it got less than `threshold` of its level's assignments. Before the first batch (window 0) none is, nor
    are those that a remedy moved within the window (`young`). Level l has `sizes[l]` codes, K unless given.
    """
    sizes = (counts.shape[-1],) * len(counts) if sizes is None else sizes
    each = np.array(sizes)
    own = np.arange(counts.shape[-1]) < each[:, None]
    dead = own & (counts < threshold * counts.sum(axis=-1, keepdims=True))
    if young is not None:
        dead &= ~young
    active = (own & ~dead).sum(axis=-1)
    return Health(sizes, window, threshold, counts, dead, active, active / each, perplexity(counts))
