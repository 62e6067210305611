"""Codes as moving averages, against the formula in numpy float64."""

import jax
import jax.numpy as jnp
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer.model.shape import Shape
from explorer.training.moving_average import EPSILON, Averages, begin, update

updated = jax.jit(update, static_argnames="shape")


@settings(deadline=None, max_examples=30)
@given(
    st.integers(0, 10**6), st.sampled_from([(4,), (5, 5), (6, 2, 3)]), st.sampled_from([0.3, 0.9, 0.999]), st.booleans()
)
def test_an_update_is_that_of_the_formula(seed: int, sizes: tuple[int, ...], decay: float, drop: bool) -> None:
    rng = np.random.default_rng(seed)
    shape, levels = Shape(sizes, 2), len(sizes)
    own = np.arange(max(sizes)) < np.array(sizes)[:, None]
    counts, sums = rng.random(own.shape) * 9 * own, rng.normal(size=(*own.shape, 2)) * own[..., None]
    residuals, codes = rng.normal(size=(levels, 7, 2)), rng.integers(sizes, size=(7, levels))
    used = rng.random((levels, 7)) < 0.7 if drop else np.ones((levels, 7), bool)
    before = Averages(jnp.asarray(counts, jnp.float32), jnp.asarray(sums, jnp.float32))
    given = jnp.asarray(residuals, jnp.float32), jnp.asarray(codes), decay, shape
    after, codebooks = updated(before, *given, jnp.asarray(used) if drop else None)
    for level, size in enumerate(sizes):
        for code in range(size):
            chosen = (codes[:, level] == code) & used[level]
            counts[level, code] = decay * counts[level, code] + (1 - decay) * chosen.sum()
            sums[level, code] = decay * sums[level, code] + (1 - decay) * residuals[level][chosen].sum(axis=0)
        n = counts[level].sum()
        smoothed = (counts[level, :size] + EPSILON) / (n + size * EPSILON) * n
        if n > 0:
            expected = sums[level, :size] / smoothed[:, None]
            np.testing.assert_allclose(codebooks[level, :size], expected, rtol=1e-3, atol=1e-3)
            np.testing.assert_array_equal(codebooks[level, size:], 0)
    np.testing.assert_allclose(after.counts, counts, rtol=1e-5)
    np.testing.assert_allclose(after.sums, sums, rtol=1e-4, atol=1e-5)


def test_a_code_that_is_never_chosen_stays_and_one_that_is_moves_to_the_mean_of_its_points() -> None:
    codebooks = jnp.asarray([[[1.0, 2.0], [5.0, 5.0]]])
    shape = Shape((2,), 2)
    averages = begin(codebooks, jnp.asarray([[0.0, 4.0]]), shape)
    points = jnp.asarray([[[6.0, 4.0], [6.0, 6.0], [6.0, 5.0], [6.0, 5.0]]])
    for _ in range(300):
        averages, codebooks = updated(averages, points, jnp.ones((4, 1), jnp.int32), 0.99, shape)
    np.testing.assert_allclose(codebooks[0, 0], [1.0, 2.0], atol=1e-3)
    np.testing.assert_allclose(codebooks[0, 1], [6.0, 5.0], atol=0.06)


def test_what_is_no_code_begins_without_mass() -> None:
    codebooks = jnp.asarray([[[1.0, 2.0], [0.0, 0.0]], [[3.0, 4.0], [5.0, 6.0]]])
    averages = begin(codebooks, jnp.zeros((2, 2)), Shape((1, 2), 2))
    np.testing.assert_array_equal(averages.counts, [[1, 0], [1, 1]])
    np.testing.assert_array_equal(averages.sums, codebooks)


def test_without_memory_a_level_that_nobody_uses_stays_finite() -> None:
    before = Averages(jnp.ones((1, 2)), jnp.ones((1, 2, 2)))
    nobody = jnp.zeros((1, 4), bool)
    after, codebooks = updated(before, jnp.ones((1, 4, 2)), jnp.zeros((4, 1), jnp.int32), 0.0, Shape((2,), 2), nobody)
    assert np.isfinite(codebooks).all()
    np.testing.assert_array_equal(after.counts, 0)
