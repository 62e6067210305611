"""How many steps are trained at once."""

import pytest

from actors.pace import LONGEST, TARGET, Pace


def after(pace: Pace, chunks: int, step: float, each: float = 0.0) -> int:
    for _ in range(chunks):
        pace.took(pace.steps, each + step * pace.steps)
    return pace.steps


def test_the_first_chunk_is_one_step_and_the_next_are_at_most_twice_as_long() -> None:
    pace = Pace()
    assert [pace.steps, *(after(pace, 1, 1e-4) for _ in range(4))] == [1, 2, 4, 8, 16]


@pytest.mark.parametrize("step", [1e-4, 7e-4, 3e-3, 0.039])
@pytest.mark.parametrize("each", [0.0, 2e-3])
def test_a_chunk_fills_the_target_and_does_not_overrun_it(step: float, each: float) -> None:
    pace = Pace()
    steps = after(pace, 20, step, each)
    assert each + steps * step <= TARGET or steps == 1
    assert each + (steps + 1) * step * 1.06 > TARGET


def test_steps_that_take_longer_than_the_target_are_trained_one_by_one() -> None:
    pace = Pace()
    assert after(pace, 3, 0.2) == 1
    assert after(Pace(), 40, 0.0) == LONGEST


def test_steps_that_become_slower_shorten_the_next_chunk_and_it_recovers() -> None:
    pace = Pace()
    assert after(pace, 20, 1e-3) == 40
    assert after(pace, 1, 4e-3) == 10
    assert after(pace, 5, 1e-3) == 40


def test_a_chunk_cut_short_says_nothing_unless_it_overran_the_target() -> None:
    pace = Pace()
    assert after(pace, 20, 1e-3) == 40
    pace.took(2, 0.02)
    assert pace.steps == 40
    pace.took(2, 0.08)
    assert pace.steps == 1


def test_a_fixed_number_of_steps_stays() -> None:
    pace = Pace(8)
    for seconds in (0.001, 10):
        pace.took(8, seconds)
        assert pace.steps == 8
