"""Downloading and preparing, from a host on this machine."""

import gzip
import shutil
import socket
import sys
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread

import numpy as np
import pytest

from explorer.data import check_dataset, open_dataset, preparing
from explorer.errors import DataError
from tests.timing import Stopwatch

from .conftest import FILES, point_at

EMBEDDED = "embedded sample, 5,000 digits"


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give up sooner than in earnest."""
    monkeypatch.setattr(preparing, "_PROBE_SECONDS", 0.4)
    monkeypatch.setattr(preparing, "_STALL_SECONDS", 0.4)


def _pairs(images: np.ndarray, labels: np.ndarray) -> list[tuple[bytes, int]]:
    return sorted((image.tobytes(), int(label)) for image, label in zip(images, labels, strict=True))


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist", "kmnist"])
def test_what_the_host_offers_is_opened_without_tensorflow(
    name, host, digits, fresh_cache, tmp_path, monkeypatch, capfd, tensorflow_imports
):
    point_at(monkeypatch, name, host.url, host.folder)
    reports: list[str] = []
    (tmp_path / "data").mkdir()
    dataset = open_dataset(name, tmp_path / "data", reports.append)
    assert dataset.source == f"{name}, 600 images (TFDS)"
    assert _pairs(dataset.train_images, dataset.train_labels) == _pairs(digits[FILES[0]], digits[FILES[1]])
    offered = set(_pairs(digits[FILES[2]], digits[FILES[3]]))
    assert set(_pairs(dataset.probe.images, dataset.probe.labels)) <= offered
    for word in ("downloading", "preparing", "decoding"):
        assert any(text.startswith(f"{word} ") for text in reports), reports
    assert tensorflow_imports == []
    assert "tensorflow" not in sys.modules
    assert capfd.readouterr().out == ""


def test_stock_tfds_reads_what_was_prepared(small, digits):
    import tensorflow_datasets as tfds

    for split, images, labels in (("train", *FILES[:2]), ("test", *FILES[2:])):
        source = tfds.data_source("mnist", split=split, data_dir=str(small.root), download=False)
        found = [(example["image"].tobytes(), example["label"]) for example in source]
        assert sorted(found) == _pairs(digits[images], digits[labels])


def test_only_the_data_set_is_left_in_the_data_folder(small):
    assert [path.name for path in small.root.iterdir()] == ["mnist"]


def test_prepared_once_it_is_not_downloaded_again(small, host, fresh_cache, monkeypatch):
    point_at(monkeypatch, "mnist", host.url, host.folder)
    asked = len(host.requests)
    open_dataset("mnist", small.root)
    assert len(host.requests) == asked


def test_the_hosts_are_those_of_tfds():
    import tensorflow_datasets as tfds

    for name, url in preparing.DOWNLOADS.items():
        builder = tfds.builder_cls(name)
        assert url == builder.URL
        assert f"{url}t10k-labels-idx1-ubyte.gz" in builder.url_infos


def test_files_with_wrong_checksums_are_refused_and_nothing_is_left(host, fresh_cache, tmp_path, monkeypatch):
    point_at(monkeypatch, "fashion_mnist", host.url, host.folder)
    import tensorflow_datasets as tfds

    builder = tfds.builder_cls("fashion_mnist")
    url, info = next(iter(builder.url_infos.items()))
    monkeypatch.setitem(builder.url_infos, url, replace(info, checksum="0" * 64))
    (tmp_path / "data").mkdir()
    with pytest.raises(DataError, match="fashion_mnist could not be downloaded and prepared .* wrong checksum"):
        open_dataset("fashion_mnist", tmp_path / "data")
    assert not list((tmp_path / "data").rglob("*.*"))


def test_a_file_that_is_missing_on_the_host_is_an_error_in_words(host, fresh_cache, tmp_path, monkeypatch):
    partial = tmp_path / "partial"
    shutil.copytree(host.folder, partial)
    (partial / f"{FILES[0]}-ubyte.gz").rename(partial / "elsewhere.gz")
    point_at(monkeypatch, "kmnist", host.url, partial)
    (tmp_path / "data").mkdir()
    with pytest.raises(DataError, match="kmnist could not be downloaded and prepared in .*404"):
        open_dataset("kmnist", tmp_path / "data")


def _refusing() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}/"


@pytest.fixture
def silent() -> Iterator[str]:
    """A host that accepts connections and says nothing."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"


@pytest.fixture
def stalling(host) -> Iterator[str]:
    """A host that begins to send the first file, and stops."""
    over = Event()

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response(200)
            self.end_headers()

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "100000")
            self.end_headers()
            self.wfile.write(b"\x1f\x8b")
            self.wfile.flush()
            over.wait(20)

        def log_message(self, format: str, *args: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    over.set()
    server.shutdown()
    server.server_close()


@pytest.fixture(params=["refusing", "silent", "stalling", "unknown"])
def bad_host(request: pytest.FixtureRequest) -> str:
    if request.param == "refusing":
        return _refusing()
    if request.param == "unknown":
        return "http://host.invalid/"
    return request.getfixturevalue(request.param)


@pytest.mark.parametrize("name", ["mnist", "kmnist"])
def test_a_host_that_does_not_deliver_costs_seconds(bad_host, name, host, quick, fresh_cache, tmp_path, monkeypatch):
    point_at(monkeypatch, name, bad_host, host.folder)
    (tmp_path / "data").mkdir()
    reports: list[str] = []
    watch = Stopwatch()
    if name == "mnist":
        assert open_dataset(name, tmp_path / "data", reports.append).source == EMBEDDED
        assert "downloaded" in reports[-1]
        assert reports[-1].endswith(f"using the {EMBEDDED}")
    else:
        with pytest.raises(DataError, match="kmnist (cannot|could not) be downloaded"):
            open_dataset(name, tmp_path / "data")
    assert watch.seconds < 3
    assert list((tmp_path / "data").iterdir()) == []


def test_the_check_at_start_names_the_host_that_does_not_answer(tmp_path, monkeypatch, quick):
    monkeypatch.setitem(preparing.DOWNLOADS, "kmnist", "http://host.invalid/")
    with pytest.raises(DataError, match=r"kmnist cannot be downloaded from host\.invalid .* check the network"):
        check_dataset("kmnist", tmp_path)


def test_the_check_at_start_waits_for_nothing_where_the_sample_serves(tmp_path, monkeypatch):
    monkeypatch.setitem(preparing.DOWNLOADS, "mnist", "http://host.invalid/")
    watch = Stopwatch()
    assert EMBEDDED in check_dataset("mnist", tmp_path)
    assert watch.seconds < 0.1


def test_a_folder_that_cannot_be_written_is_an_error_before_anything_is_downloaded(
    host, tmp_path, monkeypatch, ordinary_user
):
    monkeypatch.setitem(preparing.DOWNLOADS, "kmnist", host.url)
    asked = len(host.requests)
    with pytest.raises(DataError, match="holds no prepared kmnist and cannot be written to: choose another"):
        preparing.check_download("kmnist", Path("/data-that-cannot-be-made"))
    assert len(host.requests) == asked


def test_a_file_that_is_no_idx_file_is_refused(tmp_path):
    (tmp_path / "page.gz").write_bytes(gzip.compress(b"<html>"))
    with pytest.raises(ValueError, match=r"page\.gz is no IDX file"):
        preparing.read_idx(tmp_path / "page.gz")
