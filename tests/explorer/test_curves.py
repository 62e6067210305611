"""Curves stay bounded and every point is the mean of the steps that it covers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.curves import Curves


@given(st.lists(st.floats(-1e3, 1e3), max_size=200), st.sampled_from([2, 4, 10]))
def test_every_point_is_the_mean_of_its_steps_and_there_are_never_more_than_allowed(values, most) -> None:
    curves = Curves(most)
    for value in values:
        curves.add({"loss/recon": value})
    steps, columns = curves.since(0)
    assert len(steps) <= most
    covered = len(values) // curves.stride * curves.stride
    if values:
        expected = np.reshape(values[:covered], (-1, curves.stride)).mean(axis=1)
        np.testing.assert_allclose(columns["loss/recon"], expected, rtol=1e-4, atol=1e-3)
        np.testing.assert_array_equal(steps, np.arange(1, len(expected) + 1) * curves.stride)


@given(st.integers(0, 60), st.integers(0, 60))
def test_asking_since_a_step_gives_the_points_after_it(count, since) -> None:
    curves = Curves(100)
    for step in range(count):
        curves.add({"x": step})
    steps, columns = curves.since(since)
    np.testing.assert_array_equal(steps, np.arange(since + 1, count + 1))
    np.testing.assert_array_equal(columns.get("x", []), np.arange(since, max(count, since)))


@pytest.mark.parametrize("most", [0, 1, 3, -2])
def test_an_odd_or_tiny_bound_is_refused(most: int) -> None:
    with pytest.raises(ValueError, match="even"):
        Curves(most)
