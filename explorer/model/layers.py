"""3×3 convolutions of stride 2 as flax layers: parameters and initial values as flax's own have them."""

from types import ModuleType

import flax.linen as nn
import jax
from jaxtyping import Array, Float

from explorer.model.convolutions import direct, patch_rows, patches
from explorer.model.kernels import KERNELS, Initializer

MANY = 8
"""Channels from which on rows of patches are the faster form; measured with 1, where it takes a quarter more, and with 32."""


class Conv(nn.Module):
    """Stride-2 convolution, then a ReLU if `relu`; halves height and width, which must be even."""

    features: int
    relu: bool = False
    kernel_init: Initializer = KERNELS

    @nn.compact
    def __call__(self, x: Float[Array, "B H W C"]) -> Float[Array, "B h w O"]:
        """Convolve."""
        kernel, bias = _parameters(self, x.shape[-1])
        return _form(x.shape[-1]).conv(x, kernel, bias, self.relu)


class ConvTranspose(nn.Module):
    """Stride-2 transposed convolution, then a ReLU if `relu`; doubles height and width."""

    features: int
    relu: bool = False
    kernel_init: Initializer = KERNELS

    @nn.compact
    def __call__(self, x: Float[Array, "B H W C"]) -> Float[Array, "B h w O"]:
        """Convolve."""
        kernel, bias = _parameters(self, x.shape[-1])
        return _form(self.features).conv_transpose(x, kernel, bias, self.relu)


def _parameters(module: Conv | ConvTranspose, inputs: int) -> tuple[Array, Array]:
    kernel = module.param("kernel", module.kernel_init, (3, 3, inputs, module.features))
    return kernel, module.param("bias", nn.initializers.zeros_init(), (module.features,))


def _form(channels: int) -> ModuleType:
    """How to convolve: `channels` are those of the larger image, out of which patches are cut."""
    if not on_cpu():
        return direct
    return patch_rows if channels >= MANY else patches


def on_cpu() -> bool:
    """Whether computations go to a CPU, asked while tracing."""
    return jax.default_backend() == "cpu"
