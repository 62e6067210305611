"""Convolutions as matrix products of the rows of patches, three pixels each: for images of many channels.

A patch's third row is the first row of the patch below it. So each row is cut out once, and multiplied with what it meets in
both patches: as many operations as with whole patches, of a third less memory, and a row has two parts where a patch has six.
"""

from functools import partial

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from explorer.model.convolutions import Bias, Images, Kernel, Larger, Smaller
from explorer.model.convolutions.products import cut, finish, sum_of_outer_products, taps_of_transpose

Kept = tuple[Array, ...]
Rows = Float[Array, "B h w 3*C"]


@partial(jax.custom_vjp, nondiff_argnums=(3,))
def conv(x: Images, kernel: Kernel, bias: Bias, relu: bool) -> Smaller:
    """Every row of three pixels times the rows of the kernel that it meets: y[j] = Σ_t w[t]·x[2j + t] along each axis."""
    return _conv_forward(x, kernel, bias, relu)[0]


def _conv_forward(x: Images, kernel: Kernel, bias: Bias, relu: bool) -> tuple[Smaller, Kept]:
    even, odd = _rows(x)
    outer, middle = _outer_and_middle(kernel)
    y = finish(_add_from_below, (even @ outer, odd @ middle), bias, relu)
    return y, (even, odd, kernel, y)


def _conv_backward(relu: bool, kept: Kept, slope: Smaller) -> tuple[Array, Array, Array]:
    even, odd, kernel, y = kept
    slope = cut(slope, y, relu)
    both = _with_above(slope)
    (outer, middle), of_parts = jax.vjp(_outer_and_middle, kernel)
    (of_kernel,) = of_parts((sum_of_outer_products(even, both), sum_of_outer_products(odd, slope)))
    return _lay(both @ outer.T, slope @ middle.T), of_kernel, slope.sum(axis=(0, 1, 2))


conv.defvjp(_conv_forward, _conv_backward)


@partial(jax.custom_vjp, nondiff_argnums=(3,))
def conv_transpose(x: Images, kernel: Kernel, bias: Bias, relu: bool) -> Larger:
    """Every pixel, with the one above it, makes rows of three pixels, which overlap and add up: y[2j + t] = Σ w[2 − t]·x[j]."""
    return _transpose_forward(x, kernel, bias, relu)[0]


def _transpose_forward(x: Images, kernel: Kernel, bias: Bias, relu: bool) -> tuple[Larger, Kept]:
    both = _with_above(x)
    outer, middle = _transposed(kernel)
    y = finish(_lay, (both @ outer, x @ middle), bias, relu)
    return y, (x, both, kernel, y)


def _transpose_backward(relu: bool, kept: Kept, slope: Larger) -> tuple[Array, Array, Array]:
    x, both, kernel, y = kept
    slope = cut(slope, y, relu)
    even, odd = _rows(slope)
    (outer, middle), of_parts = jax.vjp(_transposed, kernel)
    (of_kernel,) = of_parts((sum_of_outer_products(both, even), sum_of_outer_products(x, odd)))
    return _add_from_below(even @ outer.T, odd @ middle.T), of_kernel, slope.sum(axis=(0, 1, 2))


conv_transpose.defvjp(_transpose_forward, _transpose_backward)


def _outer_and_middle(kernel: Kernel) -> tuple[Float[Array, "3*C 2*O"], Float[Array, "3*C O"]]:
    """What an even row is multiplied with, as the first of a patch and as the third of the one above it; and an odd row."""
    first, second, third = kernel.reshape(3, -1, kernel.shape[-1])
    return jnp.concatenate([first, third], axis=1), second


def _transposed(kernel: Kernel) -> tuple[Float[Array, "2*C 3*O"], Float[Array, "C 3*O"]]:
    """The same for what makes rows: of a pixel and the one above it the even row, of a pixel the odd row."""
    first, second, third = jnp.split(taps_of_transpose(kernel), 3, axis=1)
    return jnp.concatenate([first, third], axis=0), second


def _rows(x: Images) -> tuple[Rows, Rows]:
    """Columns 2j to 2j + 2 of the even rows of x, and of the odd ones; one zero column behind x.

    The first two pixels lie together in memory. Both parts are put in their places as a sum, which is one loop.
    """
    batch, height, width, channels = x.shape
    pairs = x.reshape(batch, height // 2, 2, width // 2, 2 * channels)

    def cut_out(row: int) -> Rows:
        two = pairs[:, :, row]
        third = two[:, :, 1:, :channels]
        return _padded(two, (0, 0), (0, 0), (0, channels)) + _padded(third, (0, 0), (0, 1), (2 * channels, 0))

    return cut_out(0), cut_out(1)


def _lay(even: Rows, odd: Rows) -> Images:
    """The transpose of `_rows`: each laid where it would have been cut out, and what overlaps added up."""
    batch, height, width, values = even.shape
    x = jax.ShapeDtypeStruct((batch, 2 * height, 2 * width, values // 3), even.dtype)
    return jax.linear_transpose(_rows, x)((even, odd))[0]


def _with_above(x: Images) -> Float[Array, "B H W 2*C"]:
    """Each pixel, and the one above it."""
    channels = x.shape[-1]
    return _padded(x, (0, 0), (0, 0), (0, channels)) + _padded(x[:, :-1], (1, 0), (0, 0), (channels, 0))


def _add_from_below(outer: Float[Array, "B H W 2*C"], middle: Images) -> Images:
    """The transpose of `_with_above`, and `middle`."""
    channels = middle.shape[-1]
    return outer[..., :channels] + middle + _padded(outer[:, 1:, :, channels:], (0, 1), (0, 0), (0, 0))


def _padded(x: Array, *sides: tuple[int, int]) -> Array:
    """With zeros before and behind its rows, columns and channels."""
    return jnp.pad(x, ((0, 0), *sides))
