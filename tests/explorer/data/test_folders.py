"""Finding prepared data sets."""

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from explorer.data.folders import PreparedSet, data_root, find_prepared, prepared_names
from explorer.errors import DataError


@pytest.fixture
def root(small: PreparedSet, tmp_path: Path) -> Path:
    """A copy of the small MNIST's data folder that a test may damage."""
    shutil.copytree(small.root, tmp_path / "data")
    return tmp_path / "data"


def edit(path: Path, change: Callable[[dict], None]) -> None:
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def test_the_argument_precedes_the_environment_which_precedes_the_default(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("TFDS_DATA_DIR", raising=False)
    assert data_root(None) == tmp_path / "tensorflow_datasets"
    for name in ("environment", "argument"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "environment"))
    assert data_root(None) == tmp_path / "environment"
    assert data_root(tmp_path / "argument") == tmp_path / "argument"
    assert data_root("~/argument") == tmp_path / "argument"
    monkeypatch.setenv("TFDS_DATA_DIR", "")
    assert data_root(None) == tmp_path / "tensorflow_datasets"


def test_the_result_is_absolute(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert data_root(".") == tmp_path


@pytest.mark.parametrize("asked", ["missing", "a file", "a file/below", "nul\0", "x" * 5000])
def test_a_folder_that_is_asked_for_must_exist(tmp_path, asked):
    (tmp_path / "a file").touch()
    with pytest.raises(DataError, match="the data folder .* (does not exist|is not a folder|cannot be read)"):
        data_root(tmp_path / asked)


def test_a_missing_folder_in_the_environment_is_an_error_too(tmp_path, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "missing"))
    with pytest.raises(DataError, match="does not exist"):
        data_root(None)


@pytest.fixture
def closed() -> Iterator[Path]:
    """A folder that everybody may reach and nobody but the owner of everything may read."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "data").mkdir(mode=0o000)
        yield folder / "data"


def test_an_unreadable_folder_is_an_error_in_words(closed, ordinary_user):
    with pytest.raises(DataError, match="cannot be read: its permissions forbid it"):
        data_root(closed)


def test_an_unreadable_data_set_is_an_error_in_words(closed, ordinary_user):
    with pytest.raises(DataError, match="cannot be read"):
        find_prepared("mnist", closed)


def test_nothing_is_prepared_in_an_empty_folder(tmp_path):
    assert find_prepared("mnist", tmp_path) is None
    assert find_prepared("mnist", tmp_path / "missing") is None
    assert prepared_names(tmp_path) == []


def test_the_newest_version_counts_and_unfinished_ones_do_not(root):
    shutil.copytree(root / "mnist" / "3.0.1", root / "mnist" / "3.0.10")
    (root / "mnist" / "4.0.0").mkdir()
    shutil.copytree(root / "mnist" / "3.0.1", root / "mnist" / "incomplete.AB12_9.0.0")
    prepared = find_prepared("mnist", root)
    assert prepared is not None
    assert prepared.version == "3.0.10"
    assert prepared_names(root) == ["mnist"]


def test_what_it_holds_is_read_from_its_description(small):
    assert (small.name, small.version, small.train_size) == ("mnist", "3.0.1", 600)
    assert (small.image_key, small.label_key) == ("image", "label")


def test_two_folders_never_share_a_key_and_a_replaced_file_changes_the_fingerprint(small, root):
    copy = find_prepared("mnist", root)
    assert copy is not None
    assert copy.key != small.key
    os.utime(next(copy.folder.glob("*train*")), (1, 1))
    changed = find_prepared("mnist", root)
    assert changed is not None
    assert changed.key == copy.key
    assert changed.fingerprint != copy.fingerprint


@pytest.mark.parametrize("name", ["", "..", "../mnist", "/etc", "mnist/..", "MNIST", "mnist/3/0", "m nist", "mnist\n"])
def test_a_malformed_name_is_an_error_in_words(root, name):
    with pytest.raises(DataError, match="is no data set's name"):
        find_prepared(name, root)


def _shape(features: dict) -> None:
    features["featuresDict"]["features"]["image"]["image"]["shape"]["dimensions"] = ["32", "32", "3"]


def _labels(features: dict) -> None:
    features["featuresDict"]["features"]["label"]["classLabel"]["numClasses"] = "47"


def _depth(features: dict) -> None:
    features["featuresDict"]["features"]["image"]["image"]["dtype"] = "uint16"


def _no_label(features: dict) -> None:
    del features["featuresDict"]["features"]["label"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_shape, "has 32 × 32 × 3 uint8 images and 10 labels: 28 × 28 × 1 uint8 and 10 are needed"),
        (_labels, "has 28 × 28 × 1 uint8 images and 47 labels"),
        (_depth, "has 28 × 28 × 1 uint16 images"),
        (_no_label, "has 1 images and 0 labels an example"),
    ],
)
def test_a_data_set_of_another_kind_is_an_error_in_words(root, change, message):
    edit(root / "mnist" / "3.0.1" / "features.json", change)
    with pytest.raises(DataError, match=message):
        find_prepared("mnist", root)


def test_a_format_that_only_tensorflow_reads_is_an_error_in_words(root):
    edit(root / "mnist" / "3.0.1" / "dataset_info.json", lambda info: info.update(fileFormat="tfrecord"))
    with pytest.raises(DataError, match="in the format tfrecord, which needs TensorFlow .* as array_record in another"):
        find_prepared("mnist", root)


def test_a_data_set_without_test_images_is_an_error_in_words(root):
    edit(root / "mnist" / "3.0.1" / "dataset_info.json", lambda info: info["splits"].pop())
    with pytest.raises(DataError, match="has the splits train: train and test are needed"):
        find_prepared("mnist", root)


@pytest.mark.parametrize("file", ["dataset_info.json", "features.json"])
@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"featuresDict": 3, "splits": 3}'])
def test_a_damaged_description_is_an_error_in_words(root, file, content):
    (root / "mnist" / "3.0.1" / file).write_text(content)
    with pytest.raises(DataError, match="is damaged or of an old format .* delete that folder"):
        find_prepared("mnist", root)


def test_a_missing_description_of_the_features_is_an_error_in_words(root):
    (root / "mnist" / "3.0.1" / "features.json").unlink()
    with pytest.raises(DataError, match="is damaged"):
        find_prepared("mnist", root)
