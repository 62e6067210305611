"""When a run's machine is about to end: a signal, and then some seconds to write what the run is."""

import os
import signal
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path


def before_the_end(save: Callable[[], None]) -> None:
    """Call `save` in a thread when this process gets SIGTERM, then leave a file that says so. For a main thread.

    The main thread of a Ray actor waits in C++, where Python's own handlers do not run: hence the descriptor, to which the
    system's handler writes at once.
    """
    saved_file(os.getpid()).unlink(missing_ok=True)  # of a process that had this pid when the container ran before
    reads, writes = os.pipe()
    os.set_blocking(writes, False)
    signal.signal(signal.SIGTERM, lambda *_: None)
    signal.set_wakeup_fd(writes, warn_on_full_buffer=False)

    def listen() -> None:
        while True:
            if signal.SIGTERM in os.read(reads, 64):
                save()
                saved_file(os.getpid()).touch()

    threading.Thread(target=listen, name="last-words", daemon=True).start()


def saved_file(pid: int) -> Path:
    """What is there once the process has written everything."""
    return Path(tempfile.gettempdir()) / f"rqvae-saved-{pid}"
