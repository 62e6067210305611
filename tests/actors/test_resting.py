"""How long a run trains from one look to the next."""

import os
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors import memory
from actors.lab import Plan
from actors.resting import LONGEST, LOOKING, SHORTEST, SHOWING, SHOWN, rest
from actors.run import Run
from explorer.config import RunConfig
from explorer.data import Dataset

LOOKED = st.floats(0, 60, allow_nan=False)
PROCESSORS = st.integers(1, 512)


@given(LOOKED, PROCESSORS)
def test_looking_and_showing_keep_to_their_shares_unless_a_picture_would_come_too_late(
    looked: float, processors: int
) -> None:
    seconds = rest(looked, processors)
    assert SHORTEST <= seconds <= LONGEST
    if seconds < LONGEST:
        assert looked / seconds <= LOOKING * 1.001
        assert SHOWN / (seconds * processors) <= SHOWING * 1.001


@given(LOOKED, LOOKED, PROCESSORS, PROCESSORS)
def test_a_slower_look_rests_as_long_or_longer_and_more_processors_as_short_or_shorter(
    looked: float, other: float, processors: int, more: int
) -> None:
    assert rest(min(looked, other), processors) <= rest(max(looked, other), processors)
    assert rest(looked, max(processors, more)) <= rest(looked, min(processors, more))


@pytest.mark.parametrize(("looked", "processors", "seconds"), [(0.009, 2, 1.4), (0.003, 8, 0.35), (0.009, 64, 0.75)])
def test_two_processors_show_less_often_than_many(looked: float, processors: int, seconds: float) -> None:
    assert rest(looked, processors) == pytest.approx(seconds)


def test_a_run_looks_again_on_request_only_once_it_has_rested(sample: Dataset, monkeypatch) -> None:
    rested: list[tuple[float, int]] = []

    def endless(looked: float, processors: int) -> float:
        rested.append((looked, processors))
        return 1e9

    monkeypatch.setattr(memory, "rest", endless)
    run = Run("resting", "resting", RunConfig(batch_size=8), lambda _: sample, Plan(until=350))
    run.start()
    deadline, shown = time.monotonic() + 120, []
    while run.info().status != "stopped":
        assert time.monotonic() < deadline
        snapshot = run.get_snapshot()
        if snapshot is not None and snapshot.view is not None and snapshot.step not in shown:
            shown.append(snapshot.step)
        time.sleep(0.002)
    assert {processors for _, processors in rested} == {os.cpu_count()}
    assert all(looked > 0 for looked, _ in rested)
    _, *later = shown
    assert set(later) <= {*run.get_probes().steps, 350}  # the first is owed, and comes once what looks is compiled
