"""The views of a run over its life: bounded, and at steps that all runs have in common."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.probes import ProbeLog
from tests.ui.watching import view

SEEN = view(points=4)


def logged(start: int, steps: int, most: int) -> list[int]:
    log = ProbeLog((2, 16, 2), most, 5)
    for step in range(start, start + steps + 1):
        if log.due(step):
            log.add(step, replace(SEEN, probe_mse=float(step)))
    probes = log.probes("run-a", 0)
    assert probes.mse.tolist() == probes.steps.tolist()
    return probes.steps.tolist()


@given(st.integers(0, 300), st.integers(0, 900), st.integers(2, 9))
def test_at_most_so_many_are_kept_evenly_from_the_first_to_the_last_due(start: int, steps: int, most: int) -> None:
    kept = logged(start, steps, most)
    assert len(kept) <= most
    gaps = {after - before for before, after in pairwise(kept)}
    assert len(gaps) <= 1
    stride = max(gaps, default=5)
    assert all(step % stride == 0 for step in kept)


def test_runs_that_began_at_other_steps_have_steps_in_common() -> None:
    assert set(logged(0, 200, 8)) & set(logged(37, 163, 8)) >= {80, 120, 160, 200}


def test_before_the_first_view_there_is_nothing() -> None:
    assert ProbeLog((3, 8, 2)).probes("run-a", 1).codebooks.shape == (0, 3, 8, 2)


@pytest.mark.parametrize(("size", "bytes_each"), [(256, 1), (257, 2)])
def test_codes_take_no_more_bytes_than_they_need(size: int, bytes_each: int) -> None:
    log = ProbeLog((2, size, 2))
    log.add(0, view(codes=size, points=4))
    assert log.probes("run-a", 0).codes.itemsize == bytes_each
