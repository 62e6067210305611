"""Health against its definition."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from explorer.training.health import health, newest, perplexity

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


def test_what_lies_beyond_a_levels_own_size_is_neither_dead_nor_active() -> None:
    seen = health(np.array([[50, 50, 0, 0], [97, 1, 2, 0]]), 100, 0.02, (2, 4))
    assert seen.dead.tolist() == [[False] * 4, [False, True, False, True]]
    assert seen.active.tolist() == [2, 2]
    assert seen.usage.tolist() == [1, 0.5]
    assert seen.sizes == (2, 4)


def test_a_code_that_a_remedy_just_moved_is_not_dead() -> None:
    young = np.array([[False, True, False]])
    assert health(np.array([[100, 0, 0]]), 100, young=young).dead.tolist() == [[False, False, True]]


@given(st.integers(0, 25), st.integers(1, 10))
def test_the_newest_rows_are_those_of_the_last_batches(steps: int, window: int) -> None:
    ring = np.zeros((10, 1), int)
    for step in range(steps):
        ring[step % 10] = step + 1
    assert (
        sorted(newest(ring, steps, window)[:, 0].tolist())[-min(steps, window, 10) :]
        == list(range(1, steps + 1))[-window:]
    )
    assert newest(ring, steps, window).sum() == sum(list(range(1, steps + 1))[-window:])
