"""A function of many rows, taken a few at a time: what it works on stays in the processor's cache, and in little memory."""

from collections.abc import Callable
from typing import Any

import jax
from jaxtyping import Array


def in_microbatches(function: Callable[[Any], Array], arrays: Any, size: int) -> Array:
    """`function` of `size` rows of the arrays at a time, or of all at once where that does not divide their number."""
    rows = len(jax.tree.leaves(arrays)[0])
    size = size if rows % size == 0 else rows
    chunks = jax.tree.map(lambda array: array.reshape(-1, size, *array.shape[1:]), arrays)
    outcome = jax.lax.map(function, chunks)
    return outcome.reshape(rows, *outcome.shape[2:])
