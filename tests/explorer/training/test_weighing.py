"""A term is computed only while its weight is above 0."""

import jax
import jax.numpy as jnp
import numpy as np

from explorer.training.weighing import while_weighted

A, B = jnp.asarray([1.0, 2.0]), jnp.asarray([3.0, -1.0])


def term(a, b):
    return jnp.sum(jnp.sin(a) * b**2)


def poison(a, b):
    return jnp.sum(a / (b - b))


def test_above_zero_value_and_gradients_are_the_terms_own() -> None:
    value, gradients = jax.value_and_grad(lambda a, b: while_weighted(jnp.float32(0.1), term, a, b), (0, 1))(A, B)
    expected, expected_gradients = jax.value_and_grad(term, (0, 1))(A, B)
    np.testing.assert_allclose(value, expected, rtol=1e-6)
    for mine, its in zip(gradients, expected_gradients, strict=True):
        np.testing.assert_allclose(mine, its, rtol=1e-6)


def test_at_zero_it_is_nan_without_any_gradient_even_if_the_term_is_not_finite() -> None:
    def total(weight, a, b):
        value = while_weighted(weight, poison, a, b)
        return jnp.sum(a) + jnp.where(weight > 0, weight * value, 0), value

    (summed, value), gradients = jax.value_and_grad(total, (1, 2), has_aux=True)(jnp.float32(0), A, B)
    assert summed == 3
    assert np.isnan(value)
    np.testing.assert_array_equal(gradients[0], 1)
    np.testing.assert_array_equal(gradients[1], 0)


def test_moving_the_weight_from_zero_traces_once() -> None:
    traced = []

    @jax.jit
    def compute(weight, a, b):
        traced.append(weight)
        return while_weighted(weight, term, a, b)

    assert [bool(np.isnan(compute(np.float32(weight), A, B))) for weight in (0, 0.5, 0, 2)] == [
        True,
        False,
        True,
        False,
    ]
    assert len(traced) == 1
