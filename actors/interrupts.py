"""Ctrl-C as a wish that is looked at between two steps, instead of an exception that strikes anywhere."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def interrupt_noted() -> Iterator[threading.Event]:
    """Meanwhile SIGINT and SIGTERM only set the event: an exception could strike while a step holds the state.

    Outside of the main thread, where signals cannot be caught and don't arrive, it does nothing.
    """
    noted = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield noted
        return

    def note(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
        noted.set()

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield noted
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
