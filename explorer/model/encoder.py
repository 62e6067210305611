"""From images to latents."""

import flax.linen as nn
from jaxtyping import Array, Float

from explorer.model.kernels import KERNELS, Initializer
from explorer.model.layers import Conv


class Encoder(nn.Module):
    """Two stride-2 convolutions, then two dense layers: z_e, one point of the latent space per image."""

    latent_dim: int = 2
    kernel_init: Initializer = KERNELS

    @nn.compact
    def __call__(self, images: Float[Array, "B 28 28 1"]) -> Float[Array, "B D"]:
        """Encode `images`, grey values in [0, 1]."""
        init = self.kernel_init
        x = Conv(32, relu=True, kernel_init=init)(images)
        x = Conv(64, relu=True, kernel_init=init)(x)
        x = nn.relu(nn.Dense(128, kernel_init=init)(x.reshape(x.shape[0], -1)))
        return nn.Dense(self.latent_dim, kernel_init=init)(x)
