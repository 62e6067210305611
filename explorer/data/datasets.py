"""Data sets of 28 × 28 grey images with ten labels: decoded once, shared by all runs of a machine."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from explorer.data.cache import Arrays, load_or_build
from explorer.data.embedded import EMBEDDED_NAME, EMBEDDED_SOURCE, embedded_arrays
from explorer.data.folders import data_root, find_prepared, prepared_names
from explorer.data.prepared import decode
from explorer.data.preparing import DOWNLOADS, check_download, prepare
from explorer.data.probe import Probe
from explorer.errors import DataError


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """Training images (0 black to 255 white) with labels 0..9, and the probe. All arrays are read-only."""

    name: str
    source: str
    train_images: UInt8[np.ndarray, "N H W"]
    train_labels: UInt8[np.ndarray, " N"]
    probe: Probe


def open_dataset(
    name: str, data_dir: str | Path | None = None, report: Callable[[str], None] = lambda _: None
) -> Dataset:
    """The data set `name`: decoded before, or prepared in `data_dir`, or downloaded and prepared there.

    Where MNIST is neither prepared nor can be downloaded, the embedded sample takes its place within seconds, and the
    source says so. `data_dir` precedes TFDS_DATA_DIR, which precedes ~/tensorflow_datasets. `report`
    is told what is happening. Raises DataError in words.
    """
    root = data_root(data_dir)
    prepared = find_prepared(name, root)
    if prepared is None:
        _check_known(name, root)
        try:
            prepared = prepare(name, root, report)
        except DataError as problem:
            if name != EMBEDDED_NAME:
                raise
            report(f"{problem}; using the {EMBEDDED_SOURCE}")
            return _assemble(name, EMBEDDED_SOURCE, embedded_arrays())
    arrays = load_or_build(prepared.key, prepared.fingerprint, lambda: decode(prepared, report), report)
    return _assemble(name, f"{name}, {len(arrays['train_images']):,} images (TFDS)", arrays)


def check_dataset(name: str, data_dir: str | Path | None = None) -> str:
    """What `open_dataset` will do, in words, at once (two seconds at most, where only a download can serve).

    Raises DataError if it cannot succeed: the data set is unknown or of another kind, its folder cannot be read, or it
    can neither be read nor downloaded.
    """
    root = data_root(data_dir)
    prepared = find_prepared(name, root)
    if prepared is not None:
        return f"{name}, {prepared.train_size:,} images (TFDS) in {prepared.folder}"
    _check_known(name, root)
    if name == EMBEDDED_NAME:
        return f"{name} will be downloaded to {root}; if that cannot be done: {EMBEDDED_SOURCE}"
    check_download(name, root)
    return f"{name} will be downloaded to {root}"


def _check_known(name: str, root: Path) -> None:
    if name not in DOWNLOADS:
        held = ", ".join(prepared_names(root)) or "no data set"
        raise DataError(
            f"{root} holds {held}, and {', '.join(DOWNLOADS)} can be downloaded: there is no {name!r}. Choose one of "
            "these, or prepare it there with tensorflow-datasets in its array_record format"
        )


def _assemble(name: str, source: str, arrays: Arrays) -> Dataset:
    probe = Probe.of(arrays["probe_images"], arrays["probe_labels"])
    return Dataset(name, source, arrays["train_images"], arrays["train_labels"], probe)
