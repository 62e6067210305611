"""The loss terms and their weighted sum; FORMULAS: Losses. A term is named once, here; λs go by the same names."""

from collections.abc import Mapping

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float


def mean_squared_error(a: Float[Array, "*shape"], b: Float[Array, "*shape"]) -> Float[Array, ""]:
    """Mean over every element of (a − b)²."""
    difference = a - b
    return jnp.mean(difference * difference)


def loss_terms(
    images: Float[Array, "B 28 28 1"],
    outputs: Float[Array, "B 28 28 1"],
    latents: Float[Array, "B D"],
    quantized: Float[Array, "B D"],
) -> dict[str, Float[Array, ""]]:
    """The unweighted terms, in their `final` forms.

    recon = MSE(x, x̂); commit = MSE(z_e, sg(z_q)); codebook = MSE(sg(z_e), z_q). `latents` and `quantized` are those
    before the straight-through (van den Oord et al. 2017, eq. 3; Lee et al. 2022).
    """
    return {
        "recon": mean_squared_error(images, outputs),
        "commit": mean_squared_error(latents, jax.lax.stop_gradient(quantized)),
        "codebook": mean_squared_error(jax.lax.stop_gradient(latents), quantized),
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
