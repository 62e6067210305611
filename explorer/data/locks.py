"""Taking turns between processes. What the turns protect stays correct without them: they only save work done twice."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic


@contextmanager
def turn(path: Path, waiting: Callable[[], None], patience: float) -> Iterator[None]:
    """Hold the lock file `path`, calling `waiting` twice a second while another process holds it.

    Goes on without it where a lock cannot be had, or when `patience` seconds are over. A dead process holds no lock.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(path)
    deadline = monotonic() + patience
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        while not lock.is_locked and monotonic() < deadline:
            try:
                lock.acquire(timeout=0.5)
            except Timeout:
                waiting()
    except (OSError, NotImplementedError):  # the second is what filelock raises where a file system has no locks
        pass
    try:
        yield
    finally:
        lock.release()
