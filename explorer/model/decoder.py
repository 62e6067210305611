"""From latents back to images."""

import flax.linen as nn
from jaxtyping import Array, Float

from explorer.model.kernels import KERNELS, Initializer
from explorer.model.layers import ConvTranspose


class Decoder(nn.Module):
    """Two dense layers, then two stride-2 transposed convolutions: the encoder's mirror image."""

    kernel_init: Initializer = KERNELS

    def __call__(self, latents: Float[Array, "B D"]) -> Float[Array, "B 28 28 1"]:
        """Decode `latents` to grey values in (0, 1)."""
        return nn.sigmoid(self.logits(latents))

    @nn.compact
    def logits(self, latents: Float[Array, "B D"]) -> Float[Array, "B 28 28 1"]:
        """The grey values before their sigmoid, unbounded: `decoder.apply(params, latents, method="logits")`."""
        init = self.kernel_init
        x = nn.relu(nn.Dense(128, kernel_init=init)(latents))
        x = nn.Dense(7 * 7 * 64, kernel_init=init)(x).reshape(-1, 7, 7, 64)
        x = ConvTranspose(32, relu=True, kernel_init=init)(x)
        return ConvTranspose(1, kernel_init=init)(x)
