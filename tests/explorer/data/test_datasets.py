"""Data sets from end to end: the complete MNIST, and whatever else TFDS prepared."""

import json
import os
import shutil
import subprocess
import sys
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from explorer.data import Dataset, check_dataset, open_dataset
from explorer.data.folders import PreparedSet, find_prepared
from explorer.data.probe import probe_indices
from explorer.errors import DataError
from tests.timing import Stopwatch

OPEN = """
import sys, zlib
from explorer.data import open_dataset
reports = []
dataset = open_dataset("mnist", sys.argv[1], reports.append)
print(dataset.source)
print(zlib.crc32(dataset.train_images.tobytes()), zlib.crc32(dataset.probe.images.tobytes()))
print(sum(text == "decoding 60,000 images" for text in reports))
print("tensorflow" in sys.modules)
"""


@pytest.fixture(scope="module")
def two_processes(full_mnist: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[list[str]]]:
    """A cache folder that two processes filled at once, and what they printed."""
    cache = tmp_path_factory.mktemp("full-cache")
    command = [sys.executable, "-c", OPEN, str(full_mnist)]
    environment = os.environ | {"RQVAE_CACHE_DIR": str(cache)}
    started = [subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    outputs = [process.communicate(timeout=120)[0].splitlines() for process in started]
    assert [process.returncode for process in started] == [0, 0]
    return cache, outputs


@pytest.fixture
def full(two_processes: tuple[Path, list[list[str]]], full_mnist: Path, monkeypatch: pytest.MonkeyPatch) -> Dataset:
    monkeypatch.setenv("RQVAE_CACHE_DIR", str(two_processes[0]))
    return open_dataset("mnist", full_mnist)


def test_two_processes_at_once_decode_once_and_agree(two_processes):
    one, other = two_processes[1]
    assert one[0] == other[0] == "mnist, 60,000 images (TFDS)"
    assert one[1] == other[1]
    assert sorted([one[2], other[2]]) == ["0", "1"]
    assert one[3] == other[3] == "False"


def test_the_complete_mnist_has_its_known_label_counts(full):
    # As counted in train-labels-idx1-ubyte.
    assert np.bincount(full.train_labels).tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert full.train_images.shape == (60_000, 28, 28)
    assert full.train_images.mean() == pytest.approx(33.3184, abs=1e-4)


def test_images_and_labels_are_those_that_stock_tfds_decodes(full, full_mnist):
    import tensorflow_datasets as tfds

    train = tfds.data_source("mnist", split="train", data_dir=str(full_mnist), download=False)
    for index in (0, 1, 1999, 2000, 31_416, 59_999):
        np.testing.assert_array_equal(train[index]["image"][..., 0], full.train_images[index])
        assert train[index]["label"] == full.train_labels[index]
    encoded = {"image": tfds.decode.SkipDecoding()}
    test = list(tfds.data_source("mnist", split="test", data_dir=str(full_mnist), download=False, decoders=encoded))
    chosen = probe_indices(np.array([example["label"] for example in test], np.uint8))
    for place, index in enumerate(chosen.tolist()):
        np.testing.assert_array_equal(Image.open(BytesIO(test[index]["image"])), full.probe.images[place])
        assert test[index]["label"] == full.probe.labels[place]


def test_the_probe_shows_one_image_of_each_label(full):
    assert full.probe.images.shape == (512, 28, 28)
    assert full.probe.labels[full.probe.shown].tolist() == list(range(10))


def test_what_was_decoded_before_opens_at_once_and_mapped(full, full_mnist):
    watch = Stopwatch()
    again = open_dataset("mnist", full_mnist)
    assert watch.seconds < 1
    assert isinstance(again.train_images.base, np.memmap)
    assert not again.train_images.flags.writeable


def test_nothing_is_written_into_a_data_folder_that_holds_the_data_set(full, full_mnist):
    files = sorted(path.relative_to(full_mnist).as_posix() for path in full_mnist.glob("mnist/3.0.1/*"))
    assert files == [
        "mnist/3.0.1/dataset_info.json",
        "mnist/3.0.1/features.json",
        "mnist/3.0.1/mnist-test.array_record-00000-of-00001",
        "mnist/3.0.1/mnist-train.array_record-00000-of-00001",
    ]
    assert not list(full_mnist.glob("*.lock"))


def test_the_environment_names_the_data_folder(full, full_mnist, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(full_mnist))
    assert open_dataset("mnist").source == "mnist, 60,000 images (TFDS)"
    assert check_dataset("mnist") == f"mnist, 60,000 images (TFDS) in {full_mnist / 'mnist' / '3.0.1'}"


def _renamed(small: PreparedSet, root: Path, name: str, config: str, version: str) -> Path:
    """The small MNIST under another name, as TFDS would have prepared it."""
    folder = root / name / config / version
    shutil.copytree(small.folder, folder)
    for path in folder.glob("mnist-*"):
        path.rename(path.with_name(path.name.replace("mnist-", f"{name}-", 1)))
    info = json.loads((folder / "dataset_info.json").read_text())
    info |= {"name": name, "version": version} | ({"configName": config} if config else {})
    (folder / "dataset_info.json").write_text(json.dumps(info))
    return folder


@pytest.mark.parametrize(
    ("name", "config", "version"),
    [("my_digits", "", "1.0.0"), ("emnist", "digits", "3.1.0"), ("mnist_corrupted", "identity", "1.0.0")],
)
def test_any_prepared_data_set_of_the_kind_opens_by_its_name(small, fresh_cache, tmp_path, name, config, version):
    _renamed(small, tmp_path, name, config, version)
    full_name = f"{name}/{config}" if config else name
    dataset = open_dataset(full_name, tmp_path)
    assert dataset.source == f"{full_name}, 600 images (TFDS)"
    assert "600 images" in check_dataset(full_name, tmp_path)


def test_two_data_folders_do_not_mix(small, full, full_mnist):
    assert len(open_dataset("mnist", small.root).train_images) == 600
    assert len(open_dataset("mnist", full_mnist).train_images) == 60_000


@pytest.mark.parametrize("call", [open_dataset, check_dataset])
def test_an_unknown_data_set_is_an_error_that_lists_the_known_ones(small, call):
    with pytest.raises(
        DataError, match="holds mnist, and mnist, fashion_mnist, kmnist can be downloaded: there is no 'digit'"
    ):
        call("digit", small.root)


@pytest.mark.parametrize("call", [open_dataset, check_dataset])
def test_a_missing_data_folder_is_an_error(tmp_path, call):
    with pytest.raises(DataError, match="does not exist"):
        call("mnist", tmp_path / "missing")


@pytest.mark.parametrize("damage", ["truncated", "overwritten", "missing"])
def test_a_damaged_data_set_is_an_error_that_says_what_to_do(small, fresh_cache, tmp_path, damage):
    root = tmp_path / "data"
    shutil.copytree(small.root, root)
    prepared = find_prepared("mnist", root)
    assert prepared is not None
    shard = next(prepared.folder.glob("*train*"))
    content = shard.read_bytes()
    if damage == "truncated":
        shard.write_bytes(content[: len(content) // 2])
    elif damage == "overwritten":
        shard.write_bytes(content[:5000] + bytes(5000) + content[10_000:])
    else:
        shard.unlink()
    with pytest.raises(DataError, match="cannot be read .*delete that folder so that it is prepared again"):
        open_dataset("mnist", root)


def test_importing_the_package_brings_in_nothing_heavy():
    script = """
import sys, explorer.data
heavy = {"tensorflow", "tensorflow_datasets", "jax", "PIL", "requests", "ray", "gradio", "matplotlib"}
print(sorted(heavy & sys.modules.keys()))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
