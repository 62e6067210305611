"""Which part of a machine a run may use: threads and GPU. To be set before jax is imported in the run's process."""

import ctypes
import hashlib
import os
import platform
import sys
from collections.abc import MutableMapping
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Literal

from platformdirs import user_cache_path

from explorer.errors import ConfigError, NoCapacity

Gpu = Literal["auto", "off"] | float
AUTO_FRACTION = 0.25
"""Share of a GPU that `auto` gives a run: the model is small, four runs fill one."""
_TOP_PAD, _MMAP_THRESHOLD, _TRIM_THRESHOLD, _ARENA_MAX = -2, -3, -1, -8  # of glibc's mallopt
_HEAPS, _LARGEST, _UNLIMITED = 128 << 20, 1 << 30, 2**31 - 1
_FITS = 256
"""Images of the largest batch whose buffers were seen to fit into the heaps of an arena, which are of 64 MiB; of 512 do not."""
ALLOCATOR = {
    "MALLOC_TOP_PAD_": str(_HEAPS),
    "MALLOC_MMAP_THRESHOLD_": str(_LARGEST),
    "MALLOC_TRIM_THRESHOLD_": str(_UNLIMITED),
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
}
"""What `keep_freed_memory` sets, as the environment of a process in which others allocate before it: of a Ray worker.

And what a process cannot ask for once it runs: large pages, with which a step waits less for memory (glibc 2.35).
"""
ONE_ARENA = {"MALLOC_ARENA_MAX": "1"}
"""The same for a batch beyond that, whose buffer only the main arena holds."""


def needs_one_arena(batch_size: int) -> bool:
    """Whether a step's buffer would be fetched from the system anew each time, unless there is no arena but the main one.

    One arena costs a tenth of the speed where it holds what XLA left behind when it compiled: so only where it is needed.
    """
    return batch_size > _FITS


def parse_gpu(text: str) -> Gpu:
    """`auto`, `off`, or how much of a GPU a run gets: a fraction up to 1, or a whole number. Raises ConfigError."""
    if text == "auto" or text == "off":
        return text
    try:
        fraction = float(text)
    except ValueError:
        fraction = 0.0
    if not 0 < fraction <= 64 or (fraction > 1 and fraction != int(fraction)):
        raise ConfigError("gpu", text, "auto, off, a fraction of a GPU such as 0.25, or a whole number of GPUs")
    return fraction


def gpus_per_run(gpu: Gpu, available: float) -> float:
    """How much of a GPU each run gets where there are `available`."""
    if gpu == "off":
        return 0.0
    if gpu == "auto":
        return AUTO_FRACTION if available > 0 else 0.0
    return gpu


def keep_freed_memory(library: str | None = None, *, one_arena: bool = False) -> bool:
    """Let glibc reuse what XLA frees; False where there is no glibc. To be called before jax is imported.

    A step's temporary buffer is above the 32 MiB beyond which glibc returns memory to the system at once, as it returns
    heaps of arenas that are empty; and the next step faults it in again page by page: more than half of a step's time.
    """
    try:
        allocator = ctypes.CDLL(library).mallopt
    except (AttributeError, OSError, TypeError):
        return False
    wanted = {_TOP_PAD: _HEAPS, _MMAP_THRESHOLD: _LARGEST, _TRIM_THRESHOLD: _UNLIMITED}
    if one_arena:
        wanted[_ARENA_MAX] = 1
    return all(allocator(option, value) for option, value in wanted.items())


def have_memory_kept(environment: MutableMapping[str, str] = os.environ) -> None:
    """The same, and large pages, in the processes that are started from here; a user's own choice stays."""
    for name, value in ALLOCATOR.items():
        environment.setdefault(name, value)


def give_back_freed_memory(library: str | None = None) -> bool:
    """Give the system what is free now; False where there is no glibc. What a thread that ended used, nobody would take again."""
    try:
        return bool(ctypes.CDLL(library).malloc_trim(0))
    except (AttributeError, OSError, TypeError):
        return False


def claim(
    threads: int | None,
    gpus: float | None,
    environment: MutableMapping[str, str] = os.environ,
    *,
    batch_size: int = 0,
) -> None:
    """Tell XLA, which reads its environment once, how many threads and whether a GPU this process may use.

    None leaves the choice to XLA: all cores, or a GPU if there is one. `batch_size`: the largest, if that is known.
    """
    keep_freed_memory(one_arena=needs_one_arena(batch_size))
    tell_xla(threads, gpus, environment)


def tell_xla(threads: int | None, gpus: float | None, environment: MutableMapping[str, str]) -> None:
    """What of `claim` is in the environment."""
    if threads is not None:
        environment["NPROC"] = str(max(1, threads))
    cache = compilation_cache(environment.get("NPROC") or str(os.cpu_count()))
    environment.setdefault("JAX_COMPILATION_CACHE_DIR", str(cache))
    environment.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0.2")
    if gpus == 0:
        environment["JAX_PLATFORMS"] = "cpu"
    else:
        environment.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")


def compilation_cache(threads: str) -> Path:
    """Where XLA keeps what it compiled, for the next run of the same shape.

    A folder for each jax and kind of processor, since code compiled for one may not run on another, and for each number of
    threads: XLA divides the work among them when it compiles, and forgets that in the name under which it keeps the result.
    Below RQVAE_CACHE_DIR, else below the user's cache folder.
    """
    base = os.environ.get("RQVAE_CACHE_DIR")
    folder = Path(base).expanduser().absolute() if base else user_cache_path("rq-vae-explorer")
    return folder / f"compiled-{version('jax')}-{processor()}-{threads}"


@cache
def processor() -> str:
    """A name for the kind of processor, by what it can do."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        abilities = next((line for line in lines if line.startswith(("flags", "Features"))), "")
    except OSError:
        abilities = platform.processor()
    return hashlib.sha256(f"{platform.machine()} {abilities}".encode()).hexdigest()[:8]


def claim_local(gpu: Gpu, batch_size: int = 0) -> None:
    """Claim this whole machine for this process. Raises NoCapacity if a GPU was asked for and there is none."""
    if "jax" not in sys.modules:
        claim(None, 0.0 if gpu == "off" else None, batch_size=batch_size)
    if isinstance(gpu, float):
        import jax

        if jax.default_backend() == "cpu":
            raise NoCapacity(
                f"--gpu {gpu:g}: a GPU was asked for, but jax finds none here; {os.cpu_count()} CPU, 0 GPU"
            )
