"""By how many levels images are quantized while training."""

import jax
import numpy as np

from explorer.training.level_dropout import none, uniform


def test_each_image_uses_the_first_levels_and_each_number_of_them_is_as_likely() -> None:
    used = np.asarray(uniform(jax.random.key(1), 4, 8000))
    depth = used.sum(axis=0)
    np.testing.assert_array_equal(used, np.arange(4)[:, None] < depth)
    np.testing.assert_allclose(np.bincount(depth, minlength=5)[1:] / 8000, 0.25, atol=0.02)


def test_none_leaves_nothing_out() -> None:
    assert none(jax.random.key(1), 4, 8) is None
