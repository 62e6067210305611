"""The loss terms and their weighted sum; FORMULAS: Losses. A term is named once, here; λs go by the same names."""

from collections.abc import Mapping

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

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
    """
    return {
        "commit": mean_squared_error(latents[None], jax.lax.stop_gradient(quantized.sums)),
        "codebook": mean_squared_error(residuals(latents, quantized), quantized.vectors),
    }


def weighted_total(
    terms: Mapping[str, Float[Array, ""]], lambdas: Mapping[str, Float[Array, ""] | float]
) -> Float[Array, ""]:
    """Recon + Σ λ·term. Raises KeyError unless every term but `recon` has its λ and every λ its term."""
    if set(terms) != {"recon", *lambdas}:
        raise KeyError(f"loss terms {sorted(terms)} do not match recon and the weights {sorted(lambdas)}")
    total = terms["recon"]
    for name, weight in lambdas.items():
        total = total + weight * terms[name]
    return total
