"""Convolutions as one matrix product of whole patches, nine pixels each: for images of few channels."""

from functools import partial

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from explorer.model.convolutions import Bias, Images, Kernel, Larger, Smaller
from explorer.model.convolutions.products import cut, finish, sum_of_outer_products, taps_of_transpose

Kept = tuple[Array, ...]


@partial(jax.custom_vjp, nondiff_argnums=(3,))
def conv(x: Images, kernel: Kernel, bias: Bias, relu: bool) -> Smaller:
    """Every patch of x times the kernel: y[j] = Σ_t w[t]·x[2j + t] along each axis."""
    return _conv_forward(x, kernel, bias, relu)[0]


def _conv_forward(x: Images, kernel: Kernel, bias: Bias, relu: bool) -> tuple[Smaller, Kept]:
    patches = _patches(x)
    y = finish(lambda products: products, (patches @ _flat(kernel),), bias, relu)
    return y, (patches, kernel, y)


def _conv_backward(relu: bool, kept: Kept, slope: Smaller) -> tuple[Array, Array, Array]:
    patches, kernel, y = kept
    slope = cut(slope, y, relu)
    of_kernel = sum_of_outer_products(patches, slope).reshape(kernel.shape)
    return _lay_over(slope @ _flat(kernel).T), of_kernel, slope.sum(axis=(0, 1, 2))


conv.defvjp(_conv_forward, _conv_backward)


@partial(jax.custom_vjp, nondiff_argnums=(3,))
def conv_transpose(x: Images, kernel: Kernel, bias: Bias, relu: bool) -> Larger:
    """Every pixel times the kernel makes a patch, and overlapping patches add up: y[2j + t] = Σ w[2 − t]·x[j]."""
    return _transpose_forward(x, kernel, bias, relu)[0]


def _transpose_forward(x: Images, kernel: Kernel, bias: Bias, relu: bool) -> tuple[Larger, Kept]:
    y = finish(_lay_over, (x @ taps_of_transpose(kernel),), bias, relu)
    return y, (x, kernel, y)


def _transpose_backward(relu: bool, kept: Kept, slope: Larger) -> tuple[Array, Array, Array]:
    x, kernel, y = kept
    slope = cut(slope, y, relu)
    patches = _patches(slope)
    taps, of_taps = jax.vjp(taps_of_transpose, kernel)
    (of_kernel,) = of_taps(sum_of_outer_products(x, patches))
    return patches @ taps.T, of_kernel, slope.sum(axis=(0, 1, 2))


conv_transpose.defvjp(_transpose_forward, _transpose_backward)


def _flat(kernel: Kernel) -> Float[Array, "9*C O"]:
    return kernel.reshape(-1, kernel.shape[-1])


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
