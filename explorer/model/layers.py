"""3×3 convolutions of stride 2, written as matrix products.

XLA's CPU backend is slower at the direct form, most of all at its gradients. Same parameters, initial values and results
as flax's `nn.Conv` and `nn.ConvTranspose` (SAME). The direct form is used where it is the fast one: on other backends, and
on a CPU for the convolution of which no gradient is taken. What was measured, and what else was tried: benchmarks/README.md.
"""

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float


class Conv(nn.Module):
    """Stride-2 convolution; halves height and width, which must be even."""

    features: int
    differentiate: bool = True

    @nn.compact
    def __call__(self, x: Float[Array, "B H W C"]) -> Float[Array, "B h w O"]:
        """Convolve."""
        kernel, bias = _parameters(self, x.shape[-1], self.features)
        convolve = matmul_conv if self.differentiate and on_cpu() else direct_conv
        return convolve(x, kernel) + bias


class ConvTranspose(nn.Module):
    """Stride-2 transposed convolution; doubles height and width."""

    features: int

    @nn.compact
    def __call__(self, x: Float[Array, "B H W C"]) -> Float[Array, "B h w O"]:
        """Convolve."""
        kernel, bias = _parameters(self, x.shape[-1], self.features)
        convolve = matmul_conv_transpose if on_cpu() else direct_conv_transpose
        return convolve(x, kernel) + bias


def _parameters(module: nn.Module, inputs: int, outputs: int) -> tuple[Array, Array]:
    kernel = module.param("kernel", nn.initializers.lecun_normal(), (3, 3, inputs, outputs))
    return kernel, module.param("bias", nn.initializers.zeros_init(), (outputs,))


def on_cpu() -> bool:
    """Whether computations go to a CPU, asked while tracing."""
    return jax.default_backend() == "cpu"


def direct_conv(x: Float[Array, "B H W C"], kernel: Float[Array, "3 3 C O"]) -> Float[Array, "B h w O"]:
    """XLA's own convolution."""
    return jax.lax.conv_general_dilated(x, kernel, (2, 2), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"))


def direct_conv_transpose(x: Float[Array, "B H W C"], kernel: Float[Array, "3 3 C O"]) -> Float[Array, "B h w O"]:
    """XLA's own transposed convolution."""
    return jax.lax.conv_transpose(x, kernel, (2, 2), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"))


def matmul_conv(x: Float[Array, "B H W C"], kernel: Float[Array, "3 3 C O"]) -> Float[Array, "B h w O"]:
    """Every patch of x times the kernel: y[j] = Σ_t w[t]·x[2j + t] along each axis."""
    return _patches(x) @ kernel.reshape(-1, kernel.shape[-1])


def matmul_conv_transpose(x: Float[Array, "B H W C"], kernel: Float[Array, "3 3 C O"]) -> Float[Array, "B h w O"]:
    """Every pixel times the kernel makes a patch, and overlapping patches add up: y[2j + t] = Σ w[2 − t]·x[j].

    Adding patches up is the transpose of cutting them out, so its gradient is the fast `_patches` again.
    """
    batch, height, width, channels = x.shape
    y = jax.ShapeDtypeStruct((batch, 2 * height, 2 * width, kernel.shape[-1]), x.dtype)
    taps = kernel[::-1, ::-1].transpose(2, 0, 1, 3).reshape(channels, -1)
    return jax.linear_transpose(_patches, y)(x @ taps)[0]


def _patches(x: Float[Array, "B H W C"]) -> Float[Array, "B h w 9*C"]:
    """Rows 2i to 2i + 2 and columns 2j to 2j + 2 of x for every (i, j), one zero row and column behind x.

    Pairs of rows and of columns come from a reshape, which keeps a row of a patch together in memory; strided slices, or
    nine taps one by one, have slow gradients.
    """
    batch, height, width, channels = x.shape
    padded = jnp.pad(x, ((0, 0), (0, 2), (0, 2), (0, 0)))
    pairs = padded.reshape(batch, height // 2 + 1, 2, width // 2 + 1, 2 * channels)
    rows = pairs[:, :-1, 0], pairs[:, :-1, 1], pairs[:, 1:, 0]
    return jnp.concatenate([part for row in rows for part in (row[:, :, :-1], row[:, :, 1:, :channels])], axis=-1)
