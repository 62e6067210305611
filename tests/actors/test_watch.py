"""Whether anybody watches a run, by a clock of the test's own."""

from actors.watch import Watch


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_run_is_neglected_once_nobody_looked_for_that_long_and_not_before() -> None:
    clock = Clock()
    watch = Watch(60.0, clock)
    clock.now += 59.9
    assert not watch.neglected
    clock.now += 0.1
    assert watch.neglected


def test_a_look_begins_the_time_anew() -> None:
    clock = Clock()
    watch = Watch(60.0, clock)
    for _ in range(5):
        clock.now += 50
        watch.seen()
    clock.now += 59
    assert not watch.neglected
    clock.now += 1
    assert watch.neglected


def test_without_patience_no_run_is_ever_neglected() -> None:
    clock = Clock()
    watch = Watch(None, clock)
    clock.now += 10**9
    assert not watch.neglected


def test_the_reason_says_for_how_long() -> None:
    assert Watch(1800.0).words == "nobody watched for 30 min"
