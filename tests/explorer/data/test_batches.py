"""Which images a step sees."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.data import batch_indices, batches

seeds = st.integers(0, 2**31 - 1)
steps = st.integers(0, 10**9)
sizes = st.integers(1, 300)


@given(seeds, steps, sizes, st.integers(1, 400))
def test_a_batch_has_its_size_and_indexes_the_data_set(seed, step, size, batch_size):
    batch = batch_indices(seed, step, size, batch_size)
    assert batch.shape == (batch_size,)
    assert batch.min() >= 0
    assert batch.max() < size


@given(seeds, steps, sizes, st.integers(1, 400))
def test_a_batch_depends_on_its_arguments_alone(seed, step, size, batch_size):
    first = batch_indices(seed, step, size, batch_size)
    batches._permutation.cache_clear()
    np.testing.assert_array_equal(first, batch_indices(seed, step, size, batch_size))


@given(seeds, st.integers(0, 10**6), sizes, st.data())
def test_an_epoch_repeats_no_image_and_leaves_less_than_a_batch(seed, epoch, size, data):
    batch_size = data.draw(st.integers(1, size))
    per_epoch = size // batch_size
    seen = np.concatenate([batch_indices(seed, epoch * per_epoch + k, size, batch_size) for k in range(per_epoch)])
    assert len(set(seen.tolist())) == len(seen)
    assert size - len(seen) < batch_size


@given(seeds, steps, sizes, st.integers(1, 400))
def test_a_batch_larger_than_the_data_set_holds_every_image_equally_often(seed, step, size, more):
    counts = np.bincount(batch_indices(seed, step, size, size + more), minlength=size)
    assert counts.max() - counts.min() <= 1


@given(seeds, st.integers(0, 10**6))
def test_epochs_differ_in_order(seed, epoch):
    assert not np.array_equal(batch_indices(seed, epoch, 200, 200), batch_indices(seed, epoch + 1, 200, 200))


@given(seeds, seeds, steps)
def test_seeds_differ_in_order(one, other, step):
    same = np.array_equal(batch_indices(one, step, 200, 200), batch_indices(other, step, 200, 200))
    assert same == (one == other)


def test_the_order_outlives_this_process():
    assert batch_indices(0, 0, 10, 10).tolist() == [4, 6, 2, 7, 3, 5, 9, 0, 8, 1]
    assert batch_indices(3, 7, 10, 4).tolist() == [3, 2, 4, 6]


def test_a_batch_cannot_be_changed_by_its_user():
    with pytest.raises(ValueError, match="read-only"):
        batch_indices(0, 0, 60_000, 128)[0] = 1


@pytest.mark.parametrize("arguments", [(-1, 0, 10, 2), (0, -1, 10, 2), (0, 0, 0, 2), (0, 0, 10, 0)])
def test_senseless_arguments_are_refused(arguments):
    with pytest.raises(ValueError, match="no batch of"):
        batch_indices(*arguments)
