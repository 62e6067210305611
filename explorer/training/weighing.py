"""Terms that are computed only while they count."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float


def while_weighted(
    weight: Float[Array, ""], term: Callable[..., Float[Array, ""]], *arguments: Float[Array, "..."]
) -> Float[Array, ""]:
    """`term(*arguments)` with its gradient while `weight` > 0; otherwise NaN, with no gradient, and at no cost.

    The branch computes value and gradient at once: were it differentiated like any other, the one that is not taken would
    have to make up all that the other keeps for its gradient.
    """
    fixed = jax.lax.stop_gradient(arguments)

    def computed() -> tuple[Float[Array, ""], tuple[Array, ...]]:
        return jax.value_and_grad(term, tuple(range(len(fixed))))(*fixed)

    def skipped() -> tuple[Float[Array, ""], tuple[Array, ...]]:
        return jnp.full((), jnp.nan), tuple(jnp.zeros_like(argument) for argument in fixed)

    value, gradients = jax.lax.cond(weight > 0, computed, skipped)
    for gradient, argument, at in zip(gradients, arguments, fixed, strict=True):
        value = value + jnp.vdot(gradient, argument - at)  # 0, with this gradient
    return value
