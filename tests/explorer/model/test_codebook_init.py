"""Where codes begin."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from explorer.model.codebook_init import data, kmeans, normal, uniform
from explorer.model.rqvae import init_parameters
from explorer.model.shape import Shape

KEY = jax.random.key(5)
UNEQUAL = Shape((6, 2, 4), 3)


@pytest.fixture(scope="module")
def latents() -> np.ndarray:
    """Six far clusters of fifty points."""
    rng = np.random.default_rng(0)
    centres = 10 * np.array([[0, 0], [1, 0], [0, 1], [1, 1], [2, 0], [0, 2]])
    return (np.repeat(centres, 50, axis=0) + 0.1 * rng.normal(size=(300, 2))).astype(np.float32)


def test_normal_has_the_scale_and_uniform_the_range_of_its_size() -> None:
    drawn = np.asarray(normal(KEY, jnp.zeros((1, 2)), Shape((500,) * 4, 2), 0.3))
    assert drawn.std() == pytest.approx(0.3, rel=0.05)
    assert abs(drawn.mean()) < 0.02
    drawn = np.asarray(uniform(KEY, jnp.zeros((1, 2)), Shape((50,) * 4, 2), 9.0))
    assert np.abs(drawn).max() <= 1 / 50
    assert drawn.std() == pytest.approx(1 / 50 / np.sqrt(3), rel=0.1)


def test_data_are_distinct_points_and_then_distinct_residuals(latents: np.ndarray) -> None:
    first, second = np.asarray(data(KEY, jnp.asarray(latents), Shape((40, 40), 2), 1.0))
    points = {tuple(point) for point in latents}
    assert {tuple(code) for code in first} <= points
    assert len({tuple(code) for code in first}) == 40
    nearest = first[((latents[:, None] - first) ** 2).sum(axis=-1).argmin(axis=1)]
    residuals = latents - nearest
    distances = ((second[:, None] - residuals) ** 2).sum(axis=-1).min(axis=1)
    np.testing.assert_allclose(distances, 0, atol=1e-9)


@pytest.mark.parametrize("way", [data, kmeans])
def test_more_codes_than_points_is_no_mistake(way, latents: np.ndarray) -> None:
    assert np.isfinite(way(KEY, jnp.asarray(latents[:10]), Shape((64, 64), 2), 1.0)).all()


def test_kmeans_is_where_lloyds_algorithm_stands_still(latents: np.ndarray) -> None:
    first, second = np.asarray(kmeans(KEY, jnp.asarray(latents), Shape((8, 8), 2), 1.0), np.float64)
    residuals = latents.astype(np.float64)
    for codebook in (first, second):
        chosen = ((residuals[:, None] - codebook) ** 2).sum(axis=-1).argmin(axis=1)
        for code in set(chosen):
            np.testing.assert_allclose(residuals[chosen == code].mean(axis=0), codebook[code], atol=0.2)
        residuals = residuals - codebook[chosen]
    drawn = np.asarray(data(KEY, jnp.asarray(latents), Shape((8,), 2), 1.0))[0]

    def error(codebook: np.ndarray) -> float:
        return ((latents[:, None] - codebook) ** 2).sum(axis=-1).min(axis=1).mean()

    assert error(first) <= error(drawn)


def check_padding(codebooks: np.ndarray) -> None:
    assert codebooks.shape == (3, 6, 3)
    for level, size in zip(codebooks, UNEQUAL.sizes, strict=True):
        np.testing.assert_array_equal(level[size:], 0)
        assert (np.abs(level[:size]).max(axis=-1) > 0).all()


@pytest.mark.parametrize("way", [data, kmeans])
def test_smaller_levels_are_filled_up_with_zeros(way) -> None:
    check_padding(np.asarray(way(KEY, jax.random.normal(KEY, (30, 3)), UNEQUAL, 0.3)))


def test_whatever_a_way_puts_beyond_a_levels_own_size_is_made_zero() -> None:
    begin = jax.jit(init_parameters, static_argnums=(1, 3))
    check_padding(np.asarray(begin(KEY, UNEQUAL, jnp.zeros((2, 28, 28, 1)), normal, 0.3).codebooks))


def test_uniform_has_the_range_of_each_levels_own_size() -> None:
    drawn = np.asarray(uniform(KEY, jnp.zeros((1, 2)), Shape((400, 4), 2), 1.0))
    assert np.abs(drawn[0]).max() <= 1 / 400
    assert np.abs(drawn[1, :4]).max() > 1 / 40


def test_centres_of_a_smaller_level_are_those_of_what_the_larger_one_left(latents: np.ndarray) -> None:
    first, second = np.asarray(kmeans(KEY, jnp.asarray(latents), Shape((6, 2), 2), 1.0))
    left = latents - first[((latents[:, None] - first) ** 2).sum(axis=-1).argmin(axis=1)]
    chosen = ((left[:, None] - second[:2]) ** 2).sum(axis=-1).argmin(axis=1)
    for code in range(2):
        np.testing.assert_allclose(left[chosen == code].mean(axis=0), second[code], atol=0.05)
