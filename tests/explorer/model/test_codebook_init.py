"""Where codes begin."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from explorer.model.codebook_init import data, kmeans, normal, uniform

KEY = jax.random.key(5)


@pytest.fixture(scope="module")
def latents() -> np.ndarray:
    """Six far clusters of fifty points."""
    rng = np.random.default_rng(0)
    centres = 10 * np.array([[0, 0], [1, 0], [0, 1], [1, 1], [2, 0], [0, 2]])
    return (np.repeat(centres, 50, axis=0) + 0.1 * rng.normal(size=(300, 2))).astype(np.float32)


def test_normal_has_the_scale_and_uniform_the_range_of_its_size() -> None:
    drawn = np.asarray(normal(KEY, jnp.zeros((1, 2)), (4, 500, 2), 0.3))
    assert drawn.std() == pytest.approx(0.3, rel=0.05)
    assert abs(drawn.mean()) < 0.02
    drawn = np.asarray(uniform(KEY, jnp.zeros((1, 2)), (4, 50, 2), 9.0))
    assert np.abs(drawn).max() <= 1 / 50
    assert drawn.std() == pytest.approx(1 / 50 / np.sqrt(3), rel=0.1)


def test_data_are_distinct_points_and_then_distinct_residuals(latents: np.ndarray) -> None:
    first, second = np.asarray(data(KEY, jnp.asarray(latents), (2, 40, 2), 1.0))
    points = {tuple(point) for point in latents}
    assert {tuple(code) for code in first} <= points
    assert len({tuple(code) for code in first}) == 40
    nearest = first[((latents[:, None] - first) ** 2).sum(axis=-1).argmin(axis=1)]
    residuals = latents - nearest
    distances = ((second[:, None] - residuals) ** 2).sum(axis=-1).min(axis=1)
    np.testing.assert_allclose(distances, 0, atol=1e-9)


@pytest.mark.parametrize("way", [data, kmeans])
def test_more_codes_than_points_is_no_mistake(way, latents: np.ndarray) -> None:
    assert np.isfinite(way(KEY, jnp.asarray(latents[:10]), (2, 64, 2), 1.0)).all()


def test_kmeans_is_where_lloyds_algorithm_stands_still(latents: np.ndarray) -> None:
    first, second = np.asarray(kmeans(KEY, jnp.asarray(latents), (2, 8, 2), 1.0), np.float64)
    residuals = latents.astype(np.float64)
    for codebook in (first, second):
        chosen = ((residuals[:, None] - codebook) ** 2).sum(axis=-1).argmin(axis=1)
        for code in set(chosen):
            np.testing.assert_allclose(residuals[chosen == code].mean(axis=0), codebook[code], atol=0.2)
        residuals = residuals - codebook[chosen]
    drawn = np.asarray(data(KEY, jnp.asarray(latents), (1, 8, 2), 1.0))[0]

    def error(codebook: np.ndarray) -> float:
        return ((latents[:, None] - codebook) ** 2).sum(axis=-1).min(axis=1).mean()

    assert error(first) <= error(drawn)
