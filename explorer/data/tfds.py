"""tensorflow-datasets (TFDS), imported so that other threads can import meanwhile.

TFDS imports parts of itself lazily by `etils.epy.lazy_imports`, which swaps `builtins.__import__` for the whole process:
whatever another thread imports at that moment fails, or comes out as a lazy stand-in. Here only the thread that
asked for it gets the swapped one.
"""

import builtins
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from threading import Lock, get_ident
from types import ModuleType
from typing import Any

_importing = Lock()


def import_tfds() -> ModuleType:
    """The module `tensorflow_datasets`; the first call takes a second."""
    with _importing:
        return _import_tfds()


@lru_cache(maxsize=1)
def _import_tfds() -> ModuleType:
    from etils import epy

    swap_for_all = epy.lazy_imports

    @contextmanager
    def swap_for_this_thread(**callbacks: Any) -> Iterator[None]:
        usual, this_thread = builtins.__import__, get_ident()
        with swap_for_all(**callbacks):
            lazy = builtins.__import__

            def by_thread(*arguments: Any, **named: Any) -> Any:
                return (lazy if get_ident() == this_thread else usual)(*arguments, **named)

            builtins.__import__ = by_thread
            yield

    epy.lazy_imports = swap_for_this_thread
    import tensorflow_datasets

    return tensorflow_datasets
