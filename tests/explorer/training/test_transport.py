"""The transport term against a converged solution in numpy float64."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer.training.transport import sinkhorn, transport
from tests.explorer.training.spreading import converged_plan, costs, differences, regularised_optimum

OWN = np.arange(4) < np.array([4, 2])[:, None]
EVEN = jnp.full((2, 6), 1 / 6)

plan_of = jax.jit(sinkhorn)


@jax.jit
def gradients_of(residuals, codebooks, shares, epsilon):
    """Value and gradients of the term over OWN."""
    return jax.value_and_grad(lambda r, c: transport(r, c, shares, epsilon, OWN), (0, 1))(residuals, codebooks)


def draw(seed: int):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(2, 6, 2)), rng.normal(size=(2, 4, 2)) * OWN[..., None]


def as_float32(*arrays: np.ndarray):
    return tuple(jnp.asarray(array, jnp.float32) for array in arrays)


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 10**6), st.floats(3, 20))
def test_plan_and_cost_are_those_of_the_converged_solution(seed: int, epsilon: float) -> None:
    residuals, codebooks = draw(seed)
    expected = []
    for r, codes, own in zip(residuals, codebooks, OWN, strict=True):
        cost = costs(r, codes[own])
        plan = converged_plan(cost, epsilon)
        images, codes = (jnp.full((1, n), 1 / n) for n in cost.shape)
        ours = plan_of(jnp.asarray(cost.T[None], jnp.float32), codes, images, epsilon)
        np.testing.assert_allclose(ours[0].T, plan, rtol=5e-3, atol=1e-4)
        expected.append((plan * cost).sum())
    found, _ = gradients_of(*as_float32(residuals, codebooks), EVEN, epsilon)
    np.testing.assert_allclose(found, np.mean(expected), rtol=5e-3)


@settings(deadline=None, max_examples=10)
@given(st.integers(0, 10**6), st.floats(3, 10))
def test_its_gradient_is_that_of_the_regularised_optimum(seed: int, epsilon: float) -> None:
    """The envelope theorem: the plan may be held fixed."""
    residuals, codebooks = draw(seed)
    _, (to_residuals, to_codes) = gradients_of(*as_float32(residuals, codebooks), EVEN, epsilon)
    for level, own in enumerate(OWN):
        r, codes = residuals[level], codebooks[level][own]
        expected = differences(lambda r, c=codes: regularised_optimum(r, c, epsilon) / 2, r)
        np.testing.assert_allclose(to_residuals[level], expected, rtol=0.02, atol=2e-3)
        expected = differences(lambda c, r=r: regularised_optimum(r, c, epsilon) / 2, codes)
        np.testing.assert_allclose(to_codes[level][own], expected, rtol=0.02, atol=2e-3)
        np.testing.assert_array_equal(to_codes[level][~own], 0)


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 10**6), st.floats(1e-4, 1e4))
def test_each_code_has_its_whole_share_at_any_epsilon(seed: int, epsilon: float) -> None:
    residuals, codebooks = draw(seed)
    cost = jnp.asarray(np.stack([costs(r, c).T for r, c in zip(residuals, codebooks, strict=True)]), jnp.float32)
    alike = jnp.asarray(OWN / OWN.sum(axis=1, keepdims=True), jnp.float32)
    plan = np.asarray(plan_of(cost, alike, EVEN, epsilon))
    assert np.isfinite(plan).all()
    np.testing.assert_allclose(plan.sum(axis=2), alike, atol=2e-2)
    np.testing.assert_array_equal(plan[1, 2:], 0)


def test_a_small_epsilon_finds_the_assignment() -> None:
    points = np.array([[0.0, 0], [1, 0], [0, 1], [1, 1]])
    shuffled = points[[2, 0, 3, 1]] + 0.1
    plan = plan_of(jnp.asarray(costs(points, shuffled).T[None], jnp.float32), *(jnp.full((1, 4), 0.25),) * 2, 0.02)
    np.testing.assert_array_equal(plan[0].argmax(axis=0), [1, 3, 0, 2])
    np.testing.assert_allclose(plan[0].max(axis=1), 0.25, atol=1e-4)


@pytest.mark.parametrize("epsilon", [1e-4, 0.05, 1e4])
def test_every_code_receives_a_gradient_however_far_it_is(epsilon: float) -> None:
    residuals, codebooks = as_float32(*draw(0))
    codebooks = codebooks.at[0, 1].set(50.0)
    value, (_, gradient) = gradients_of(residuals, codebooks, EVEN, epsilon)
    assert np.isfinite(value)
    lengths = np.linalg.norm(gradient, axis=-1)
    assert (lengths[OWN] > 1e-5).all()
    assert (gradient[0, 1] > 5).all()  # 2·(e − r̄)/K/L


def test_images_that_do_not_use_a_level_count_nothing_there() -> None:
    residuals, codebooks = draw(3)
    some = jnp.asarray([[1 / 6] * 6, [0.5, 0, 0, 0.5, 0, 0]], jnp.float32)
    found, _ = gradients_of(*as_float32(residuals, codebooks), some, 2.0)
    parts = [(residuals[0], codebooks[0]), (residuals[1, [0, 3]], codebooks[1, :2])]
    expected = [(converged_plan(cost := costs(*part), 2.0) * cost).sum() for part in parts]
    np.testing.assert_allclose(found, np.mean(expected), rtol=5e-3)
    nobody = some.at[1].set(0)
    value, gradients = gradients_of(*as_float32(residuals, codebooks), nobody, 2.0)
    np.testing.assert_allclose(value, expected[0] / 2, rtol=5e-3)
    for gradient in gradients:
        np.testing.assert_array_equal(gradient[1], 0)
