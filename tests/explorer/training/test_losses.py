"""The loss terms against numpy."""

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer.config import Lambdas
from explorer.training.losses import loss_terms, weighted_total


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10**6), st.floats(0, 100), st.floats(0, 100))
def test_terms_and_total_are_those_of_the_formula(seed: int, commit: float, codebook: float) -> None:
    rng = np.random.default_rng(seed)
    x, y = rng.random((2, 3, 28, 28, 1)).astype(np.float32)
    z, q = rng.normal(size=(2, 3, 2)).astype(np.float32)
    terms = loss_terms(*(jnp.asarray(a) for a in (x, y, z, q)))
    recon = np.mean((x.astype(np.float64) - y) ** 2)
    distance = np.mean((z.astype(np.float64) - q) ** 2)
    assert set(terms) == {"recon", "commit", "codebook"}
    np.testing.assert_allclose(terms["recon"], recon, rtol=1e-5)
    np.testing.assert_allclose([terms["commit"], terms["codebook"]], distance, rtol=1e-5)
    total = weighted_total(terms, Lambdas(commit, codebook).to_dict())
    np.testing.assert_allclose(total, recon + (commit + codebook) * distance, rtol=1e-5)


@pytest.mark.parametrize("weights", [{}, {"commit": 1.0}, {"commit": 1.0, "codebook": 1.0, "entropy": 1.0}])
def test_weights_must_go_by_the_names_of_the_terms(weights: dict) -> None:
    terms = {name: jnp.float32(1) for name in ("recon", "commit", "codebook")}
    with pytest.raises(KeyError, match="do not match"):
        weighted_total(terms, weights)
