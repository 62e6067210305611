"""Residual quantization: each level quantizes what the levels before it left over. Pure functions, no parameters of their own.

Axes: B batch, L level, K code, D latent dimension.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int


class Quantized(NamedTuple):
    """What residual quantization makes of a batch of latents.

    `sums` holds ẑ_1 … ẑ_L, the running sums of the looked-up codes; gradients flow from it to the codebooks only.
    """

    codes: Int[Array, "B L"]
    sums: Float[Array, "L B D"]

    @property
    def z_q(self) -> Float[Array, "B D"]:
        """The quantized latents, ẑ_L."""
        return self.sums[-1]


def nearest(residuals: Float[Array, "B D"], codebook: Float[Array, "K D"]) -> Int[Array, " B"]:
    """Index of the closest code, squared Euclidean, lowest index on a tie (van den Oord et al. 2017, eq. 1)."""
    differences = residuals[:, None, :] - codebook[None, :, :]
    return jnp.argmin(jnp.sum(differences * differences, axis=-1), axis=-1)


def residual_quantize(latents: Float[Array, "B D"], codebooks: Float[Array, "L K D"]) -> Quantized:
    """Quantize z_e level by level: k_l = argmin_k ‖r_{l-1} − e_{l,k}‖², r_l = r_{l-1} − e_{l,k_l} (Lee et al. 2022).

    Codes are assigned on detached residuals, so that no gradient leaks from one level to another.
    """
    detached = jax.lax.stop_gradient(latents)
    total = jnp.zeros_like(latents)
    codes, sums = [], []
    for codebook in codebooks:
        chosen = nearest(detached - jax.lax.stop_gradient(total), codebook)
        total = total + codebook[chosen]
        codes.append(chosen)
        sums.append(total)
    return Quantized(jnp.stack(codes, axis=-1), jnp.stack(sums))


def straight_through(latents: Float[Array, "B D"], quantized: Float[Array, "B D"]) -> Float[Array, "B D"]:
    """The value of `quantized` with the gradient of `latents` (van den Oord et al. 2017, section 3.2)."""
    return latents + jax.lax.stop_gradient(quantized - latents)
