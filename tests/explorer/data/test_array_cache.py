"""The cache of decoded arrays."""

import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import filelock
import numpy as np
import pytest

from explorer.data import cache

IMAGES = np.arange(7 * 4 * 4, dtype=np.uint8).reshape(7, 4, 4)
LABELS = np.arange(7, dtype=np.uint8)


class Build:
    """A build that counts how often it is asked for, and what was reported."""

    def __init__(self) -> None:
        self.count = 0
        self.reports: list[str] = []

    def __call__(self, key: str = "digits", fingerprint: str = "one") -> cache.Arrays:
        return cache.load_or_build(key, fingerprint, self._arrays, self.reports.append)

    def _arrays(self) -> cache.Arrays:
        self.count += 1
        return {"images": IMAGES.copy(), "labels": LABELS.copy()}


@pytest.fixture
def build(fresh_cache: Path, monkeypatch: pytest.MonkeyPatch) -> Build:
    monkeypatch.setattr(cache, "_in_memory", {})
    return Build()


def _assert_right(arrays: cache.Arrays) -> None:
    np.testing.assert_array_equal(arrays["images"], IMAGES)
    np.testing.assert_array_equal(arrays["labels"], LABELS)
    assert not any(array.flags.writeable for array in arrays.values())


def test_arrays_are_built_once_and_mapped_read_only(build):
    _assert_right(build())
    arrays = build()
    _assert_right(arrays)
    assert build.count == 1
    assert type(arrays["images"]) is np.ndarray
    assert isinstance(arrays["images"].base, np.memmap)


def test_entries_do_not_mix(build):
    build("digits")
    build("clothes")
    assert build.count == 2


def test_another_fingerprint_is_built_again_in_the_same_place(build, fresh_cache):
    build(fingerprint="one")
    _assert_right(build(fingerprint="two"))
    assert build.count == 2
    assert len([path for path in cache.cache_root().iterdir() if path.is_dir()]) == 1


def _truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-3])


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-5] ^= 1
    path.write_bytes(content)


def _flip_header(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[12] ^= 1
    path.write_bytes(content)


def _append(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\0")


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _zeros(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size))


@pytest.mark.parametrize("file", ["manifest.json", "images.npy", "labels.npy"])
@pytest.mark.parametrize("damage", [_truncate, _flip, _flip_header, _append, _empty, _zeros, Path.unlink])
def test_damage_to_any_file_is_found_and_repaired(build: Build, file: str, damage: Callable[[Path], None]):
    build()
    damage(cache.cache_root() / "digits" / file)
    _assert_right(build())
    _assert_right(build())
    assert build.count == 2


def test_arrays_stay_readable_while_their_entry_is_replaced(build):
    arrays = build()
    (cache.cache_root() / "digits" / "manifest.json").unlink()
    build()
    _assert_right(arrays)


def test_a_writer_that_is_killed_leaves_nothing_that_counts(build, fresh_cache):
    script = """
import os, numpy as np
from explorer.data import cache
save = np.save
def save_one(file, array, **options):
    save(file, array, **options)
    if array.ndim == 1:
        file.flush(); os._exit(9)
np.save = save_one
arrays = {"images": np.zeros((7, 4, 4), np.uint8), "labels": np.zeros(7, np.uint8)}
cache.load_or_build("digits", "one", lambda: arrays, print)
"""
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 9
    assert (cache.cache_root() / "digits" / "images.npy").exists()
    _assert_right(build())
    assert build.count == 1


def test_old_leftovers_are_swept_and_a_living_writers_file_is_not(build):
    entry = cache.cache_root() / "digits"
    entry.mkdir(parents=True)
    old, new = entry / "images.npy.old.tmp", entry / "images.npy.new.tmp"
    for path in (old, new):
        path.touch()
    os.utime(old, (0, 0))
    build()
    assert not old.exists()
    assert new.exists()


@pytest.mark.parametrize("problem", [NotImplementedError(), OSError("no locks available")])
def test_writers_without_a_lock_do_no_harm(build, monkeypatch, problem):
    def acquire(*_: object, **__: object) -> None:
        raise problem

    monkeypatch.setattr(filelock.FileLock, "acquire", acquire)
    with ThreadPoolExecutor(8) as pool:
        for arrays in pool.map(lambda _: build(), range(32)):
            _assert_right(arrays)


def test_threads_that_start_together_build_once(build):
    with ThreadPoolExecutor(8) as pool:
        for arrays in pool.map(lambda _: build(), range(8)):
            _assert_right(arrays)
    assert build.count == 1


def test_a_lock_that_is_never_released_is_reported_and_does_not_block(build, monkeypatch):
    monkeypatch.setattr(cache, "_PATIENCE", 0.6)
    cache.cache_root().mkdir(parents=True)
    with filelock.FileLock(cache.cache_root() / "digits.lock"):
        _assert_right(build())
    assert any("waiting for another process" in text for text in build.reports)


def test_without_a_cache_folder_the_arrays_stay_in_memory(build, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("RQVAE_CACHE_DIR", str(tmp_path / "file" / "below"))
    _assert_right(build())
    assert build() is not None
    assert build.count == 1
    assert ["cannot be written" in text and "in memory" in text for text in build.reports] == [True]


def test_a_cache_folder_of_another_user_is_no_error(build, tmp_path_factory, monkeypatch, ordinary_user):
    monkeypatch.setenv("RQVAE_CACHE_DIR", "/cache-that-cannot-be-made")
    _assert_right(build())
    assert "cannot be written" in build.reports[-1]


def test_a_failing_build_leaves_no_entry(build):
    def fail() -> cache.Arrays:
        raise RuntimeError("no images")

    with pytest.raises(RuntimeError, match="no images"):
        cache.load_or_build("digits", "one", fail, print)
    _assert_right(build())
