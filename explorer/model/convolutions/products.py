"""What both forms by matrix products share."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from explorer.model.convolutions import Bias, Kernel


def sum_of_outer_products(a: Float[Array, "B h w A"], b: Float[Array, "B h w B"]) -> Float[Array, "A B"]:
    """aᵀ·b over all pixels. With the narrower of both on the left XLA takes half of the time.

    The barrier keeps it from turning them around again.
    """
    a, b = a.reshape(-1, a.shape[-1]), b.reshape(-1, b.shape[-1])
    if a.shape[1] <= b.shape[1]:
        return jax.lax.dot_general(a, b, (((0,), (0,)), ((), ())))
    return jax.lax.optimization_barrier(jax.lax.dot_general(b, a, (((0,), (0,)), ((), ())))).T


def taps_of_transpose(kernel: Kernel) -> Float[Array, "C 9*O"]:
    """What a pixel is multiplied with to make a patch: a transposed convolution's kernel is turned round."""
    return kernel[::-1, ::-1].transpose(2, 0, 1, 3).reshape(kernel.shape[2], -1)


def finish(assemble: Callable[..., Array], products: tuple[Array, ...], bias: Bias, relu: bool) -> Array:
    """assemble(*products) + bias, behind a ReLU if `relu`, which is then computed once.

    XLA would compute it anew in every loop that reads it, for every part that is cut out of it. It does not look
    through a branch; and which branch is taken it cannot know, since a number may be NaN.
    """
    if not relu:
        return assemble(*products) + bias
    first = products[0].ravel()[0]
    shape = jax.eval_shape(assemble, *products)
    return jax.lax.cond(
        first == first,  # false for NaN
        lambda: jnp.maximum(assemble(*products) + bias, 0),
        lambda: jnp.full(shape.shape, jnp.nan, shape.dtype),
    )


def cut(slope: Array, y: Array, relu: bool) -> Array:
    """A slope on its way back through the ReLU that made y, if `relu`."""
    return jnp.where(y > 0, slope, 0) if relu else slope
