"""The RQ-VAE: encoder, residual quantizer, decoder, and their parameters.

Flax is imported when something is traced: programs that are loaded need none of it.
"""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray, UInt8

from explorer.model.kernels import Kernels
from explorer.model.microbatches import in_microbatches
from explorer.model.shape import Shape

if TYPE_CHECKING:
    from explorer.model.decoder import Decoder
    from explorer.model.encoder import Encoder

ENCODED = 128
"""Images that are encoded at a time, where there are many."""
Init = Callable[[PRNGKeyArray, Any, Shape, Any], Float[Array, "L K D"]]


class Parameters(NamedTuple):
    """All that is trained."""

    encoder: Any
    decoder: Any
    codebooks: Float[Array, "L K D"]


def init_parameters(
    key: PRNGKeyArray, shape: Shape, images: Float[Array, "N 28 28 1"], init: Init, scale: float | Array
) -> Parameters:
    """Fresh parameters: flax's default initialisers, and codebooks as `init` makes them, of what the encoder makes of images."""
    encoder_key, decoder_key, codebook_key = jax.random.split(key, 3)
    kernels = Kernels()
    encoder = _encoder(shape.dim, kernel_init=kernels.note).init(encoder_key, jnp.zeros((1, 28, 28, 1)))
    decoder = _decoder(kernel_init=kernels.note).init(decoder_key, jnp.zeros((1, shape.dim)))
    encoder, decoder = kernels.drawn((encoder, decoder))
    latents = encode_many(Parameters(encoder, None, jnp.zeros(shape.padded)), images)
    codebooks = init(codebook_key, latents, shape, scale)
    if shape.own is not None:
        codebooks = jnp.where(shape.own[..., None], codebooks, 0)
    return Parameters(encoder, decoder, codebooks)


def to_unit(images: UInt8[Array, "B 28 28"]) -> Float[Array, "B 28 28 1"]:
    """Grey values 0..255 as numbers from 0 to 1, with a channel axis."""
    return images[..., None].astype(jnp.float32) / 255


def encode(parameters: Parameters, images: Float[Array, "B 28 28 1"]) -> Float[Array, "B D"]:
    """z_e: where the encoder puts each image in the latent space."""
    encoder = _encoder(parameters.codebooks.shape[-1])
    return encoder.apply(parameters.encoder, images)  # pyright: ignore[reportReturnType]


def encode_many(parameters: Parameters, images: Float[Array, "N 28 28 1"]) -> Float[Array, "N D"]:
    """`encode` for more images than a batch has, of which no gradient is taken."""
    return in_microbatches(partial(encode, parameters), images, ENCODED)


def decode_logits(parameters: Parameters, latents: Float[Array, "B D"]) -> Float[Array, "B 28 28 1"]:
    """The image before its sigmoid."""
    return _decoder().apply(parameters.decoder, latents, method="logits")  # pyright: ignore[reportReturnType]


def decode(parameters: Parameters, latents: Float[Array, "B D"]) -> Float[Array, "B 28 28 1"]:
    """The image, in 0..1, that the decoder draws for each latent."""
    return _decoder().apply(parameters.decoder, latents)  # pyright: ignore[reportReturnType]


def _encoder(latent_dim: int, **how: Any) -> "Encoder":
    from explorer.model.encoder import Encoder

    return Encoder(latent_dim, **how)


def _decoder(**how: Any) -> "Decoder":
    from explorer.model.decoder import Decoder

    return Decoder(**how)
