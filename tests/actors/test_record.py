"""Curves whose steps are read several at once are those of steps that are read one by one."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.record import TOGETHER, Record
from explorer.config import RunConfig
from explorer.messages import History
from explorer.training.health import health
from explorer.training.trained import Trained

CONFIG = RunConfig(levels=2, codebook_size=4)
LAST = 3 * TOGETHER + 1


def step(number: int, read: list[int]) -> Trained:
    def losses() -> dict[str, float]:
        read.append(number)
        return {"recon": float(number), "total": 2.0 * number}

    return Trained(losses, lambda: health(np.array([[number, 1, 0, 0], [1, 1, 1, number]]), 1))


def trained(steps: int, read: list[int], asks: Callable[[Record, int], object] = lambda record, number: None) -> Record:
    record = Record(CONFIG)
    for number in range(1, steps + 1):
        record.step_done(step(number, read))
        asks(record, number)
    return record


def assert_same(one: History, other: History) -> None:
    np.testing.assert_array_equal(one.steps, other.steps)
    assert one.columns.keys() == other.columns.keys()
    for name, values in one.columns.items():
        np.testing.assert_array_equal(values, other.columns[name])


@given(st.integers(0, LAST), st.sets(st.integers(1, LAST)))
def test_whoever_asks_sees_every_step_and_changes_nothing_by_asking(steps: int, when: set[int]) -> None:
    def ask(record: Record, number: int) -> None:
        if number in when:
            assert record.history("r", 0).steps.tolist() == list(range(1, number + 1))

    at_once = trained(steps, [], lambda record, _: record.history("r", 0))
    read: list[int] = []
    record = trained(steps, read, ask)
    assert record.step == steps
    assert_same(record.history("r", 0), at_once.history("r", 0))
    assert read == list(range(1, steps + 1))


def test_no_more_than_so_many_steps_wait_to_be_read() -> None:
    read: list[int] = []
    waits: list[int] = []
    trained(LAST, read, lambda _, number: waits.append(number - len(read)))
    assert max(waits) == TOGETHER - 1


@pytest.mark.parametrize("steps", [0, 1, TOGETHER, LAST])
def test_what_is_kept_has_every_step(steps: int) -> None:
    record, again = trained(steps, []), Record(CONFIG)
    again.load(record.dump(), steps, 0, {})
    assert_same(again.history("r", 0), trained(steps, []).history("r", 0))


def test_steps_from_before_a_reset_are_never_read() -> None:
    read: list[int] = []
    record = trained(2, read)
    record.reset()
    record.step_done(step(7, read))
    assert record.history("r", 0).columns["loss/recon"].tolist() == [7]
    assert read == [7]
