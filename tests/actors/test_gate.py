"""May the next step be trained?"""

from actors.gate import Gate


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_gate_lets_exactly_so_many_steps_pass() -> None:
    gate = Gate()
    assert gate.running
    assert not gate.shut
    gate.open(2)
    for _ in range(2):
        assert not gate.shut
        gate.passed()
    assert gate.shut
    gate.open()
    gate.passed()
    assert not gate.shut
    gate.close()
    assert gate.shut
    assert not gate.running


def test_a_run_is_held_at_its_allowance_until_more_is_allowed_or_the_lease_ends() -> None:
    clock = Clock()
    gate = Gate(clock=clock)
    gate.allow(25, 4.0)
    assert gate.held(24) == 0
    assert gate.held(25) == 4.0
    gate.allow(50, 4.0)
    assert gate.held(25) == 0
    clock.now = 3.0
    assert gate.held(50) == 1.0
    clock.now = 4.0
    assert gate.held(50) == 0


def test_a_run_is_finished_at_its_last_step_and_without_one_never() -> None:
    assert [Gate(until=7).finished(step) for step in (6, 7, 8)] == [False, True, True]
    assert not Gate().finished(10**6)
