"""Numbers for tuples of codes, and how many distinct ones there are."""

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer.training.tuples import NO_TUPLE, distinct, tuple_ids

SIZES = [(16, 16), (3, 5, 2), (1024,) * 3, (1024,) * 8, (2,) * 8, (1000, 7, 1000, 900)]


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10**6), st.sampled_from(SIZES))
def test_as_many_numbers_as_tuples(seed: int, sizes: tuple[int, ...]) -> None:
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, np.minimum(sizes, 4), size=(300, len(sizes)))
    assert distinct(np.asarray(tuple_ids(jnp.asarray(codes), sizes))) == len({tuple(row) for row in codes})


def test_with_few_levels_the_number_is_the_mixed_radix_one() -> None:
    ids = tuple_ids(jnp.asarray([[2, 4, 1], [0, 0, 0], [2, 4, 0]]), (3, 5, 2))
    np.testing.assert_array_equal(ids, [29, 0, 28])


@pytest.mark.parametrize("sizes", [(4, 4), (1024,) * 8])
def test_images_that_do_not_use_all_levels_make_no_tuple(sizes: tuple[int, ...]) -> None:
    used = jnp.ones((len(sizes), 3), bool).at[-1, 1].set(False)
    ids = np.asarray(tuple_ids(jnp.asarray([[0] * len(sizes), [1] * len(sizes), [2] * len(sizes)]), sizes, used))
    assert (ids == NO_TUPLE).tolist() == [False, True, False]
    assert distinct(ids) == 2


def test_nothing_seen_is_no_tuple() -> None:
    assert distinct(np.full((100, 8), NO_TUPLE)) == 0
