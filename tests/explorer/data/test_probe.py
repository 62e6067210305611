"""The probe."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.data import PROBE_SIZE, Probe
from explorer.data.probe import probe_indices
from explorer.errors import DataError

counts_by_label = st.lists(st.integers(60, 200), min_size=10, max_size=10)


def _labels(counts: list[int], seed: int) -> np.ndarray:
    return np.random.default_rng(seed).permutation(np.repeat(np.arange(10, dtype=np.uint8), counts))


@given(counts_by_label, st.integers(0, 1000))
def test_it_holds_512_different_images_with_labels_in_proportion(counts, seed):
    labels = _labels(counts, seed)
    chosen = probe_indices(labels)
    assert len(set(chosen.tolist())) == PROBE_SIZE
    share = np.bincount(labels[chosen], minlength=10) / PROBE_SIZE
    np.testing.assert_allclose(share, np.array(counts) / sum(counts), atol=2 / PROBE_SIZE)


@given(counts_by_label, st.integers(0, 1000))
def test_it_depends_on_the_labels_alone(counts, seed):
    labels = _labels(counts, seed)
    np.testing.assert_array_equal(probe_indices(labels), probe_indices(labels.copy()))


@given(counts_by_label)
def test_no_label_follows_itself_though_the_data_set_is_sorted(counts):
    labels = np.sort(_labels(counts, 0))
    shown = labels[probe_indices(labels)]
    assert (shown[1:] != shown[:-1]).mean() > 0.99


def test_one_image_of_each_label_is_shown():
    labels = _labels([60] * 10, 1)[:PROBE_SIZE]
    probe = Probe.of(np.zeros((PROBE_SIZE, 28, 28), np.uint8), labels)
    assert probe.labels[probe.shown].tolist() == list(range(10))


def test_a_label_without_test_images_is_an_error_in_words():
    labels = np.arange(PROBE_SIZE, dtype=np.uint8) % 9
    with pytest.raises(DataError, match="no test image of label 9"):
        Probe.of(np.zeros((PROBE_SIZE, 28, 28), np.uint8), labels)


def test_too_few_test_images_are_an_error_in_words():
    with pytest.raises(DataError, match="only 511 test images, 512 are needed"):
        probe_indices(np.arange(511, dtype=np.uint8) % 10)
