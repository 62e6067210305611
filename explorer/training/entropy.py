"""The entropy term: each image sure of its code, all images together using all codes; FORMULAS: Losses, entropy."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from explorer.model.quantizer import squared_distances

NEVER = -1e30
"""A logarithm of 0 that can be multiplied by 0."""
SPREAD = 1.0
"""γ, what the spread of all images counts against the sharpness of each."""


def entropy(
    residuals: Float[Array, "L B D"],
    codebooks: Float[Array, "L K D"],
    shares: Float[Array, "L B"],
    temperature: Float[Array, ""] | float,
    own: Bool[np.ndarray, "L K"] | None = None,
) -> Float[Array, ""]:
    """Mean over levels of E_b[H(p(·|r))] − γ·H(E_b[p]), p(k|r) = softmax(−‖r − e_k‖²/T) (Yu et al. 2023, section 3.2).

    `shares` says what each image counts at each level: 1/B, or 0 where the level is left out. `own` says which rows are
    codes (None: all). From −log K, where each image has one code and all codes are used alike, to log K.

    Both means are of logarithms of p, so that neither a tiny temperature nor a code that is out of reach makes it NaN.
    """
    scores = -squared_distances(codebooks, residuals) / temperature  # L K B
    if own is not None:
        scores = jnp.where(own[..., None], scores, NEVER)
    each = jax.nn.log_softmax(scores, axis=1)
    sharpness = jnp.sum(shares * _entropy(each), axis=-1)
    together = jax.nn.logsumexp(each + logarithm(shares)[:, None, :], axis=-1)
    return jnp.mean(sharpness - SPREAD * _entropy(together))


def logarithm(shares: Float[Array, "*N"]) -> Float[Array, "*N"]:
    """That of 0 is NEVER."""
    return jnp.maximum(jnp.log(shares), NEVER)


def _entropy(logarithms: Float[Array, "L K ..."]) -> Float[Array, "L ..."]:
    return -jnp.sum(jnp.exp(logarithms) * logarithms, axis=1)
