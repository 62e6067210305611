"""One look through the probe: a pure function, one jit."""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, UInt8

from explorer.model.microbatches import in_microbatches
from explorer.model.quantizer import Assign, Quantized, residual_quantize
from explorer.model.rqvae import Parameters, decode, encode_many, to_unit
from explorer.training.losses import mean_squared_error

DECODED = 64
"""Combinations of codes that are decoded at a time: often there are not many more."""


class ProbeOutput(NamedTuple):
    """The probe images seen through the model, by all levels; images are those shown, in 0..255.

    `by_level` are decoded from ẑ_1 … ẑ_L; the last are the reconstructions. `residual_ratio` is E‖r_l‖² / E‖r_{l−1}‖², 0 for
    a level that was left nothing.
    """

    latents: Float[Array, "P D"]
    codes: Int[Array, "P L"]
    mse: Float[Array, ""]
    by_level: UInt8[Array, "L S 28 28"]
    residual_ratio: Float[Array, " L"]


SOON = {"xla_backend_optimization_level": 1}
"""Compiled with less care: a sixth sooner, to the same bits and the same speed."""


@partial(jax.jit, static_argnames=("assign", "sizes"), compiler_options=SOON)
def look(
    parameters: Parameters,
    images: UInt8[Array, "P 28 28"],
    shown: Int[Array, " S"],
    assign: Assign,
    sizes: tuple[int, ...] | None,
) -> ProbeOutput:
    """Encode, quantize and decode the probe images: a few at a time, and each combination of codes once."""
    inputs = to_unit(images)
    latents = encode_many(parameters, inputs)
    quantized = residual_quantize(latents, parameters.codebooks, assign, sizes)
    outputs = _decode_each_once(parameters, quantized)
    up_to_each_level = quantized.sums[:, shown]
    drawn = decode(parameters, up_to_each_level.reshape(-1, latents.shape[-1])).reshape(
        *up_to_each_level.shape[:2], 28, 28
    )
    return ProbeOutput(
        latents,
        quantized.codes,
        mean_squared_error(inputs, outputs),
        jnp.round(drawn * 255).astype(jnp.uint8),
        residual_ratio(latents, quantized),
    )


def residual_ratio(latents: Float[Array, "P D"], quantized: Quantized) -> Float[Array, " L"]:
    """E‖r_l‖² / E‖r_{l−1}‖² of each level, 0 where nothing was left; above 1 the level hurts (FORMULAS: Health)."""
    left = latents - jnp.concatenate([jnp.zeros_like(quantized.sums[:1]), quantized.sums])
    energy = jnp.mean(left * left, axis=(1, 2))
    return jnp.where(energy[:-1] > 0, energy[1:] / jnp.where(energy[:-1] > 0, energy[:-1], 1), 0)


def _decode_each_once(parameters: Parameters, quantized: Quantized) -> Float[Array, "P 28 28 1"]:
    """Images of the same codes are decoded to the same image: of 512 some 60 to 150 differ."""
    size = len(quantized.codes)
    _, first, same = jnp.unique(quantized.codes, axis=0, return_index=True, return_inverse=True, size=size)
    distinct = jnp.max(same) + 1

    def decode_used(chunk: tuple[Int[Array, " C"], Float[Array, "C D"]]) -> Float[Array, "C 28 28 1"]:
        places, latents = chunk
        blank = jnp.zeros((len(places), 28, 28, 1))
        return jax.lax.cond(places[0] < distinct, lambda: decode(parameters, latents), lambda: blank)

    return in_microbatches(decode_used, (jnp.arange(size), quantized.z_q[first]), DECODED)[same.ravel()]
