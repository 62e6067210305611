"""Where codes begin; FORMULAS: Codebook initialisation.

Each takes a key, encoder outputs (N, D), the codebooks' shape (L, K, D), and the scale; and gives the codebooks. Level l of
those that look at the data begins on what levels 1 to l−1 leave over.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from explorer.model.quantizer import nearest

ITERATIONS = 20
"""Of Lloyd's algorithm."""

Shape = tuple[int, int, int]


def normal(key: PRNGKeyArray, _latents: Float[Array, "N D"], shape: Shape, scale: float) -> Float[Array, "L K D"]:
    """Normal around 0 with standard deviation `scale`."""
    return scale * jax.random.normal(key, shape)


def uniform(key: PRNGKeyArray, _latents: Float[Array, "N D"], shape: Shape, _scale: float) -> Float[Array, "L K D"]:
    """Uniform from −1/K to 1/K (van den Oord et al. 2017's code)."""
    return jax.random.uniform(key, shape, minval=-1 / shape[1], maxval=1 / shape[1])


def data(key: PRNGKeyArray, latents: Float[Array, "N D"], shape: Shape, _scale: float) -> Float[Array, "L K D"]:
    """Residuals drawn at random, none twice while there are enough."""
    return _by_level(_drawn, key, latents, shape)


def kmeans(key: PRNGKeyArray, latents: Float[Array, "N D"], shape: Shape, _scale: float) -> Float[Array, "L K D"]:
    """Centres that Lloyd's algorithm (1982) finds, from residuals drawn at random; an empty one stays where it is."""
    return _by_level(_centres, key, latents, shape)


def _by_level(
    level: Callable[[PRNGKeyArray, Float[Array, "N D"], int], Float[Array, "K D"]],
    key: PRNGKeyArray,
    latents: Float[Array, "N D"],
    shape: Shape,
) -> Float[Array, "L K D"]:
    residuals, codebooks = latents, []
    for own in jax.random.split(key, shape[0]):
        codebook = level(own, residuals, shape[1])
        residuals = residuals - codebook[nearest(residuals, codebook)]
        codebooks.append(codebook)
    return jnp.stack(codebooks)


def _drawn(key: PRNGKeyArray, residuals: Float[Array, "N D"], size: int) -> Float[Array, "K D"]:
    return jax.random.choice(key, residuals, (size,), replace=size > len(residuals))


def _centres(key: PRNGKeyArray, residuals: Float[Array, "N D"], size: int) -> Float[Array, "K D"]:
    def improve(codebook: Float[Array, "K D"], _: None) -> tuple[Float[Array, "K D"], None]:
        member = jax.nn.one_hot(nearest(residuals, codebook), size)
        counts = member.sum(axis=0)[:, None]
        return jnp.where(counts > 0, member.T @ residuals / jnp.maximum(counts, 1), codebook), None

    return jax.lax.scan(improve, _drawn(key, residuals, size), None, ITERATIONS)[0]
