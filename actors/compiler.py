"""Compiles a run's functions for this processor and keeps them: `python -m actors.compiler CONFIG PATHS [--gently]`.

PATHS says for each where, in the order in which they are compiled; those that are there are left as they are.
"""

import gc
import json
import os
import signal
import sys
import threading
import zlib
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from explorer.config import RunConfig
from explorer.data.locks import turn
from explorer.errors import ExplorerError

if TYPE_CHECKING:
    import jax

PATIENCE = 120.0
"""Seconds to wait for another process that compiles the same."""
GENTLY = 10
"""Niceness of what nobody waits for yet: the page and Ray start meanwhile."""
KEPT = 600
"""Functions that are kept, some 0.15 MB each; the oldest go."""


def main() -> int:
    """Compile unless another process did; 0 if they are there, 2 where they cannot be."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    values, wanted = json.loads(sys.argv[1]), json.loads(sys.argv[2])
    paths = {name: Path(place) for name, place in wanted.items()}
    if "--gently" in sys.argv:
        os.nice(GENTLY)
    try:
        config = RunConfig.from_dict(values)
        with turn(paths["step"].with_suffix(".lock"), lambda: None, PATIENCE):
            missing = {name: path for name, path in paths.items() if not path.exists()}
            if missing:
                _compile(config, missing)
    except (ExplorerError, OSError) as error:
        sys.stderr.write(f"nothing was compiled ahead: {error}\n")
        return 2
    return 0


def _compile(config: RunConfig, missing: dict[str, Path]) -> None:
    """One after the other, as they are traced; XLA uses more than a core for one, and less than two."""
    for folder in {path.parent for path in missing.values()}:
        folder.mkdir(parents=True, exist_ok=True)  # before the work that would be for nothing
    os.environ["JAX_PLATFORMS"] = "cpu"
    os.environ["JAX_ENABLE_COMPILATION_CACHE"] = "false"  # what comes from there cannot be kept
    gc.disable()  # there is memory for the seconds that this takes
    from explorer.training.programs import lowered

    with ThreadPoolExecutor(1) as pool:
        futures: list[Future[None]] = [
            pool.submit(_keep, lowered(config, name), path) for name, path in missing.items()
        ]
    for future in futures:
        future.result()


def _keep(lowered: "jax.stages.Lowered", path: Path) -> None:
    """Compile it to a file that takes its place at the end: whoever reads there finds all or nothing. The oldest then go."""
    from explorer.training.programs import dumps

    temporary = path.with_suffix(f".{os.getpid()}")
    try:
        temporary.write_bytes(zlib.compress(dumps(lowered.compile()), 3))
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    kept = sorted((other for other in path.parent.iterdir() if not other.suffix), key=_age)
    for oldest in kept[:-KEPT]:
        oldest.unlink(missing_ok=True)
        oldest.with_suffix(".lock").unlink(missing_ok=True)


def _age(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:  # another process let it go
        return 0.0


def _end_with_parent() -> None:
    while os.read(0, 1):
        pass
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
