"""How far the decoder's images are from the originals; FORMULAS: Losses, recon. Each takes grey values and logits."""

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float

from explorer.training.losses import mean_squared_error


def mse(images: Float[Array, "B 28 28 1"], logits: Float[Array, "B 28 28 1"]) -> Float[Array, ""]:
    """MSE(x, x̂), x̂ = sigmoid(logits)."""
    return mean_squared_error(images, jax.nn.sigmoid(logits))


def bce(images: Float[Array, "B 28 28 1"], logits: Float[Array, "B 28 28 1"]) -> Float[Array, ""]:
    """Mean of −x·log x̂ − (1−x)·log(1−x̂), computed from logits. Its floor is the entropy of grey values, not 0."""
    return jnp.mean(optax.sigmoid_binary_cross_entropy(logits, images))
