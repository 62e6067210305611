"""Codes as moving averages, against the formula in numpy float64."""

import jax.numpy as jnp
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer.training.moving_average import DECAY, EPSILON, Averages, begin, update


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10**6), st.integers(1, 3), st.integers(2, 6))
def test_an_update_is_that_of_the_formula(seed: int, levels: int, size: int) -> None:
    rng = np.random.default_rng(seed)
    counts, sums = rng.random((levels, size)) * 9, rng.normal(size=(levels, size, 2))
    residuals, codes = rng.normal(size=(levels, 7, 2)), rng.integers(size, size=(7, levels))
    before = Averages(jnp.asarray(counts, jnp.float32), jnp.asarray(sums, jnp.float32))
    after, codebooks = update(before, jnp.asarray(residuals, jnp.float32), jnp.asarray(codes))
    for level in range(levels):
        for code in range(size):
            chosen = codes[:, level] == code
            counts[level, code] = DECAY * counts[level, code] + (1 - DECAY) * chosen.sum()
            sums[level, code] = DECAY * sums[level, code] + (1 - DECAY) * residuals[level][chosen].sum(axis=0)
        n = counts[level].sum()
        smoothed = (counts[level] + EPSILON) / (n + size * EPSILON) * n
        np.testing.assert_allclose(codebooks[level], sums[level] / smoothed[:, None], rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(after.counts, counts, rtol=1e-5)
    np.testing.assert_allclose(after.sums, sums, rtol=1e-4, atol=1e-5)


def test_a_code_that_is_never_chosen_stays_and_one_that_is_moves_to_the_mean_of_its_points() -> None:
    codebooks = jnp.asarray([[[1.0, 2.0], [5.0, 5.0]]])
    averages = begin(codebooks, jnp.asarray([[0.0, 4.0]]))
    points = jnp.asarray([[[6.0, 4.0], [6.0, 6.0], [6.0, 5.0], [6.0, 5.0]]])
    for _ in range(300):
        averages, codebooks = update(averages, points, jnp.ones((4, 1), jnp.int32))
    np.testing.assert_allclose(codebooks[0, 0], [1.0, 2.0], atol=1e-3)
    np.testing.assert_allclose(codebooks[0, 1], [6.0, 5.0], atol=0.06)
