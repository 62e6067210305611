"""3×3 convolutions of stride 2, written as matrix products: XLA's CPU backend is several times slower at the direct form,
most of all at its gradients. Same parameters, initial values and results as flax's `nn.Conv` and `nn.ConvTranspose` (SAME).

The direct form is used where it is the fast one: on other backends, and on a CPU where no gradient is taken.
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
    differentiate: bool = True

    @nn.compact
    def __call__(self, x: Float[Array, "B H W C"]) -> Float[Array, "B h w O"]:
        """Convolve."""
        kernel, bias = _parameters(self, x.shape[-1], self.features)
        if not (self.differentiate and on_cpu()):
            return direct_conv_transpose(x, kernel) + bias
        few_outputs = 4 * self.features < x.shape[-1]
        return (scattered_conv_transpose if few_outputs else gathered_conv_transpose)(x, kernel) + bias


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
    """The nine taps side by side, times the kernel: y[j] = Σ_t w[t]·x[2j + t], one zero row and column behind x.

    Taps come from the even and odd phases of x by reshape; strided slices have slow gradients.
    """
    batch, height, width, channels = x.shape
    phases = x.reshape(batch, height // 2, 2, width // 2, 2, channels)

    def tap(row: int, column: int) -> Array:
        phase = phases[:, :, row % 2, :, column % 2]
        after_row, after_column = row // 2, column // 2
        phase = phase[:, after_row:, after_column:]
        return jnp.pad(phase, ((0, 0), (0, after_row), (0, after_column), (0, 0)))

    taps = jnp.concatenate([tap(row, column) for row in range(3) for column in range(3)], axis=-1)
    return taps @ kernel.reshape(-1, kernel.shape[-1])


def gathered_conv_transpose(x: Float[Array, "B H W C"], kernel: Float[Array, "3 3 C O"]) -> Float[Array, "B h w O"]:
    """Each pixel with its neighbours above and to the left, times one matrix that makes the 2 × 2 outputs of its place.

    Along an axis: y[2j] = w[0]·x[j−1] + w[2]·x[j], y[2j+1] = w[1]·x[j].
    """
    batch, height, width, _ = x.shape
    outputs = kernel.shape[-1]
    neighbours = jnp.concatenate([_shift(x, up, left) for up in (1, 0) for left in (1, 0)], axis=-1)
    zero = jnp.zeros_like(kernel[0, 0])
    taps = ((0, None), (2, 1))  # by neighbour (before, here): the tap that leads to the even, the odd output

    def block(row: int | None, column: int | None) -> Array:
        return zero if row is None or column is None else kernel[row, column]

    rows = [
        jnp.concatenate([block(row, column) for row in taps[up] for column in taps[left]], axis=-1)
        for up in (0, 1)
        for left in (0, 1)
    ]
    y = neighbours @ jnp.concatenate(rows, axis=0)
    y = y.reshape(batch, height, width, 2, 2, outputs).transpose(0, 1, 3, 2, 4, 5)
    return y.reshape(batch, 2 * height, 2 * width, outputs)


def scattered_conv_transpose(x: Float[Array, "B H W C"], kernel: Float[Array, "3 3 C O"]) -> Float[Array, "B h w O"]:
    """Each pixel times all nine taps, then the products moved to where they belong: less to move when outputs are few."""
    batch, height, width, channels = x.shape
    outputs = kernel.shape[-1]
    products = x @ kernel.transpose(2, 0, 1, 3).reshape(channels, 9 * outputs)
    products = products.reshape(batch, height, width, 3, 3, outputs)

    def along_columns(row: int) -> tuple[Array, Array]:
        even = _shift(products[:, :, :, row, 0], 0, 1) + products[:, :, :, row, 2]
        return even, products[:, :, :, row, 1]

    above, middle, below = (along_columns(row) for row in range(3))
    even_row = jnp.stack([_shift(a, 1, 0) + b for a, b in zip(above, below, strict=True)], axis=3)
    y = jnp.stack([even_row, jnp.stack(middle, axis=3)], axis=2)
    return y.reshape(batch, 2 * height, 2 * width, outputs)


def _shift(x: Float[Array, "B H W C"], down: int, right: int) -> Float[Array, "B H W C"]:
    """The picture moved by one pixel or none, zeros moving in."""
    _, height, width, _ = x.shape
    return jnp.pad(x, ((0, 0), (down, 0), (right, 0), (0, 0)))[:, :height, :width]
