"""Residual quantization against a loop in numpy, and the two well-known defects of its gradients."""

import jax
import jax.numpy as jnp
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer.model.quantizer import (
    nearest,
    nearest_by_angle,
    residual_quantize,
    residuals,
    squared_distances,
    straight_through,
)
from explorer.training.losses import final, mean_squared_error

jitted = jax.jit(residual_quantize, static_argnames=("assign", "sizes"))


def draw(seed: int, batch: int = 7, levels: int = 3, codes: int = 5, dims: int = 2):
    rng = np.random.default_rng(seed)
    latents = rng.normal(size=(batch, dims)).astype(np.float32)
    return latents, rng.normal(size=(levels, codes, dims)).astype(np.float32)


def by_hand(latents: np.ndarray, codebooks: np.ndarray):
    residual = latents.astype(np.float64)
    codes, sums = [], []
    for codebook in codebooks.astype(np.float64):
        chosen = [min(range(len(codebook)), key=lambda k, r=r: float(((r - codebook[k]) ** 2).sum())) for r in residual]
        residual = residual - codebook[chosen]
        codes.append(chosen)
        sums.append(latents - residual)
    return np.array(codes).T, np.array(sums)


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10**6), st.integers(1, 4))
def test_codes_and_sums_are_those_of_a_plain_loop(seed: int, levels: int) -> None:
    latents, codebooks = draw(seed, levels=levels)
    quantized = residual_quantize(jnp.asarray(latents), jnp.asarray(codebooks))
    codes, sums = by_hand(latents, codebooks)
    np.testing.assert_array_equal(quantized.codes, codes)
    np.testing.assert_allclose(quantized.sums, sums, atol=1e-5)


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 10**6), st.permutations(range(5)))
def test_permuting_a_codebook_permutes_its_codes_and_nothing_else(seed: int, order: list[int]) -> None:
    latents, codebooks = draw(seed, levels=2)
    permuted = codebooks.copy()
    permuted[0] = codebooks[0][order]
    before = residual_quantize(jnp.asarray(latents), jnp.asarray(codebooks))
    after = residual_quantize(jnp.asarray(latents), jnp.asarray(permuted))
    np.testing.assert_array_equal(np.asarray(order)[np.asarray(after.codes[:, 0])], before.codes[:, 0])
    np.testing.assert_array_equal(after.codes[:, 1], before.codes[:, 1])
    np.testing.assert_allclose(after.z_q, before.z_q, atol=1e-6)


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 10**6))
def test_moving_latents_and_first_codebook_together_changes_no_residual(seed: int) -> None:
    latents, codebooks = draw(seed)
    moved = codebooks.copy()
    moved[0] += 0.5
    before = residual_quantize(jnp.asarray(latents), jnp.asarray(codebooks))
    after = residual_quantize(jnp.asarray(latents + np.float32(0.5)), jnp.asarray(moved))
    np.testing.assert_allclose(latents + 0.5 - after.z_q, latents - before.z_q, atol=1e-5)


def test_of_two_equal_codes_the_first_is_taken() -> None:
    assert nearest(jnp.zeros((1, 2)), jnp.ones((3, 2)))[0] == 0


def test_straight_through_has_the_quantized_value_and_the_latents_gradient() -> None:
    latents, codebooks = (jnp.asarray(a) for a in draw(0))
    z_q = residual_quantize(latents, codebooks).z_q
    weights = jnp.arange(14.0).reshape(7, 2)
    value, gradient = jax.value_and_grad(lambda z: jnp.sum(weights * straight_through(z, z_q)))(latents)
    np.testing.assert_allclose(value, jnp.sum(weights * z_q), rtol=1e-5)
    np.testing.assert_array_equal(gradient, weights)


def gradient_to_latents(term: str, latents, codebooks):
    def loss(z):
        quantized = residual_quantize(z, codebooks)
        images = straight_through(z, quantized.z_q)
        return {"recon": mean_squared_error(jnp.zeros_like(images), images), **final(z, quantized)}[term]

    return jax.grad(loss)(latents)


def test_the_commitment_gradient_is_that_of_the_whole_quantization_at_every_depth() -> None:
    """A straight-through at every level, not detached, would make it zero beyond level 1."""
    for levels in (1, 2, 4):
        latents, codebooks = (jnp.asarray(a) for a in draw(1, levels=levels))
        z_q = residual_quantize(latents, codebooks).z_q
        expected = 2 * (latents - z_q) / latents.size
        np.testing.assert_allclose(gradient_to_latents("commit", latents, codebooks), expected, rtol=1e-5, atol=1e-7)
        assert np.abs(expected).max() > 0.01


def test_the_decoders_gradient_reaches_the_encoder_once_however_many_levels() -> None:
    """A detached straight-through at every level, summed, would make it as many times too strong."""
    for levels in (1, 2, 4):
        latents, codebooks = (jnp.asarray(a) for a in draw(2, levels=levels))
        z_q = residual_quantize(latents, codebooks).z_q
        expected = 2 * z_q / latents.size
        np.testing.assert_allclose(gradient_to_latents("recon", latents, codebooks), expected, rtol=1e-5, atol=1e-7)


def test_the_codebook_loss_moves_only_the_chosen_codes_and_not_the_encoder() -> None:
    latents, codebooks = (jnp.asarray(a) for a in draw(3))

    def loss(z, books):
        return final(z, residual_quantize(z, books))["codebook"]

    to_latents, to_codebooks = jax.grad(loss, argnums=(0, 1))(latents, codebooks)
    np.testing.assert_array_equal(to_latents, 0)
    codes = np.asarray(residual_quantize(latents, codebooks).codes)
    for level, gradient in enumerate(np.asarray(to_codebooks)):
        moved = set(np.flatnonzero(np.abs(gradient).sum(axis=-1)))
        assert moved == set(codes[:, level])


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 10**6), st.sampled_from([nearest, nearest_by_angle]))
def test_what_lies_beyond_a_levels_own_size_is_never_chosen(seed: int, assign) -> None:
    latents, codebooks = draw(seed, codes=5)
    sizes = (5, 2, 3)
    padded = codebooks.copy()
    for level, size in enumerate(sizes):
        padded[level, size:] = 0
    chosen = jitted(jnp.asarray(latents), jnp.asarray(padded), assign, sizes)
    assert (np.asarray(chosen.codes) < np.array(sizes)).all()
    residual = latents.astype(np.float64)
    for level, size in enumerate(sizes):
        own = codebooks[level, :size].astype(np.float64)
        if assign is nearest:
            expected = ((residual[:, None] - own) ** 2).sum(axis=-1).argmin(axis=-1)
        else:
            expected = (residual @ (own / np.linalg.norm(own, axis=-1, keepdims=True)).T).argmax(axis=-1)
        np.testing.assert_array_equal(chosen.codes[:, level], expected)
        residual = residual - own[expected]


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 10**6), st.lists(st.integers(1, 3), min_size=7, max_size=7))
def test_an_image_of_n_levels_is_quantized_as_if_there_were_n(seed: int, depths: list[int]) -> None:
    latents, codebooks = draw(seed)
    used = jnp.arange(3)[:, None] < jnp.asarray(depths)
    some = jitted(jnp.asarray(latents), jnp.asarray(codebooks), used=used)
    for image, depth in enumerate(depths):
        codes, sums = by_hand(latents[image : image + 1], codebooks[:depth])
        np.testing.assert_array_equal(some.codes[image, :depth], codes[0])
        np.testing.assert_allclose(some.z_q[image], sums[-1, 0], atol=1e-5)
        np.testing.assert_array_equal(some.vectors[depth:, image], 0)


def test_encoding_is_deterministic_and_residuals_are_what_is_left() -> None:
    latents, codebooks = (jnp.asarray(a) for a in draw(4))
    one, other = residual_quantize(latents, codebooks), residual_quantize(latents, codebooks)
    np.testing.assert_array_equal(one.codes, other.codes)
    left = residuals(latents, one)
    np.testing.assert_array_equal(left[0], latents)
    np.testing.assert_allclose(left[2], latents - one.sums[1], atol=1e-6)


def test_distances_are_squared_and_euclidean() -> None:
    latents, codebooks = draw(5)
    distances = squared_distances(jnp.asarray(latents)[None], jnp.asarray(codebooks))
    expected = ((latents[None, :, None].astype(np.float64) - codebooks[:, None]) ** 2).sum(axis=-1)
    np.testing.assert_allclose(distances, expected, rtol=1e-5)
