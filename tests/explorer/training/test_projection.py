"""The plane in which latents of more than two dimensions are drawn."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer.training.projection import plane


def draw(seed: int, dims: int, points: int = 60) -> np.ndarray:
    rng = np.random.default_rng(seed)
    spread = np.sort(rng.random(dims) + 0.1)[::-1] * np.array([9, 5] + [1] * (dims - 2))
    turn = np.linalg.qr(rng.normal(size=(dims, dims)))[0]
    return (rng.normal(size=(points, dims)) * spread @ turn + rng.normal(size=dims)).astype(np.float32)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10**6), st.integers(3, 16))
def test_it_is_spanned_by_the_first_two_principal_components(seed: int, dims: int) -> None:
    latents = draw(seed, dims)
    basis, explained = plane(latents)
    np.testing.assert_allclose(basis.T @ basis, np.eye(2), atol=1e-5)
    centred = latents.astype(np.float64) - latents.mean(axis=0)
    _, lengths, rows = np.linalg.svd(centred, full_matrices=False)
    np.testing.assert_allclose(basis @ basis.T, rows[:2].T @ rows[:2], atol=1e-4)
    np.testing.assert_allclose(explained, (lengths[:2] ** 2).sum() / (lengths**2).sum(), rtol=1e-5)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10**6), st.integers(3, 16), st.floats(0, 2 * np.pi), st.booleans())
def test_it_is_turned_as_the_last_one_was(seed: int, dims: int, angle: float, mirrored: bool) -> None:
    latents = draw(seed, dims)
    basis, _ = plane(latents)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    last = (basis @ turn * ([1, -1] if mirrored else [1, 1])).astype(np.float32)
    again, _ = plane(latents, last)
    np.testing.assert_allclose(again, last, atol=1e-4)
    moved, _ = plane(latents + 0.01 * draw(seed + 1, dims), last)
    assert np.abs(moved - last).max() < 0.2


def test_two_dimensions_are_drawn_as_they_are() -> None:
    basis, explained = plane(draw(0, 2))
    np.testing.assert_array_equal(basis, np.eye(2))
    assert explained == 1


def test_latents_that_are_all_one_point_have_a_plane_too() -> None:
    basis, explained = plane(np.ones((5, 4), np.float32))
    np.testing.assert_allclose(basis.T @ basis, np.eye(2), atol=1e-6)
    assert explained == 1
