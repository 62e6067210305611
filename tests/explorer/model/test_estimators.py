"""The rotation's value and gradient against matrices in numpy; assignment by angle."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer.model.quantizer import MOST_GAIN, nearest_by_angle, rotation

DIMS = st.integers(2, 5)


def pulled(latents: np.ndarray, quantized: np.ndarray, gradient: np.ndarray) -> np.ndarray:
    """What the rotation makes of the decoder's gradient."""
    z, q, g = (jnp.asarray(x, jnp.float32) for x in (latents, quantized, gradient))
    return np.asarray(jax.grad(lambda z: jnp.sum(g * rotation(z, q)))(z))


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 10**6), DIMS)
def test_its_value_is_exactly_the_quantized_and_its_gradient_that_of_the_rotation(seed: int, dims: int) -> None:
    rng = np.random.default_rng(seed)
    z, q, g = rng.normal(size=(3, 1, dims))
    np.testing.assert_array_equal(
        rotation(jnp.asarray(z, jnp.float32), jnp.asarray(q, jnp.float32)), q.astype(np.float32)
    )
    e, unit = z[0] / np.linalg.norm(z), q[0] / np.linalg.norm(q)
    w = (e + unit) / np.linalg.norm(e + unit)
    matrix = np.eye(dims) - 2 * np.outer(w, w) + 2 * np.outer(unit, e)
    np.testing.assert_allclose(matrix @ matrix.T, np.eye(dims), atol=1e-6)
    np.testing.assert_allclose(matrix @ e, unit, atol=1e-6)
    gain = min(np.linalg.norm(q) / np.linalg.norm(z), MOST_GAIN)
    np.testing.assert_allclose(pulled(z, q, g)[0], gain * matrix.T @ g[0], rtol=1e-2, atol=1e-3)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10**6))
def test_angles_between_latent_and_gradient_stay(seed: int) -> None:
    """What the estimator is for: the encoder's gradient lies to z_e as the decoder's does to z_q."""
    rng = np.random.default_rng(seed)
    z, q, g = rng.normal(size=(3, 1, 2))
    mine = pulled(z, q, g)[0]

    def cosine(a: np.ndarray, b: np.ndarray) -> float:
        return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))

    assert cosine(mine, z[0]) == pytest.approx(cosine(g[0], q[0]), abs=2e-3)


def test_the_gain_is_cut_where_a_latent_is_near_the_origin() -> None:
    g = np.array([[3.0, 4.0]])
    assert np.linalg.norm(pulled(np.array([[1e-4, 0.0]]), np.array([[1.0, 1.0]]), g)) == pytest.approx(
        5 * MOST_GAIN, rel=1e-3
    )


@pytest.mark.parametrize(
    ("latent", "quantized"), [([1.0, 0.0], [-2.0, 0.0]), ([0.0, 0.0], [1.0, 1.0]), ([1.0, 1.0], [0.0, 0.0])]
)
def test_without_a_direction_it_is_straight_through(latent: list[float], quantized: list[float]) -> None:
    g = np.array([[3.0, 4.0]])
    np.testing.assert_array_equal(pulled(np.array([latent]), np.array([quantized]), g), g)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10**6), DIMS)
def test_by_angle_the_code_of_the_largest_cosine_is_taken(seed: int, dims: int) -> None:
    rng = np.random.default_rng(seed)
    residuals, codebook = rng.normal(size=(6, dims)), rng.normal(size=(5, dims))
    cosines = residuals @ (codebook / np.linalg.norm(codebook, axis=1, keepdims=True)).T
    chosen = nearest_by_angle(jnp.asarray(residuals, jnp.float32), jnp.asarray(codebook, jnp.float32))
    np.testing.assert_array_equal(chosen, cosines.argmax(axis=1))
    scaled = nearest_by_angle(jnp.asarray(7 * residuals, jnp.float32), jnp.asarray(codebook, jnp.float32))
    np.testing.assert_array_equal(scaled, chosen)
