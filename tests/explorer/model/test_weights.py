"""Weights before training: the statistics of flax's own initialisers, of which they are no copy."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from explorer.model.weights import draw

SHAPES = {
    "dense": jax.ShapeDtypeStruct((3136, 128), jnp.float32),
    "bias": jax.ShapeDtypeStruct((128,), jnp.float32),
    "conv": jax.ShapeDtypeStruct((3, 3, 32, 64), jnp.float32),
    "narrow": jax.ShapeDtypeStruct((128, 2), jnp.float32),
}


@pytest.fixture(scope="module")
def weights() -> dict[str, np.ndarray]:
    return {
        name: np.asarray(array) for name, array in jax.jit(lambda seed: draw(jax.random.key(seed), SHAPES))(3).items()
    }


@pytest.mark.parametrize("name", ["dense", "conv", "narrow"])
def test_kernels_are_distributed_as_flax_draws_them(weights: dict[str, np.ndarray], name: str) -> None:
    ours, flax = weights[name].ravel(), np.ravel(nn.initializers.lecun_normal()(jax.random.key(8), SHAPES[name].shape))
    inputs = np.prod(SHAPES[name].shape[:-1])
    few = 4 / np.sqrt(ours.size)  # four standard errors
    assert abs(ours.mean()) * np.sqrt(inputs) < few
    assert abs(ours.std() * np.sqrt(inputs) - 1) < few
    assert np.abs(ours).max() <= 2 / 0.8796 / np.sqrt(inputs)
    places = np.linspace(0.05, 0.95, 19)
    np.testing.assert_allclose(np.quantile(ours, places), np.quantile(flax, places), atol=2 * few / np.sqrt(inputs))


def test_biases_are_zero_and_no_two_weights_are_of_the_same_draw(weights: dict[str, np.ndarray]) -> None:
    np.testing.assert_array_equal(weights["bias"], 0)
    standard = np.concatenate(
        [weights[name].ravel() * np.sqrt(np.prod(SHAPES[name].shape[:-1])) for name in ("dense", "conv")]
    )
    assert len(np.unique(standard)) > 0.97 * len(standard)  # of 24 bits some are drawn twice by chance
    assert abs(np.corrcoef(standard[:-1], standard[1:])[0, 1]) < 4 / np.sqrt(len(standard))


def test_another_key_draws_others() -> None:
    one, same, other = (draw(jax.random.key(seed), SHAPES)["narrow"] for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert np.abs(one - other).max() > 0.01
