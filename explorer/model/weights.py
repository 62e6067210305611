"""Weights before training: those of all layers in one draw, since each draw is a loop that takes XLA as long to compile."""

from math import prod, sqrt
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import PRNGKeyArray

CUT = 2.0
"""Standard deviations beyond which nothing is drawn."""
LEFT = 0.8796256610342398
"""Standard deviation of a standard normal that is cut there."""


def draw(key: PRNGKeyArray, shapes: Any) -> Any:
    """Arrays of a tree of shapes, as flax's default initialisers have them.

    Kernels, whose last axis are outputs, are Lecun normal: around 0 with variance 1 / inputs (LeCun et al. 1998, section
    4.6), cut at CUT standard deviations. Biases, of one axis, are 0.
    """
    leaves, tree = jax.tree.flatten(shapes)
    sizes = [prod(leaf.shape) if len(leaf.shape) > 1 else 0 for leaf in leaves]
    drawn, begin, made = jax.random.truncated_normal(key, -CUT, CUT, (sum(sizes),)), 0, []
    for leaf, size in zip(leaves, sizes, strict=True):
        deviation = sqrt(1 / prod(leaf.shape[:-1])) / LEFT
        kernel = deviation * drawn[begin : begin + size].reshape(leaf.shape) if size else jnp.zeros(leaf.shape)
        made.append(kernel)
        begin += size
    return jax.tree.unflatten(tree, made)
