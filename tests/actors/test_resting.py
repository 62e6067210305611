"""How long a run trains from one look to the next."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.resting import LONGEST, LOOKING, SHORTEST, SHOWING, SHOWN, rest

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


@pytest.mark.parametrize(("looked", "processors", "seconds"), [(0.009, 2, 1.2), (0.003, 8, 0.3), (0.009, 64, 0.75)])
def test_two_processors_show_less_often_than_many(looked: float, processors: int, seconds: float) -> None:
    assert rest(looked, processors) == pytest.approx(seconds)
