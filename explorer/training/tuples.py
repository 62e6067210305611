"""Joint use of the levels: how many distinct tuples of codes images were quantized to; FORMULAS: Health, joint use."""

from math import prod

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Int, Integer, UInt32

NO_TUPLE = np.uint32(2**32 - 1)
"""Stands for an image that was not quantized by all levels."""


def tuple_ids(
    codes: Int[Array, "B L"], sizes: tuple[int, ...], used: Bool[Array, "L B"] | None = None
) -> UInt32[Array, " B"]:
    """A number for each image's tuple of codes: the same for the same tuple.

    Distinct for distinct ones while there are fewer than 2³² tuples; beyond that a hash, by which of the 12,800 images of a
    hundred default batches one pair in fifty such windows would fall together.
    """
    ids = jnp.zeros(len(codes), jnp.uint32)
    exact = prod(sizes) < 2**32
    for level, size in enumerate(sizes):
        code = codes[:, level].astype(jnp.uint32)
        ids = ids * jnp.uint32(size) + code if exact else _mixed(ids * jnp.uint32(31) + code)
    return ids if used is None else jnp.where(used[-1], ids, NO_TUPLE)


def distinct(ids: Integer[np.ndarray, "..."]) -> int:
    """How many tuples there are among images' numbers."""
    found = np.unique(ids)
    return len(found) - int(NO_TUPLE in found)


def _mixed(bits: UInt32[Array, " B"]) -> UInt32[Array, " B"]:
    """Every bit depends on every bit: the finaliser of MurmurHash3 (Appleby, public domain)."""
    bits = (bits ^ (bits >> 16)) * jnp.uint32(0x85EBCA6B)
    bits = (bits ^ (bits >> 13)) * jnp.uint32(0xC2B2AE35)
    return bits ^ (bits >> 16)
