"""The entropy term against its definition in numpy float64."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer.training.entropy import entropy
from tests.explorer.training.spreading import differences, entropy_of_level


def draw(seed: int, sizes: tuple[int, ...] = (4, 4), batch: int = 6, dims: int = 2):
    rng = np.random.default_rng(seed)
    own = np.arange(max(sizes)) < np.array(sizes)[:, None]
    residuals = rng.normal(size=(len(sizes), batch, dims))
    return residuals, rng.normal(size=(*own.shape, dims)) * own[..., None], own


def even(residuals: np.ndarray) -> jnp.ndarray:
    return jnp.full(residuals.shape[:2], 1 / residuals.shape[1])


def term(residuals, codebooks, temperature: float, own, shares=None):
    shares = even(residuals) if shares is None else shares
    return gradients_of(residuals, codebooks, shares, temperature, own)[0]


def gradients_of(residuals, codebooks, shares, temperature: float, own):
    """Value and gradients."""
    mask = None if own is None else tuple(map(tuple, own))
    return _gradients_of(*(jnp.asarray(a, jnp.float32) for a in (residuals, codebooks, shares)), temperature, mask)


@partial(jax.jit, static_argnums=4)
def _gradients_of(residuals, codebooks, shares, temperature, mask):
    own = None if mask is None else np.array(mask)
    return jax.value_and_grad(lambda r, c: entropy(r, c, shares, temperature, own), (0, 1))(residuals, codebooks)


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 10**6), st.sampled_from([(4, 4), (5, 2, 3), (3,)]), st.floats(0.2, 20))
def test_it_is_that_of_the_formula_over_each_levels_own_codes(seed: int, sizes, temperature: float) -> None:
    residuals, codebooks, own = draw(seed, sizes)
    expected = np.mean(
        [
            entropy_of_level(r, codes[:size], temperature)
            for r, codes, size in zip(residuals, codebooks, sizes, strict=True)
        ]
    )
    np.testing.assert_allclose(term(residuals, codebooks, temperature, own), expected, rtol=1e-4, atol=1e-5)


@settings(deadline=None, max_examples=10)
@given(st.integers(0, 10**6), st.floats(0.3, 10))
def test_its_gradients_are_those_of_finite_differences_and_none_goes_to_what_is_no_code(seed: int, temperature) -> None:
    residuals, codebooks, own = draw(seed, (4, 2))
    _, (to_residuals, to_codes) = gradients_of(residuals, codebooks, even(residuals), temperature, own)
    for level, size in enumerate((4, 2)):
        r, codes = residuals[level], codebooks[level, :size]
        expected = differences(lambda r, c=codes: entropy_of_level(r, c, temperature) / 2, r)
        np.testing.assert_allclose(to_residuals[level], expected, rtol=2e-3, atol=1e-5)
        expected = differences(lambda c, r=r: entropy_of_level(r, c, temperature) / 2, codes)
        np.testing.assert_allclose(to_codes[level, :size], expected, rtol=2e-3, atol=1e-5)
        np.testing.assert_array_equal(to_codes[level, size:], 0)


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 10**6), st.floats(1e-3, 1e3))
def test_it_lies_between_minus_and_plus_the_logarithm_of_the_codebook_size(seed: int, temperature: float) -> None:
    residuals, codebooks, own = draw(seed)
    assert -np.log(4) - 1e-5 <= float(term(residuals, codebooks, temperature, own)) <= np.log(4) + 1e-5


def test_each_image_sure_and_all_codes_used_alike_is_the_lowest() -> None:
    codes = np.array([[[0.0, 0], [1, 0], [0, 1], [1, 1]]])
    assert float(term(codes, codes, 0.01, None)) == pytest.approx(-np.log(4), abs=1e-5)


@pytest.mark.parametrize("temperature", [1e-4, 1e4])
def test_it_is_finite_at_any_temperature_with_codes_out_of_reach(temperature: float) -> None:
    residuals, codebooks, own = draw(0, (4, 2))
    codebooks[0, 0] = 1e4
    value, gradients = gradients_of(residuals, codebooks, even(residuals), temperature, own)
    assert np.isfinite(value)
    assert all(np.isfinite(g).all() for g in gradients)


def test_a_code_that_nobody_chooses_is_drawn_towards_the_residuals() -> None:
    residuals = jnp.asarray(np.random.default_rng(1).normal(size=(1, 50, 2)) * 0.3, jnp.float32)
    codes = jnp.asarray([[[0.1, 0], [-0.1, 0], [2.0, 0]]])
    _, (_, gradient) = gradients_of(residuals, codes, jnp.full((1, 50), 0.02), 1.0, None)
    assert gradient[0, 2, 0] > 1e-4  # descending moves it left


def test_images_that_do_not_use_a_level_count_nothing_there() -> None:
    residuals, codebooks, own = draw(3)
    shares = jnp.asarray([[1 / 6] * 6, [0.5, 0, 0, 0.5, 0, 0]], jnp.float32)
    expected = [
        entropy_of_level(residuals[0], codebooks[0], 1.0),
        entropy_of_level(residuals[1, [0, 3]], codebooks[1], 1.0),
    ]
    np.testing.assert_allclose(term(residuals, codebooks, 1.0, own, shares), np.mean(expected), rtol=1e-4)
    _, (gradient, _) = gradients_of(residuals, codebooks, shares.at[1].set(0), 1.0, own)
    np.testing.assert_array_equal(gradient[1], 0)
    assert np.isfinite(gradient).all()
