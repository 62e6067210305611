"""Downloading and preparing data sets through tensorflow-datasets (TFDS), without TensorFlow.

TFDS says what to download and what its checksums are, verifies it and writes it in its standard layout, array_record
format. Three of its steps need TensorFlow, and are done here instead: extracting the files, parsing them (the IDX
format, http://yann.lecun.com/exdb/mnist/) and encoding the images. So is the transfer: TFDS's own retries for minutes.
"""

import gzip
import os
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from time import monotonic
from types import SimpleNamespace
from typing import Any
from urllib.parse import urljoin, urlsplit

import numpy as np
from jaxtyping import UInt8

from explorer.data.cache import cache_root
from explorer.data.folders import PreparedSet, find_prepared
from explorer.data.locks import turn
from explorer.data.tfds import import_tfds
from explorer.errors import DataError

Report = Callable[[str], None]

DOWNLOADS = {
    "mnist": "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "fashion_mnist": "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    "kmnist": "http://codh.rois.ac.jp/kmnist/dataset/kmnist/",
}
"""Data sets that can be downloaded, and from where: as TFDS has it, but known without importing it."""

_PROBE_SECONDS = 2.0
_STALL_SECONDS = 10.0
_PATIENCE = 600.0


def check_download(name: str, root: Path) -> None:
    """Raises DataError, within two seconds, unless `root` can be written to and the host of `name` answers."""
    place = next(folder for folder in (root, *root.parents) if folder.exists())
    if not os.access(place, os.W_OK | os.X_OK):
        raise DataError(f"{root} holds no prepared {name} and cannot be written to: choose another data folder")
    url = urljoin(DOWNLOADS[name], "t10k-labels-idx1-ubyte.gz")
    answers: list[str] = []
    # A thread, because looking up a host's name has no timeout of its own.
    thread = Thread(target=lambda: answers.append(_answer(url)), daemon=True)
    thread.start()
    thread.join(_PROBE_SECONDS)
    answer = answers[0] if answers else f"no answer within {_PROBE_SECONDS:g} s"
    if answer:
        host = urlsplit(url).netloc
        raise DataError(f"{name} cannot be downloaded from {host} ({answer}): check the network, or try later")


def _answer(url: str) -> str:
    """What is wrong with the answer to a request for the headers of `url`; empty if nothing is."""
    import requests

    try:
        response = requests.head(url, timeout=_PROBE_SECONDS, allow_redirects=True)
    except (requests.RequestException, OSError) as problem:
        return type(problem).__name__
    return "" if response.ok else f"HTTP status {response.status_code}"


def prepare(name: str, root: Path, report: Report) -> PreparedSet:
    """Download `name` and prepare it below `root`. Processes that start together do it once.

    Raises DataError, within seconds, if the host does not answer; and later if it stops to, or sends something else.
    """
    report(f"looking for {urlsplit(DOWNLOADS[name]).netloc}")
    check_download(name, root)
    lock = cache_root() / f"prepare-{name}.lock"
    with turn(lock, lambda: report(f"waiting for another process that is preparing {name}"), _PATIENCE):
        try:
            if find_prepared(name, root) is None:
                _download_and_prepare(name, root, report)
        except DataError:
            raise
        except Exception as problem:  # TFDS, the network and the disk fail in many ways
            if find_prepared(name, root) is None:  # else a process with a lock of its own was faster
                raise DataError(f"{name} could not be downloaded and prepared in {root}: {problem}") from problem
    prepared = find_prepared(name, root)
    if prepared is None:
        raise DataError(f"{name} was prepared in {root}, but is not there")
    return prepared


def _download_and_prepare(name: str, root: Path, report: Report) -> None:
    tfds: Any = import_tfds()
    tfds.disable_progress_bar()
    builder = _idx_builder(tfds.builder_cls(name), report)(data_dir=str(root))
    with TemporaryDirectory() as folder:
        total = sum(info.size for info in builder.url_infos.values())
        done = 0
        for url, info in builder.url_infos.items():
            target = Path(folder) / info.filename
            done = _fetch(url, target, done, total, lambda text: report(f"downloading {name}, {text}"))
        report(f"preparing {name}")
        builder.download_and_prepare(
            download_dir=folder,
            download_config=tfds.download.DownloadConfig(
                manual_dir=folder, try_download_gcs=False, force_checksums_validation=True
            ),
            file_format="array_record",
        )


def _fetch(url: str, target: Path, done: int, total: int, report: Report) -> int:
    """Download one file; returns `done` plus its size (bytes). Raises requests.RequestException or OSError."""
    import requests

    told = 0.0
    timeout = (_PROBE_SECONDS, _STALL_SECONDS)
    with requests.get(url, stream=True, timeout=timeout) as response, target.open("wb") as file:
        response.raise_for_status()
        for chunk in response.iter_content(1 << 16):
            done += file.write(chunk)
            if monotonic() - told > 0.5:
                told = monotonic()
                report(f"{done / 1e6:.1f} of {total / 1e6:.1f} MB")
    return done


def _idx_builder(base: Any, report: Report) -> Any:
    """A builder like `base`, one of TFDS's MNIST family, that needs no TensorFlow and writes no line on stdout."""

    class Builder(base, skip_registration=True):  # pyright: ignore[reportGeneralTypeIssues, reportCallIssue]
        name = base.name
        __module__ = base.__module__  # TFDS writes it into dataset_info.json, and looks for checksums beside it

        def _split_generators(self, dl_manager: Any) -> Any:
            return super()._split_generators(SimpleNamespace(download_and_extract=dl_manager.download))

        def _generate_examples(self, num_examples: int, data_path: Any, label_path: Any) -> Iterator[tuple[int, dict]]:
            del num_examples  # the files say how many there are
            images, labels = read_idx(Path(data_path)), read_idx(Path(label_path))
            told = 0.0
            for index, (image, label) in enumerate(zip(images, labels, strict=True)):
                if index % 100 == 0 and monotonic() - told > 0.5:
                    told = monotonic()
                    report(f"preparing {base.name}, {index:,} of {len(images):,} images")
                yield index, {"image": _png(image), "label": int(label)}

        def _log_download_bytes(self) -> None: ...

        def _log_download_done(self) -> None: ...

    return Builder


def read_idx(path: Path) -> UInt8[np.ndarray, "..."]:
    """The array in a gzipped IDX file of unsigned bytes. Raises ValueError if it is something else."""
    content = gzip.decompress(path.read_bytes())
    if content[:3] != b"\0\0\x08":
        raise ValueError(f"{path.name} is no IDX file of unsigned bytes")
    axes = content[3]
    shape = np.frombuffer(content, ">u4", axes, offset=4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * axes).reshape(shape)


def _png(image: UInt8[np.ndarray, "H W"]) -> BytesIO:
    from PIL import Image

    encoded = BytesIO()
    Image.fromarray(image).save(encoded, "PNG")
    encoded.seek(0)
    return encoded
