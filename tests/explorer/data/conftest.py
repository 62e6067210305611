"""A small MNIST in its original format (IDX, gzipped), a host on this machine that serves it, and what is prepared from it."""

import gzip
import hashlib
import os
import sys
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.machinery import ModuleSpec
from pathlib import Path
from threading import Thread

import numpy as np
import pytest

from explorer.data import Dataset, open_dataset, preparing
from explorer.data.folders import PreparedSet

TRAIN, TEST = 600, 520
FILES = ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1")


class Host:
    """A web server that offers the files of a folder, and counts what it is asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.requests: list[str] = []
        requests = self.requests

        class Handler(SimpleHTTPRequestHandler):
            def log_message(self, format: str, *args: object) -> None:
                requests.append(self.command)

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(folder)))
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture(scope="session")
def sample(no_data: Path, cache_dir: Path) -> Dataset:
    """The embedded sample, also on a machine that has a network."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(preparing.DOWNLOADS, "mnist", "http://host.invalid/")
        return open_dataset("mnist", no_data)


@pytest.fixture(scope="session")
def digits(sample: Dataset) -> dict[str, np.ndarray]:
    """The arrays of a small MNIST, from the embedded sample; the test images are not among the training images."""
    order = np.random.default_rng(7).permutation(len(sample.train_images))
    train, test = order[:TRAIN], order[TRAIN : TRAIN + TEST]
    arrays = (
        sample.train_images[train],
        sample.train_labels[train],
        sample.train_images[test],
        sample.train_labels[test],
    )
    return dict(zip(FILES, arrays, strict=True))


@pytest.fixture(scope="session")
def host(digits: dict[str, np.ndarray], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """The host that offers it."""
    folder = tmp_path_factory.mktemp("host")
    for name, array in digits.items():
        header = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes()
        (folder / f"{name}-ubyte.gz").write_bytes(gzip.compress(header + array.tobytes(), 1))
    host = Host(folder)
    yield host
    host.close()


def point_at(patch: pytest.MonkeyPatch, name: str, url: str, folder: Path) -> None:
    """Let `name` be downloaded from `url`, with the checksums of the files in `folder`."""
    import tensorflow_datasets as tfds
    from tensorflow_datasets.core.download.checksums import UrlInfo

    infos = {}
    for path in sorted(folder.iterdir()):
        checksum = hashlib.sha256(path.read_bytes()).hexdigest()
        infos[url + path.name] = UrlInfo(size=path.stat().st_size, checksum=checksum, filename=path.name)
    builder = tfds.builder_cls(name)
    patch.setattr(builder, "URL", url)
    patch.setattr(builder, "url_infos", infos)
    patch.setitem(preparing.DOWNLOADS, name, url)


@pytest.fixture(scope="session")
def small(host: Host, cache_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> PreparedSet:
    """The small MNIST, downloaded from the host and prepared."""
    with pytest.MonkeyPatch.context() as patch:
        point_at(patch, "mnist", host.url, host.folder)
        return preparing.prepare("mnist", tmp_path_factory.mktemp("small"), lambda text: None)


@pytest.fixture
def fresh_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder for one test."""
    monkeypatch.setenv("RQVAE_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def tensorflow_imports(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The attempts to import TensorFlow during a test: none is expected, whether it is installed or not."""
    attempts: list[str] = []

    class Watcher:
        @staticmethod
        def find_spec(name: str, *_: object) -> ModuleSpec | None:
            if name.split(".")[0] == "tensorflow":
                attempts.append(name)
            return None

    monkeypatch.setattr(sys, "meta_path", [Watcher, *sys.meta_path])
    return attempts


@pytest.fixture
def ordinary_user() -> Iterator[None]:
    """Give up the privilege of reading and writing everything, if the tests run with it."""
    if os.getuid() != 0:
        yield
        return
    os.setresuid(65534, 65534, 0)
    yield
    os.setresuid(0, 0, 0)
