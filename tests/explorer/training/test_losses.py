"""The loss terms against numpy."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer.model.quantizer import residual_quantize
from explorer.training.losses import final, mean_squared_error, per_level, weighted_total
from explorer.training.reconstruction import bce, mse


@partial(jax.jit, static_argnums=0)
def per_level_term(name: str, z, books, used=None):
    return per_level(z, residual_quantize(z, books, used=used))[name]


quantize = jax.jit(residual_quantize)
to_z, to_books_of = (jax.jit(jax.grad(per_level_term, place), static_argnums=0) for place in (1, 2))


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10**6), st.floats(0, 100), st.floats(0, 100))
def test_terms_and_total_are_those_of_the_formula(seed: int, commit: float, codebook: float) -> None:
    rng = np.random.default_rng(seed)
    x, y = rng.random((2, 3, 28, 28, 1)).astype(np.float32)
    z, books = rng.normal(size=(3, 2)).astype(np.float32), rng.normal(size=(2, 4, 2)).astype(np.float32)
    quantized = quantize(jnp.asarray(z), jnp.asarray(books))
    q = np.asarray(quantized.z_q, np.float64)
    terms = {"recon": mean_squared_error(jnp.asarray(x), jnp.asarray(y)), **final(jnp.asarray(z), quantized)}
    recon = np.mean((x.astype(np.float64) - y) ** 2)
    distance = np.mean((z.astype(np.float64) - q) ** 2)
    assert set(terms) == {"recon", "commit", "codebook"}
    np.testing.assert_allclose(terms["recon"], recon, rtol=1e-5)
    np.testing.assert_allclose([terms["commit"], terms["codebook"]], distance, rtol=1e-5)
    total = weighted_total(terms, {"commit": commit, "codebook": codebook})
    np.testing.assert_allclose(total, recon + (commit + codebook) * distance, rtol=1e-5)


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10**6), st.integers(1, 4))
def test_terms_of_each_level_and_their_gradients_are_those_of_the_formula(seed: int, levels: int) -> None:
    rng = np.random.default_rng(seed)
    z, books = rng.normal(size=(5, 2)).astype(np.float32), rng.normal(size=(levels, 4, 2)).astype(np.float32)

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
    terms = [per_level_term(name, *arrays) for name in ("commit", "codebook")]
    np.testing.assert_allclose(terms, [commit, codebook], rtol=1e-4)
    np.testing.assert_allclose(to_z("commit", *arrays), to_latents, atol=1e-6)
    np.testing.assert_array_equal(to_books_of("commit", *arrays), 0)
    np.testing.assert_array_equal(to_z("codebook", *arrays), 0)
    np.testing.assert_allclose(to_books_of("codebook", *arrays), to_books, atol=1e-6)


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10**6), st.floats(0.1, 12))
def test_cross_entropy_is_that_of_the_formula_and_finite_at_any_logit(seed: int, scale: float) -> None:
    rng = np.random.default_rng(seed)
    x = rng.random((2, 28, 28, 1))
    logits = scale * rng.normal(size=x.shape)
    y = 1 / (1 + np.exp(-logits))  # exactly 1 from 37 on, where log(1 − y) says nothing
    expected = np.mean(x * np.logaddexp(0, -logits) + (1 - x) * np.logaddexp(0, logits))
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


def test_a_term_of_weight_zero_counts_nothing_even_if_it_is_nan() -> None:
    terms = {"recon": jnp.float32(2), "commit": jnp.float32(3), "entropy": jnp.float32(np.nan)}
    assert weighted_total(terms, {"commit": 0.5, "entropy": 0.0}) == 3.5
    assert np.isnan(weighted_total(terms, {"commit": 0.5, "entropy": 0.1}))


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 10**6), st.lists(st.integers(1, 3), min_size=5, max_size=5))
def test_levels_that_an_image_does_not_use_count_nothing(seed: int, depths: list[int]) -> None:
    rng = np.random.default_rng(seed)
    z, books = rng.normal(size=(5, 2)).astype(np.float32), rng.normal(size=(3, 4, 2)).astype(np.float32)
    used = jnp.arange(3)[:, None] < jnp.asarray(depths)

    errors = []
    for image, depth in enumerate(depths):
        left = z[image].astype(np.float64)
        for codebook in books[:depth]:
            left = left - codebook[((left - codebook) ** 2).sum(axis=-1).argmin()]
            errors.append(left**2)
    arrays = jnp.asarray(z), jnp.asarray(books), used
    terms = [per_level_term(name, *arrays) for name in ("commit", "codebook")]
    np.testing.assert_allclose(terms, np.mean(errors), rtol=1e-4)
    np.testing.assert_array_equal(to_books_of("codebook", *arrays)[max(depths) :], 0)
