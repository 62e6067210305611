"""Garbage collection is off while a process starts, and on afterwards whatever happened."""

import gc

import pytest

from actors.collecting import not_collecting


def test_nothing_is_collected_meanwhile_and_what_is_there_then_never_again() -> None:
    gc.unfreeze()
    with not_collecting():
        assert not gc.isenabled()
    assert gc.isenabled()
    assert gc.get_freeze_count() > 1000
    gc.unfreeze()


def test_garbage_is_collected_again_where_the_start_failed() -> None:
    with pytest.raises(ImportError), not_collecting():
        raise ImportError
    assert gc.isenabled()
    gc.unfreeze()
