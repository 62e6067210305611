"""Use of the codes over a rolling window of batches; FORMULAS: Health. Host side, numpy."""

import numpy as np
from jaxtyping import Float, Int

from explorer.messages import Health

WINDOW_BATCHES = 100
DEAD_THRESHOLD = 0.01


def perplexity(counts: Int[np.ndarray, "L K"]) -> Float[np.ndarray, " L"]:
    """exp(−Σ_k p_k log p_k) of each level's shares p, in 1..K; 1 where nothing was counted."""
    share = counts / np.maximum(counts.sum(axis=-1, keepdims=True), 1)
    logarithms = np.log(share, out=np.zeros_like(share), where=share > 0)
    return np.exp(-(share * logarithms).sum(axis=-1))


def health(counts: Int[np.ndarray, "L K"], window: int, threshold: float = DEAD_THRESHOLD) -> Health:
    """Health of codebooks whose codes were chosen `counts` times in the last `window` batches.

    A code is dead if it got less than `threshold` of its level's assignments. Before the first batch (window 0) none is.
    """
    totals = counts.sum(axis=-1, keepdims=True)
    dead = counts < threshold * totals
    active = (~dead).sum(axis=-1)
    return Health(window, threshold, counts, dead, active, active / counts.shape[-1], perplexity(counts))
