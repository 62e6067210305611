"""Compiles a run's functions for this processor and keeps them: `python -m actors.compiler CONFIG PATH [--gently]`."""

import json
import os
import signal
import sys
import threading
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from explorer.config import RunConfig
from explorer.data.locks import turn
from explorer.errors import ExplorerError

PATIENCE = 120.0
"""Seconds to wait for another process that compiles the same."""
GENTLY = 10
"""Niceness of what nobody waits for yet: the page and Ray start meanwhile."""
KEPT = 200
"""Recipes whose programs are kept, some 0.4 MB each; the oldest go."""


def main() -> int:
    """Compile unless another process did; 0 if they are there, 2 where they cannot be."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    values, path = json.loads(sys.argv[1]), Path(sys.argv[2])
    if "--gently" in sys.argv:
        os.nice(GENTLY)
    try:
        config = RunConfig.from_dict(values)
        with turn(path.with_suffix(".lock"), lambda: None, PATIENCE):
            if not path.exists():
                with _kept(path) as temporary:
                    temporary.write_bytes(_compiled(config))
    except (ExplorerError, OSError) as error:
        sys.stderr.write(f"nothing was compiled ahead: {error}\n")
        return 2
    return 0


def _compiled(config: RunConfig) -> bytes:
    os.environ["JAX_PLATFORMS"] = "cpu"
    os.environ["JAX_ENABLE_COMPILATION_CACHE"] = "false"  # what comes from there cannot be kept
    from explorer.training.programs import dumps, lowered
    from explorer.training.recipe import Recipe

    with ThreadPoolExecutor(1) as pool:  # XLA uses all cores for one; meanwhile the next is traced
        compiled = list(pool.map(lambda program: program.compile(), lowered(Recipe.of(config))))
    return zlib.compress(dumps(compiled), 3)


@contextmanager
def _kept(path: Path) -> Iterator[Path]:
    """A file that takes the place of `path` at the end: whoever reads there finds all or nothing. The oldest then go."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    temporary.touch()  # before the work that would be for nothing
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    kept = sorted(
        (other for other in path.parent.iterdir() if not other.suffix), key=lambda other: other.stat().st_mtime
    )
    for oldest in kept[:-KEPT]:
        oldest.unlink(missing_ok=True)
        oldest.with_suffix(".lock").unlink(missing_ok=True)


def _end_with_parent() -> None:
    while os.read(0, 1):
        pass
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
