"""The loss terms against numpy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer.config import Lambdas
from explorer.model.quantizer import residual_quantize
from explorer.training.losses import final, mean_squared_error, per_level, weighted_total
from explorer.training.reconstruction import bce, mse


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10**6), st.floats(0, 100), st.floats(0, 100))
def test_terms_and_total_are_those_of_the_formula(seed: int, commit: float, codebook: float) -> None:
    rng = np.random.default_rng(seed)
    x, y = rng.random((2, 3, 28, 28, 1)).astype(np.float32)
    z, books = rng.normal(size=(3, 2)).astype(np.float32), rng.normal(size=(2, 4, 2)).astype(np.float32)
    quantized = residual_quantize(jnp.asarray(z), jnp.asarray(books))
    q = np.asarray(quantized.z_q, np.float64)
    terms = {"recon": mean_squared_error(jnp.asarray(x), jnp.asarray(y)), **final(jnp.asarray(z), quantized)}
    recon = np.mean((x.astype(np.float64) - y) ** 2)
    distance = np.mean((z.astype(np.float64) - q) ** 2)
    assert set(terms) == {"recon", "commit", "codebook"}
    np.testing.assert_allclose(terms["recon"], recon, rtol=1e-5)
    np.testing.assert_allclose([terms["commit"], terms["codebook"]], distance, rtol=1e-5)
    total = weighted_total(terms, Lambdas(commit, codebook).to_dict())
    np.testing.assert_allclose(total, recon + (commit + codebook) * distance, rtol=1e-5)


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10**6), st.integers(1, 4))
def test_terms_of_each_level_and_their_gradients_are_those_of_the_formula(seed: int, levels: int) -> None:
    rng = np.random.default_rng(seed)
    z, books = rng.normal(size=(5, 2)).astype(np.float32), rng.normal(size=(levels, 4, 2)).astype(np.float32)

    def term(name: str, z, books):
        return per_level(z, residual_quantize(z, books))[name]

    residual, summed = z.astype(np.float64), np.zeros((5, 2))
    commit, codebook, to_latents, to_books = 0.0, 0.0, np.zeros((5, 2)), np.zeros(books.shape)
    for level in range(levels):
        chosen = ((residual[:, None] - books[level]) ** 2).sum(axis=-1).argmin(axis=-1)
        looked_up = books[level][chosen].astype(np.float64)
        codebook += np.mean((residual - looked_up) ** 2) / levels
        np.add.at(to_books[level], chosen, 2 * (looked_up - residual) / residual.size / levels)
        summed, residual = summed + looked_up, residual - looked_up
        commit += np.mean((z - summed) ** 2) / levels
        to_latents += 2 * (z - summed) / residual.size / levels
    arrays = jnp.asarray(z), jnp.asarray(books)
    np.testing.assert_allclose([term("commit", *arrays), term("codebook", *arrays)], [commit, codebook], rtol=1e-4)
    np.testing.assert_allclose(jax.grad(term, 1)("commit", *arrays), to_latents, atol=1e-6)
    np.testing.assert_array_equal(jax.grad(term, 2)("commit", *arrays), 0)
    np.testing.assert_array_equal(jax.grad(term, 1)("codebook", *arrays), 0)
    np.testing.assert_allclose(jax.grad(term, 2)("codebook", *arrays), to_books, atol=1e-6)


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10**6), st.floats(0.1, 12))
def test_cross_entropy_is_that_of_the_formula_and_finite_at_any_logit(seed: int, scale: float) -> None:
    rng = np.random.default_rng(seed)
    x = rng.random((2, 28, 28, 1))
    logits = scale * rng.normal(size=x.shape)
    y = 1 / (1 + np.exp(-logits))
    expected = -np.mean(x * np.log(y) + (1 - x) * np.log1p(-y))
    images, outputs = jnp.asarray(x, jnp.float32), jnp.asarray(logits, jnp.float32)
    np.testing.assert_allclose(bce(images, outputs), expected, rtol=1e-4)
    np.testing.assert_allclose(jax.grad(bce, 1)(images, outputs), (y - x) / x.size, atol=1e-6)
    np.testing.assert_allclose(mse(images, outputs), np.mean((x - y) ** 2), rtol=1e-4)
    assert np.isfinite(bce(images, 1e4 * outputs))


@pytest.mark.parametrize("weights", [{}, {"commit": 1.0}, {"commit": 1.0, "codebook": 1.0, "entropy": 1.0}])
def test_weights_must_go_by_the_names_of_the_terms(weights: dict) -> None:
    terms = {name: jnp.float32(1) for name in ("recon", "commit", "codebook")}
    with pytest.raises(KeyError, match="do not match"):
        weighted_total(terms, weights)
