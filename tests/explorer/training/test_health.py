"""Health against its definition."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from explorer.training.health import health, perplexity

COUNTS = arrays(np.int32, st.tuples(st.integers(1, 4), st.integers(2, 9)), elements=st.integers(0, 1000))


@given(COUNTS)
def test_perplexity_is_exp_of_the_entropy_and_lies_between_1_and_the_codebook_size(counts: np.ndarray) -> None:
    for level, value in zip(counts, perplexity(counts), strict=True):
        shares = level[level > 0] / max(level.sum(), 1)
        np.testing.assert_allclose(value, np.exp(-sum(p * np.log(p) for p in shares)), rtol=1e-6)
        assert 1 - 1e-9 <= value <= len(level) + 1e-9


def test_equal_use_has_full_perplexity_and_one_code_has_1() -> None:
    np.testing.assert_allclose(perplexity(np.array([[5, 5, 5, 5], [0, 9, 0, 0]])), [4, 1])


@given(COUNTS)
def test_a_code_is_dead_below_one_percent_of_its_levels_assignments(counts: np.ndarray) -> None:
    seen = health(counts, 100)
    expected = counts < 0.01 * counts.sum(axis=1, keepdims=True)
    np.testing.assert_array_equal(seen.dead, expected)
    np.testing.assert_array_equal(seen.active, (~expected).sum(axis=1))
    np.testing.assert_allclose(seen.usage, seen.active / counts.shape[1])


def test_exactly_one_percent_is_alive() -> None:
    assert not health(np.array([[1, 99]]), 1).dead.any()


def test_before_the_first_batch_no_code_is_dead() -> None:
    assert health(np.zeros((2, 16), np.int32), 0).active.tolist() == [16, 16]
