"""Memory mappings of this process: code that XLA compiled for a new shape of a run takes hundreds, and there is a limit."""

import sys
from pathlib import Path

from actors.programs import forget

SHARE = 0.5
"""Share of the mappings that a process may have, from which on what was compiled is let go of."""
LIMIT = 65_530
"""Mappings that a process may have where the kernel does not say."""


def count() -> int:
    """Memory mappings of this process; 0 where the kernel does not tell."""
    return len(_read("/proc/self/maps").splitlines())


def forget_compiled() -> bool:
    """Let go of all that was compiled if it takes too many mappings: XLA ends the process when there are no more.

    Runs that train get theirs back with their next step, from the cache on disk. True if something was let go of.
    """
    if "jax" not in sys.modules or count() < SHARE * int(_read("/proc/sys/vm/max_map_count") or LIMIT):
        return False
    import jax  # which is there

    forget()
    jax.clear_caches()
    return True


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError:
        return ""
