"""Residual quantization: each level quantizes what the levels before it left over. Pure functions, no parameters of their own.

Axes: B batch, L level, K code, D latent dimension.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

Assign = Callable[[Float[Array, "B D"], Float[Array, "K D"]], Int[Array, " B"]]
TINY = 1e-6
MOST_GAIN = 10.0
"""The rotation's gain ‖z_q‖/‖z_e‖ is cut here: it explodes where an encoder output is near the origin."""


class Quantized(NamedTuple):
    """What residual quantization makes of a batch of latents.

    `vectors` holds the looked-up codes q_1 … q_L, `sums` their running sums ẑ_1 … ẑ_L; gradients flow from both to the
    codebooks only. `used` says which levels quantize which image, None that all do: a level that is not used adds nothing to
    the sums, and its code means nothing.
    """

    codes: Int[Array, "B L"]
    vectors: Float[Array, "L B D"]
    sums: Float[Array, "L B D"]
    used: Bool[Array, "L B"] | None = None

    @property
    def z_q(self) -> Float[Array, "B D"]:
        """The quantized latents, ẑ_L."""
        return self.sums[-1]


def nearest(residuals: Float[Array, "B D"], codebook: Float[Array, "K D"]) -> Int[Array, " B"]:
    """Index of the closest code, squared Euclidean, lowest index on a tie (van den Oord et al. 2017, eq. 1)."""
    differences = residuals[:, None, :] - codebook[None, :, :]
    return jnp.argmin(jnp.sum(differences * differences, axis=-1), axis=-1)


def nearest_by_angle(residuals: Float[Array, "B D"], codebook: Float[Array, "K D"]) -> Int[Array, " B"]:
    """Index of the code at the smallest angle, lowest index on a tie; a code at the origin is at a right angle to all."""
    lengths = jnp.linalg.norm(codebook, axis=-1, keepdims=True)
    return jnp.argmax(residuals @ (codebook / jnp.maximum(lengths, TINY)).T, axis=-1)


def residual_quantize(
    latents: Float[Array, "B D"],
    codebooks: Float[Array, "L K D"],
    assign: Assign = nearest,
    sizes: Sequence[int] | None = None,
    used: Bool[Array, "L B"] | None = None,
) -> Quantized:
    """Quantize z_e level by level: k_l = argmin_k ‖r_{l-1} − e_{l,k}‖², r_l = r_{l-1} − e_{l,k_l} (Lee et al. 2022).

    `assign` says which code is nearest, among the first `sizes[l]` of level l (None: all). Where `used` is False a level is
    left out.

    Codes are assigned on detached residuals, so that no gradient leaks from one level to another.
    """
    detached = jax.lax.stop_gradient(latents)
    total = jnp.zeros_like(latents)
    codes, vectors, sums = [], [], []
    for level in range(len(codebooks)):
        codebook = codebooks[level] if sizes is None else codebooks[level, : sizes[level]]
        chosen = assign(detached - jax.lax.stop_gradient(total), codebook)
        vector = codebook[chosen] if used is None else jnp.where(used[level][:, None], codebook[chosen], 0)
        total = total + vector
        codes.append(chosen)
        vectors.append(vector)
        sums.append(total)
    return Quantized(jnp.stack(codes, axis=-1), jnp.stack(vectors), jnp.stack(sums), used)


def sums_before(quantized: Quantized) -> Float[Array, "L B D"]:
    """ẑ_0 … ẑ_{L−1}: what the levels before each made of the latents, detached."""
    return jax.lax.stop_gradient(jnp.concatenate([jnp.zeros_like(quantized.sums[:1]), quantized.sums[:-1]]))


def residuals(latents: Float[Array, "B D"], quantized: Quantized) -> Float[Array, "L B D"]:
    """r_0 … r_{L−1}, what each level had to quantize, detached."""
    return jax.lax.stop_gradient(latents - sums_before(quantized))


def squared_distances(these: Float[Array, "*L M D"], those: Float[Array, "*L N D"]) -> Float[Array, "*L M N"]:
    """‖a − b‖² of every two points of a level, one of these and one of those.

    Better few of these and many of those: XLA unrolls the innermost loop where it is short, and takes longer to compile it.
    """
    differences = these[..., :, None, :] - those[..., None, :, :]
    return jnp.sum(differences * differences, axis=-1)


def straight_through(latents: Float[Array, "B D"], quantized: Float[Array, "B D"]) -> Float[Array, "B D"]:
    """The value of `quantized` with the gradient of `latents` (van den Oord et al. 2017, section 3.2)."""
    return latents + jax.lax.stop_gradient(quantized - latents)


def rotation(latents: Float[Array, "B D"], quantized: Float[Array, "B D"]) -> Float[Array, "B D"]:
    """The value of `quantized` with the gradient of g·R·z_e, the rotation and scaling of z_e onto z_q (Fifty et al. 2024).

    R = I − 2wwᵀ + 2q̂êᵀ with w = (ê+q̂)/‖ê+q̂‖, g = ‖z_q‖/‖z_e‖, at most MOST_GAIN. Straight through where R has no
    direction: ê ≈ −q̂, or one of both at the origin.
    """
    e, q = jax.lax.stop_gradient(latents), jax.lax.stop_gradient(quantized)
    e_length, q_length = (jnp.linalg.norm(x, axis=-1, keepdims=True) for x in (e, q))
    e_unit, q_unit = e / jnp.maximum(e_length, TINY), q / jnp.maximum(q_length, TINY)
    between = e_unit + q_unit
    length = jnp.linalg.norm(between, axis=-1, keepdims=True)
    w = between / jnp.maximum(length, TINY)
    gain = jnp.minimum(q_length / jnp.maximum(e_length, TINY), MOST_GAIN)

    def along(direction: Float[Array, "B D"]) -> Float[Array, "B 1"]:
        return jnp.sum(direction * latents, axis=-1, keepdims=True)

    turned = gain * (latents - 2 * w * along(w) + 2 * q_unit * along(e_unit))
    defined = (length > 1e-3) & (e_length > TINY) & (q_length > TINY)
    through = jnp.where(defined, turned, latents)
    return q + (through - jax.lax.stop_gradient(through))  # exactly q
