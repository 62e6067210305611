"""A data set's images on the device: once for each process, however many of its runs train on them."""

from hashlib import sha256
from weakref import WeakValueDictionary

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, UInt8

_held: WeakValueDictionary[bytes, jax.Array] = WeakValueDictionary()
"""By what the images are: each run opens its data set for itself. They go with the last that uses them."""


def on_device(images: UInt8[np.ndarray, "N 28 28"]) -> UInt8[Array, "N 28 28"]:
    """These images on the device; the very array that another got for equal ones."""
    key = sha256(np.ascontiguousarray(images).data).digest()
    held = _held.get(key)
    return _held.setdefault(key, jnp.array(images)) if held is None else held
