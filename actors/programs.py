"""A run's compiled functions, kept on this machine's disk: loaded where they are there, else compiled by a process apart.

Each function has a file of its own, which serves all recipes that compile to the same: of runs that differ in their batches,
losses or estimators only the step is compiled anew.

Compiling leaves 200 MB behind in the process that does it, and a process that waits for another's compiler needs none of its
own: so neither a run's process nor a page's compiles, and of several that need the same at once one does.
"""

import json
import logging
import os
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import cache, lru_cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
PAUSE = 0.02
"""Seconds between two looks whether they are there."""
LOADED = 48
"""Functions that a process keeps loaded, and shares among its runs."""

logger = logging.getLogger(__name__)
_lock = threading.Lock()
TRIES = 3
"""A file may be damaged, which shows when it is loaded; its compiler may have been about to end when that file went."""
_under_way: dict[Path, subprocess.Popen[bytes]] = {}


def programs(config: RunConfig, dataset: Dataset) -> "Programs | None":
    """Those of a config, once those for a first step are compiled; None where this process has to compile them itself.

    That is so on a GPU, with fewer images than programs are compiled for, and where nothing can be kept. A look that is
    still being compiled is waited for when it is called.
    """
    import jax

    from explorer.training.programs import Programs, fits

    paths = _paths(config, os.environ)
    if not paths or jax.default_backend() != "cpu" or not fits(dataset):
        return None
    for _ in range(TRIES):
        compiler = None
        if not _are_there(paths.values()):
            try:
                compiler = _begin(config, paths, os.environ)
            except OSError as error:
                logger.warning("no process can be started that compiles: %s", error)
                return None
        begin, step = _once_there(paths["begin"], compiler), _once_there(paths["step"], compiler)
        if compiler is None or _are_there([paths["look"]]):
            look, can_look = _once_there(paths["look"], None), _always
        else:
            look = _Awaited(paths["look"], compiler, config)
            can_look = look.is_there
        if begin and step and look:
            return Programs(step, begin, look, can_look)
        if compiler is not None and compiler.poll():
            break
    return None


def compile_ahead(config: RunConfig, environment: Mapping[str, str] = os.environ) -> None:
    """Have them compiled for a process with that environment, if they are not there; others go first.

    Returns at once, and needs no jax here.
    """
    paths = _paths(config, environment)
    if paths and not _are_there(paths.values()):
        with suppress(OSError):  # whoever needs them says so
            _begin(config, paths, environment, "--gently")


def forget() -> None:
    """Let go of what is loaded and not in use."""
    _load.cache_clear()


def _always() -> bool:
    return True


class _Awaited:
    """A look that is being compiled. Where nobody compiles it any more and it is not there, this process does."""

    def __init__(self, path: Path, compiler: subprocess.Popen[bytes], config: RunConfig) -> None:
        self._path, self._compiler, self._config = path, compiler, config
        self._look: Callable[..., Any] | None = None

    def is_there(self) -> bool:
        return _are_there([self._path]) or self._compiler.poll() is not None

    def __call__(self, *arguments: Any) -> Any:
        if self._look is None:
            from explorer.training.programs import Programs

            traced = Programs.traced(Recipe.of(self._config))
            self._look = _once_there(self._path, self._compiler) or traced.look
        return self._look(*arguments)


def _are_there(paths: Iterable[Path]) -> bool:
    return all(os.path.exists(path) for path in paths)  # noqa: PTH110 - Path's own raises where it may not read


def _once_there(path: Path, compiler: subprocess.Popen[bytes] | None) -> Callable[..., Any] | None:
    """The function kept there, as soon as it is; None if the compiler ended without it, or if it is of no use and went."""
    while compiler is not None and compiler.poll() is None and not _are_there([path]):  # or another process compiles it
        time.sleep(PAUSE)
    if not _are_there([path]):
        return None
    try:
        return _load(path)
    except Exception as error:  # noqa: BLE001 - whatever is wrong with the file, there can be another
        logger.warning("what was compiled before is of no use (%s: %s)", type(error).__name__, error)
        with suppress(OSError):
            path.unlink()
    return None


@lru_cache(maxsize=LOADED)
def _load(path: Path) -> Callable[..., Any]:
    from explorer.training.programs import loads

    return loads(zlib.decompress(path.read_bytes()))


def _begin(
    config: RunConfig, paths: Mapping[str, Path], environment: Mapping[str, str], *how: str
) -> subprocess.Popen[bytes]:
    """The process that compiles what is missing: it ends with this one, whose end it reads from its input."""
    path = paths["step"]
    with _lock:
        known = _under_way.get(path)
        if known is not None and known.poll() is None:
            return known
        wanted = json.dumps({name: str(place) for name, place in paths.items()})
        command = [sys.executable, "-m", "actors.compiler", json.dumps(config.to_dict()), wanted, *how]
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


def _paths(config: RunConfig, environment: Mapping[str, str]) -> dict[str, Path]:
    """Where each is kept: a name for all that decides what it is, below JAX's own cache. Nothing where that is not known."""
    folder = environment.get("JAX_COMPILATION_CACHE_DIR")
    if not folder:
        return {}
    settings = {name: environment.get(name) for name in SETTINGS}
    place, around = Path(folder).absolute() / "programs", (settings, processor(), os.cpu_count(), _sources())
    return {
        name: place / f"{name}-{sha256(repr((part, around)).encode()).hexdigest()[:32]}"
        for name, part in Recipe.of(config).parts.items()
    }


@cache
def _sources() -> str:
    """A sum over the code that is compiled, and the versions of what compiles it."""
    root = Path(explorer.__file__).parent
    files = sorted(path for folder in ("model", "training") for path in (root / folder).rglob("*.py"))
    texts = [path.read_bytes() for path in [*files, root / "choices.py"]]
    versions = " ".join(version(package) for package in PACKAGES)
    return sha256(b"\0".join([versions.encode(), *texts])).hexdigest()
