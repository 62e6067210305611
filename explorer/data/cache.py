"""Decoded arrays on disk: written once, memory-mapped by every run of the machine.

One folder an entry: an .npy file an array, and manifest.json, which is written last. Each file replaces its predecessor
atomically, and a reader checks shape, type, size and checksum of exactly what it has mapped; so whatever was
truncated, overwritten or half-written is found out at opening, and two writers without a lock between them do no harm.
The checksum (CRC-32) of 47 MB takes about 10 ms, of pages that training reads anyway.
"""

import json
import os
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import time
from uuid import uuid4

import numpy as np
from platformdirs import user_cache_path

from explorer.data.locks import turn

Arrays = dict[str, np.ndarray]
Report = Callable[[str], None]

FORMAT = 1
_PATIENCE = 60.0
_in_memory: dict[tuple[str, str], Arrays] = {}


def cache_root() -> Path:
    """The folder of this format's entries: below RQVAE_CACHE_DIR, else below the user's cache folder."""
    base = os.environ.get("RQVAE_CACHE_DIR")
    folder = Path(base).expanduser().absolute() if base else user_cache_path("rq-vae-explorer")
    return folder / f"arrays-{FORMAT}"


def load_or_build(key: str, fingerprint: str, build: Callable[[], Arrays], report: Report) -> Arrays:
    """The read-only arrays of entry `key`; built, and kept, unless a valid entry of that fingerprint exists.

    Processes that start together build once: the others wait. If the folder cannot be written, that is reported and the
    arrays stay in memory. Raises what `build` raises.
    """
    known = _in_memory.get((key, fingerprint))
    if known is not None:
        return known
    entry = cache_root() / key
    arrays = _load(entry, fingerprint)
    if arrays is not None:
        return arrays
    lock = entry.with_name(f"{entry.name}.lock")
    with turn(lock, lambda: report("waiting for another process that is decoding the same images"), _PATIENCE):
        arrays = _load(entry, fingerprint)
        if arrays is not None:
            return arrays
        built = build()
        try:
            _save(entry, fingerprint, built)
            arrays = _load(entry, fingerprint)
        except OSError as problem:
            report(f"the cache folder {entry} cannot be written ({problem}): keeping the images in memory")
        return arrays if arrays is not None else _keep(key, fingerprint, built)


def _keep(key: str, fingerprint: str, arrays: Arrays) -> Arrays:
    for array in arrays.values():
        array.setflags(write=False)
    return _in_memory.setdefault((key, fingerprint), arrays)


def _load(entry: Path, fingerprint: str) -> Arrays | None:
    """The arrays of a valid entry, memory-mapped; None if there is none, or anything is wrong with it."""
    try:
        manifest = json.loads((entry / "manifest.json").read_text(encoding="utf-8"))
        if manifest["fingerprint"] != fingerprint:
            return None
        return {name: _map(entry / f"{name}.npy", expected) for name, expected in manifest["arrays"].items()}
    except (OSError, ValueError, KeyError, TypeError, EOFError):
        return None


def _map(path: Path, expected: dict[str, object]) -> np.ndarray:
    array = np.load(path, mmap_mode="r").view(np.ndarray)
    if _summary(array, path.stat().st_size) != expected:
        raise ValueError(f"{path} is not what was written")
    return array


def _summary(array: np.ndarray, size: int) -> dict[str, object]:
    return {"shape": list(array.shape), "dtype": array.dtype.str, "size": size, "crc32": zlib.crc32(array.data)}


def _save(entry: Path, fingerprint: str, arrays: Arrays) -> None:
    entry.mkdir(parents=True, exist_ok=True)
    _sweep(entry)
    summaries: dict[str, object] = {}
    for name, array in arrays.items():
        with _replacing(entry / f"{name}.npy") as temporary:
            with temporary.open("wb") as file:
                np.save(file, array, allow_pickle=False)
            summaries[name] = _summary(np.ascontiguousarray(array), temporary.stat().st_size)
    with _replacing(entry / "manifest.json") as temporary:
        temporary.write_text(json.dumps({"fingerprint": fingerprint, "arrays": summaries}, indent=1), encoding="utf-8")


@contextmanager
def _replacing(path: Path) -> Iterator[Path]:
    """A temporary path that takes the place of `path` at the end, and never stays behind."""
    temporary = path.with_name(f"{path.name}.{uuid4().hex}.tmp")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _sweep(entry: Path) -> None:
    """Remove what writers that were killed left behind; an hour old, so that no living writer loses its file."""
    for leftover in entry.glob("*.tmp"):
        if time() - leftover.stat().st_mtime > 3600:
            leftover.unlink(missing_ok=True)
