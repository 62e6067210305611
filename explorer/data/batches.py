"""Which training images a step sees: a pure function of the seed and the step, so that a paused run resumes exactly."""

from functools import lru_cache

import numpy as np
from jaxtyping import Int


def batch_indices(seed: int, step: int, size: int, batch_size: int) -> Int[np.ndarray, " B"]:
    """Indices, into `size` training images, of the batch of step `step` (counted from 0); read-only.

    Every epoch is a permutation of its own, cut into batches; what remains of it is dropped. A batch larger than the
    data set holds each image as often as any other, or once more. Raises ValueError for a negative seed or step, and
    for a size or batch size below 1.
    """
    if seed < 0 or step < 0 or size < 1 or batch_size < 1:
        raise ValueError(f"no batch of {batch_size} out of {size} images at step {step} with seed {seed}")
    epoch, batch = divmod(step, max(size // batch_size, 1))
    order = _permutation(seed, epoch, size)
    if batch_size > size:
        return np.resize(order, batch_size)
    return order[batch * batch_size : (batch + 1) * batch_size]


@lru_cache(maxsize=16)
def _permutation(seed: int, epoch: int, size: int) -> Int[np.ndarray, " N"]:
    """The order of one epoch. Cached, a few runs deep: drawing it takes a millisecond, and every step asks for it."""
    order = np.random.default_rng((seed, epoch)).permutation(size)
    order.setflags(write=False)
    return order
