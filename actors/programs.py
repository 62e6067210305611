"""A run's compiled functions, kept on this machine's disk: loaded where they are there, else compiled by a process apart.

Compiling leaves 200 MB behind in the process that does it, and a process that waits for another's compiler needs none of its
own: so neither a run's process nor a page's compiles, and of several that need the same at once one does.
"""

import json
import logging
import os
import subprocess
import sys
import threading
import zlib
from collections.abc import Mapping
from contextlib import suppress
from functools import cache, lru_cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import explorer
from actors.devices import processor
from explorer.config import RunConfig
from explorer.data import Dataset
from explorer.training.recipe import Recipe

if TYPE_CHECKING:
    from explorer.training.programs import Programs

PACKAGES = ("jax", "jaxlib", "flax", "optax")
SETTINGS = ("NPROC", "XLA_FLAGS", "JAX_ENABLE_X64", "JAX_DEFAULT_MATMUL_PRECISION", "JAX_DEFAULT_PRNG_IMPL")
"""Variables of the environment on which depends what XLA compiles."""
LOADED = 16
"""Recipes whose programs a process keeps loaded, and shares among its runs."""

logger = logging.getLogger(__name__)
_lock = threading.Lock()
_under_way: dict[Path, subprocess.Popen[bytes]] = {}


def programs(config: RunConfig, dataset: Dataset) -> "Programs | None":
    """Those of a config, once they are compiled; None where this process has to compile them itself.

    That is so on a GPU, with fewer images than programs are compiled for, and where nothing can be kept.
    """
    import jax

    from explorer.training.programs import fits

    path = _path(config, os.environ)
    if path is None or jax.default_backend() != "cpu" or not fits(dataset):
        return None
    if _is_there(path) and (ready := _loaded(path)) is not None:
        return ready
    try:
        _begin(config, path, os.environ).wait()
    except OSError as error:
        logger.warning("no process can be started that compiles: %s", error)
    return _loaded(path) if _is_there(path) else None


def compile_ahead(config: RunConfig, environment: Mapping[str, str] = os.environ) -> None:
    """Have them compiled for a process with that environment, if they are not there; others go first.

    Returns at once, and needs no jax here.
    """
    path = _path(config, environment)
    if path is not None and not _is_there(path):
        with suppress(OSError):  # whoever needs them says so
            _begin(config, path, environment, "--gently")


def forget() -> None:
    """Let go of what is loaded and not in use."""
    _load.cache_clear()


def _is_there(path: Path) -> bool:
    return os.path.exists(path)  # noqa: PTH110 - Path's own raises where a folder may not be read


def _loaded(path: Path) -> "Programs | None":
    try:
        return _load(path)
    except Exception as error:  # noqa: BLE001 - whatever is wrong with the file, there can be another
        logger.warning("what was compiled before is of no use (%s: %s)", type(error).__name__, error)
        with suppress(OSError):
            path.unlink()
        return None


@lru_cache(maxsize=LOADED)
def _load(path: Path) -> "Programs":
    from explorer.training.programs import Programs

    return Programs.loads(zlib.decompress(path.read_bytes()))


def _begin(config: RunConfig, path: Path, environment: Mapping[str, str], *how: str) -> subprocess.Popen[bytes]:
    """The process that compiles them: it ends with this one, whose end it reads from its input."""
    with _lock:
        known = _under_way.get(path)
        if known is not None and known.poll() is None:
            return known
        command = [sys.executable, "-m", "actors.compiler", json.dumps(config.to_dict()), str(path), *how]
        root = Path(explorer.__file__).parent.parent
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, env=dict(environment), cwd=root
        )
        _under_way[path] = process
        threading.Thread(target=_await, args=(process, path), name="compiler", daemon=True).start()
        return process


def _await(process: subprocess.Popen[bytes], path: Path) -> None:
    process.wait()
    assert process.stdin is not None
    process.stdin.close()
    with _lock:
        if _under_way[path] is process:
            del _under_way[path]


def _path(config: RunConfig, environment: Mapping[str, str]) -> Path | None:
    """Where they are kept: a name for all that decides what they are, below JAX's own cache."""
    folder = environment.get("JAX_COMPILATION_CACHE_DIR")
    if not folder:
        return None
    settings = {name: environment.get(name) for name in SETTINGS}
    what = repr((Recipe.of(config), settings, processor(), os.cpu_count(), _sources()))
    return Path(folder).absolute() / "programs" / sha256(what.encode()).hexdigest()[:32]


@cache
def _sources() -> str:
    """A sum over the code that is compiled, and the versions of what compiles it."""
    root = Path(explorer.__file__).parent
    files = sorted(path for folder in ("model", "training") for path in (root / folder).rglob("*.py"))
    texts = [path.read_bytes() for path in [*files, root / "choices.py"]]
    versions = " ".join(version(package) for package in PACKAGES)
    return sha256(b"\0".join([versions.encode(), *texts])).hexdigest()
