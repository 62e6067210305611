"""The loss terms and their weighted sum; FORMULAS: Losses. A term is named once, here; λs go by the same names."""

from collections.abc import Mapping
from functools import partial

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from explorer.model.quantizer import Quantized, residuals


def mean_squared_error(a: Float[Array, "*shape"], b: Float[Array, "*shape"]) -> Float[Array, ""]:
    """Mean over every element of (a − b)²."""
    difference = a - b
    return jnp.mean(difference * difference)


def final(latents: Float[Array, "B D"], quantized: Quantized) -> dict[str, Float[Array, ""]]:
    """The terms `commit` = MSE(z_e, sg(z_q)) and `codebook` = MSE(sg(z_e), z_q), unweighted.

    Of the latents and the looked-up codes before the straight-through (van den Oord et al. 2017, eq. 3).
    """
    return {
        "commit": mean_squared_error(latents, jax.lax.stop_gradient(quantized.z_q)),
        "codebook": mean_squared_error(jax.lax.stop_gradient(latents), quantized.z_q),
    }


def per_level(latents: Float[Array, "B D"], quantized: Quantized) -> dict[str, Float[Array, ""]]:
    """The terms `commit`, mean over l of MSE(z_e, sg(ẑ_l)), and `codebook`, mean over l of MSE(sg(r_{l−1}), q_l).

    Coarse levels get pressure of their own, and each level learns its own residual (Lee et al. 2022, eq. 7; its code's mean).
    A level that an image does not use counts nothing: the means are over those that are used.
    """
    error = partial(_error_of_used, quantized.used)
    return {
        "commit": error(latents[None], jax.lax.stop_gradient(quantized.sums)),
        "codebook": error(residuals(latents, quantized), quantized.vectors),
    }


def _error_of_used(
    used: Bool[Array, "L B"] | None, a: Float[Array, "*L B D"], b: Float[Array, "L B D"]
) -> Float[Array, ""]:
    if used is None:
        return mean_squared_error(a, b)
    difference = jnp.where(used[..., None], a - b, 0)
    return jnp.sum(difference * difference) / (jnp.sum(used) * b.shape[-1])


def weighted_total(
    terms: Mapping[str, Float[Array, ""]], lambdas: Mapping[str, Float[Array, ""] | float]
) -> Float[Array, ""]:
    """Recon + Σ λ·term over the terms whose λ is above 0: what another is, even NaN, counts nothing.

    Raises KeyError unless every term but `recon` has its λ and every λ its term.
    """
    if set(terms) != {"recon", *lambdas}:
        raise KeyError(f"loss terms {sorted(terms)} do not match recon and the weights {sorted(lambdas)}")
    total = terms["recon"]
    for name, weight in lambdas.items():
        total = total + jnp.where(weight > 0, weight * terms[name], 0)
    return total
