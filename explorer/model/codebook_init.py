"""Where codes begin; FORMULAS: Codebook initialisation.

Each takes a key, encoder outputs (N, D), the codebooks' shape, and the scale; and gives the codebooks. Level l of those that
look at the data begins on what levels 1 to l−1 leave over. Rows beyond a level's own size are no codes: whatever a way puts
there is made 0.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from explorer.model.quantizer import nearest
from explorer.model.shape import Shape

ITERATIONS = 20
"""Of Lloyd's algorithm."""


def normal(key: PRNGKeyArray, _latents: Float[Array, "N D"], shape: Shape, scale: float) -> Float[Array, "L K D"]:
    """Normal around 0 with standard deviation `scale`."""
    return scale * jax.random.normal(key, shape.padded)


def uniform(key: PRNGKeyArray, _latents: Float[Array, "N D"], shape: Shape, _scale: float) -> Float[Array, "L K D"]:
    """Uniform from −1/K to 1/K, K the level's own size (van den Oord et al. 2017's code)."""
    bound = 1 / np.array(shape.sizes, np.float32)[:, None, None]
    return jax.random.uniform(key, shape.padded, minval=-bound, maxval=bound)


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
    for own, size in zip(jax.random.split(key, len(shape.sizes)), shape.sizes, strict=True):
        codebook = level(own, residuals, size)
        residuals = residuals - codebook[nearest(residuals, codebook)]
        codebooks.append(jnp.pad(codebook, ((0, max(shape.sizes) - size), (0, 0))))
    return jnp.stack(codebooks)


def _drawn(key: PRNGKeyArray, residuals: Float[Array, "N D"], size: int) -> Float[Array, "K D"]:
    return jax.random.choice(key, residuals, (size,), replace=size > len(residuals))


def _centres(key: PRNGKeyArray, residuals: Float[Array, "N D"], size: int) -> Float[Array, "K D"]:
    def improve(codebook: Float[Array, "K D"], _: None) -> tuple[Float[Array, "K D"], None]:
        member = jax.nn.one_hot(nearest(residuals, codebook), size)
        counts = member.sum(axis=0)[:, None]
        return jnp.where(counts > 0, member.T @ residuals / jnp.maximum(counts, 1), codebook), None

    return jax.lax.scan(improve, _drawn(key, residuals, size), None, ITERATIONS)[0]
