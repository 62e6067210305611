"""3×3 convolutions of stride 2, written as matrix products.

XLA's CPU backend is slower at the direct form, most of all at its gradients. Same parameters, initial values and results
as flax's `nn.Conv` and `nn.ConvTranspose` (SAME), with or without a ReLU behind. Other backends take the direct form. The
plain twin is in tests/explorer/model/test_layers.py; what was measured, and what else was tried: benchmarks/README.md.
"""

from collections.abc import Callable
from functools import partial

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float


class Conv(nn.Module):
    """Stride-2 convolution, then a ReLU if `relu`; halves height and width, which must be even."""

    features: int
    relu: bool = False

    @nn.compact
    def __call__(self, x: Float[Array, "B H W C"]) -> Float[Array, "B h w O"]:
        """Convolve."""
        kernel, bias = _parameters(self, x.shape[-1], self.features)
        convolve = matmul_conv if on_cpu() else direct_conv
        return convolve(x, kernel, bias, self.relu)


class ConvTranspose(nn.Module):
    """Stride-2 transposed convolution, then a ReLU if `relu`; doubles height and width."""

    features: int
    relu: bool = False

    @nn.compact
    def __call__(self, x: Float[Array, "B H W C"]) -> Float[Array, "B h w O"]:
        """Convolve."""
        kernel, bias = _parameters(self, x.shape[-1], self.features)
        convolve = matmul_conv_transpose if on_cpu() else direct_conv_transpose
        return convolve(x, kernel, bias, self.relu)


def _parameters(module: nn.Module, inputs: int, outputs: int) -> tuple[Array, Array]:
    kernel = module.param("kernel", nn.initializers.lecun_normal(), (3, 3, inputs, outputs))
    return kernel, module.param("bias", nn.initializers.zeros_init(), (outputs,))


def on_cpu() -> bool:
    """Whether computations go to a CPU, asked while tracing."""
    return jax.default_backend() == "cpu"


Images = Float[Array, "B H W C"]
Kernel = Float[Array, "3 3 C O"]
Bias = Float[Array, " O"]
DIMENSIONS = ("NHWC", "HWIO", "NHWC")


def direct_conv(x: Images, kernel: Kernel, bias: Bias, relu: bool) -> Float[Array, "B h w O"]:
    """XLA's own convolution."""
    y = jax.lax.conv_general_dilated(x, kernel, (2, 2), "SAME", dimension_numbers=DIMENSIONS) + bias
    return nn.relu(y) if relu else y


def direct_conv_transpose(x: Images, kernel: Kernel, bias: Bias, relu: bool) -> Float[Array, "B h w O"]:
    """XLA's own transposed convolution."""
    y = jax.lax.conv_transpose(x, kernel, (2, 2), "SAME", dimension_numbers=DIMENSIONS) + bias
    return nn.relu(y) if relu else y


@partial(jax.custom_vjp, nondiff_argnums=(3,))
def matmul_conv(x: Images, kernel: Kernel, bias: Bias, relu: bool) -> Float[Array, "B h w O"]:
    """Every patch of x times the kernel: y[j] = Σ_t w[t]·x[2j + t] along each axis."""
    return _conv_forward(x, kernel, bias, relu)[0]


def _conv_forward(x: Images, kernel: Kernel, bias: Bias, relu: bool) -> tuple[Array, tuple[Array, ...]]:
    patches = _patches(x)
    y = _finish(patches @ kernel.reshape(-1, kernel.shape[-1]), bias, relu)
    return y, (patches, kernel, y)


def _conv_backward(relu: bool, kept: tuple[Array, ...], slope: Array) -> tuple[Array, Array, Array]:
    patches, kernel, y = kept
    slope = jnp.where(y > 0, slope, 0) if relu else slope
    flat = kernel.reshape(-1, kernel.shape[-1])
    of_kernel = _sum_of_outer_products(patches, slope).reshape(kernel.shape)
    return _lay_over(slope @ flat.T), of_kernel, slope.sum(axis=(0, 1, 2))


matmul_conv.defvjp(_conv_forward, _conv_backward)


@partial(jax.custom_vjp, nondiff_argnums=(3,))
def matmul_conv_transpose(x: Images, kernel: Kernel, bias: Bias, relu: bool) -> Float[Array, "B h w O"]:
    """Every pixel times the kernel makes a patch, and overlapping patches add up: y[2j + t] = Σ w[2 − t]·x[j]."""
    return _transpose_forward(x, kernel, bias, relu)[0]


def _transpose_forward(x: Images, kernel: Kernel, bias: Bias, relu: bool) -> tuple[Array, tuple[Array, ...]]:
    patches = x @ _taps(kernel)
    y = _finish(patches, bias, relu, _lay_over)
    return y, (x, kernel, y)


def _transpose_backward(relu: bool, kept: tuple[Array, ...], slope: Array) -> tuple[Array, Array, Array]:
    x, kernel, y = kept
    slope = jnp.where(y > 0, slope, 0) if relu else slope
    patches = _patches(slope)
    taps, of_taps = jax.vjp(_taps, kernel)
    (of_kernel,) = of_taps(_sum_of_outer_products(x, patches))
    return patches @ taps.T, of_kernel, slope.sum(axis=(0, 1, 2))


matmul_conv_transpose.defvjp(_transpose_forward, _transpose_backward)


def _taps(kernel: Kernel) -> Float[Array, "C 9*O"]:
    return kernel[::-1, ::-1].transpose(2, 0, 1, 3).reshape(kernel.shape[2], -1)


def _patches(x: Images) -> Float[Array, "B h w 9*C"]:
    """Rows 2i to 2i + 2 and columns 2j to 2j + 2 of x for every (i, j), one zero row and column behind x.

    Of each row of a patch the first two pixels lie together in memory. The six parts are put in their places as a sum,
    each with zeros where the others are: that is one loop, where to concatenate them takes seven.
    """
    batch, height, width, channels = x.shape
    pairs = x.reshape(batch, height // 2, 2, width // 2, 2 * channels)
    patches = jnp.zeros((), x.dtype)
    for row, beyond in enumerate((0, 0, 1)):
        two = pairs[:, beyond:, row % 2]
        for part, right, place in ((two, 0, 3 * row), (two[:, :, 1:, :channels], 1, 3 * row + 2)):
            before = place * channels
            behind = 9 * channels - before - part.shape[-1]
            patches = patches + jnp.pad(part, ((0, 0), (0, beyond), (0, right), (before, behind)))
    return patches


def _lay_over(patches: Float[Array, "B h w 9*C"]) -> Images:
    """The transpose of `_patches`: each patch laid where it would have been cut out, and what overlaps added up."""
    batch, height, width, values = patches.shape
    x = jax.ShapeDtypeStruct((batch, 2 * height, 2 * width, values // 9), patches.dtype)
    return jax.linear_transpose(_patches, x)(patches)[0]


def _sum_of_outer_products(a: Float[Array, "B h w A"], b: Float[Array, "B h w B"]) -> Float[Array, "A B"]:
    """aᵀ·b over all pixels. With the narrower of both on the left XLA takes half of the time.

    The barrier keeps it from turning them around again.
    """
    a, b = a.reshape(-1, a.shape[-1]), b.reshape(-1, b.shape[-1])
    if a.shape[1] <= b.shape[1]:
        return jax.lax.dot_general(a, b, (((0,), (0,)), ((), ())))
    return jax.lax.optimization_barrier(jax.lax.dot_general(b, a, (((0,), (0,)), ((), ())))).T


def _finish(
    values: Array, bias: Bias, relu: bool, before: Callable[[Array], Array] = lambda values: values
) -> Float[Array, "B h w O"]:
    """relu(before(values) + bias), computed once.

    XLA would compute it anew in every loop that reads it, nine times where patches are cut out. It does not look
    through a branch; and which branch is taken it cannot know, since a number may be NaN.
    """
    if not relu:
        return before(values) + bias
    first = values.ravel()[0]
    shape = jax.eval_shape(before, values)
    return jax.lax.cond(
        first == first,  # false for NaN
        lambda: jnp.maximum(before(values) + bias, 0),
        lambda: jnp.full(shape.shape, jnp.nan, shape.dtype),
    )
