"""A run that trains several steps at once, as on a GPU, keeps every law of one that trains them one by one."""

import io
import shutil
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from actors.gate import Gate
from actors.headless import train
from actors.lab import NO_PLAN, Plan
from actors.run import Run
from actors.storage.archive import Archive
from actors.storage.keeper import Keeper
from explorer.config import Lambdas, RunConfig
from explorer.messages import Change, Event
from explorer.training.trainer import Trainer

CONFIG = RunConfig(batch_size=8, codebook_size=4, seed=5)
CHUNKS = [4, 8]
PATIENCE = 60.0

Start = Callable[..., Run]


@pytest.fixture
def start(sample) -> Iterator[Start]:
    """Start runs that end with the test; `chunk` 1 trains as on a CPU."""
    started: list[Run] = []

    def starter(
        chunk: int, plan: Plan = NO_PLAN, config: RunConfig = CONFIG, keeper: Keeper | None = None, live: bool = True
    ) -> Run:
        run = Run("r", "r", config, lambda _: sample, plan, keeper, chunk=chunk, resident=chunk > 1)
        started.append(run)
        if live:
            run.start()
        return run

    yield starter
    for run in started:
        run.close()


def until(happened: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def trains_on(run: Run, steps: int = 1) -> None:
    """Wait until it trained so many more."""
    seen = run.info().step
    until(lambda: run.info().step >= seen + steps)


def rests(run: Run, step: int) -> bool:
    info = run.info()
    return info.step == step and info.status in ("paused", "stopped", "failed")


def steps_to(run: Run, step: int) -> None:
    """Have a run that was not started yet, or is paused, train to exactly that step."""
    with run._asked:  # its thread takes no step before it was told how many
        if run.info().status == "pending":
            run.start()
        run.step(step - run.info().step)
    until(lambda: run.info().status == "paused" and run.info().step == step)


def paused(run: Run) -> int:
    run.pause()
    until(lambda: run.info().status == "paused")
    return run.info().step


def of(run: Run, kind: str) -> list[Event]:
    return [event for event in run.get_history().events if event.kind == kind]


def assert_same(one: Run, other: Run) -> None:
    """The same losses and health at every step, and the same state now."""
    mine, others = one.get_history(), other.get_history()
    np.testing.assert_array_equal(mine.steps, others.steps)
    for name, column in mine.columns.items():
        np.testing.assert_array_equal(column, others.columns[name], err_msg=name)
    if one.info().status == "paused":
        for a, b in zip(one.get_state().leaves, other.get_state().leaves, strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("chunk", CHUNKS)
def test_chunks_leave_the_curves_probes_and_state_of_single_steps(start: Start, chunk: int) -> None:
    several, single = start(chunk, live=False), start(1, live=False)
    for run in (several, single):
        steps_to(run, 217)
    assert_same(several, single)
    assert several.get_probes().steps.tolist() == single.get_probes().steps.tolist() == [0, 100, 200]
    np.testing.assert_array_equal(several.get_probes().codebooks, single.get_probes().codebooks)


@pytest.mark.parametrize("chunk", CHUNKS)
def test_a_change_holds_from_the_very_step_that_it_is_acknowledged_with(start: Start, chunk: int) -> None:
    """A run of single steps with the changes scheduled at those steps goes through the same states."""
    steered = start(chunk)
    changes = []
    for number in range(6):
        trains_on(steered)
        applied = steered.set_lambdas({"commit": 0.3 + number})
        assert applied.step > steered.info().step - chunk
        changes.append(Change(applied.step, "commit", 0.3 + number))
    until(lambda: steered.info().step >= changes[-1].step + 3)
    end = paused(steered)
    assert [event.step for event in of(steered, "setting")] == sorted({change.step for change in changes})
    scheduled = start(1, Plan(schedule=tuple(changes)), live=False)
    steps_to(scheduled, end)
    assert_same(steered, scheduled)


@pytest.mark.parametrize("chunk", CHUNKS)
def test_scheduled_changes_and_remedies_act_at_their_steps(start: Start, chunk: int) -> None:
    schedule = (
        Change(2, "commit", 2.0),
        Change(3, "commit", 0.5),
        Change(22, "remedy", "reinit"),
        Change(31, "codebook", 3),
    )
    runs = [start(n, Plan(schedule=schedule), live=False) for n in (chunk, 1)]
    for run in runs:
        steps_to(run, 40)
    assert [event.step for event in of(runs[0], "setting")] == [2, 3, 31]
    assert [event.step for event in of(runs[0], "remedy")] == [22]
    assert_same(*runs)


@pytest.mark.parametrize("chunk", CHUNKS)
def test_a_runs_own_remedy_acts_after_every_so_many_steps(start: Start, chunk: int) -> None:
    config = RunConfig(batch_size=8, codebook_size=16, seed=5, remedy="reinit", dead_window=5, remedy_every=13)
    runs = [start(n, config=config, live=False) for n in (chunk, 1)]
    for run in runs:
        steps_to(run, 45)
    treated = [[(event.step, event.detail["codes"]) for event in of(run, "remedy")] for run in runs]
    assert treated[0] == treated[1]
    assert {step for step, _ in treated[0]} <= {14, 27, 40}
    assert treated[0]
    assert_same(*runs)


def test_a_remedy_by_hand_treats_before_the_step_that_it_is_acknowledged_with(start: Start) -> None:
    run = start(8)
    for _ in range(3):
        trains_on(run)
        applied = run.cure("split")
        until(lambda step=applied.step: run.info().step >= step)
        assert of(run, "remedy")[-1].step == applied.step


@pytest.mark.parametrize("n", [1, 7, 8, 19])
def test_exactly_so_many_steps_are_trained_after_those_in_progress(start: Start, n: int) -> None:
    run = start(8)
    until(lambda: run.info().step > 0)
    run.step(n)
    (stepped,) = of(run, "stepped")
    until(lambda: run.info().status == "paused")
    assert run.info().step == stepped.step + n
    steps_to(run, stepped.step + 2 * n)


def test_a_run_ends_at_its_last_step(start: Start) -> None:
    run = start(8, Plan(until=29))
    until(lambda: run.info().status == "stopped")
    assert run.info().step == 29


def test_a_run_is_held_at_what_is_allowed(start: Start) -> None:
    run = start(8, live=False)
    run.allow(5, 60.0)
    run.start()
    for allowed in (5, 6, 17):
        run.allow(allowed, 60.0)
        until(lambda allowed=allowed: run.info().step == allowed and "slower runs" in run.info().reason)


def test_the_room_of_a_gate_ends_where_the_first_of_its_reasons_does() -> None:
    now = [0.0]
    gate = Gate(until=100, clock=lambda: now[0])
    assert gate.room(10) == 90
    gate.open(50)
    assert gate.room(10) == 50
    gate.allow(35, 4.0)
    assert gate.room(10) == 25
    now[0] = 4.0
    assert gate.room(10) == 50
    assert Gate().room(10) > 10**9


def test_a_reset_run_goes_the_same_way_again(start: Start) -> None:
    run, single = start(8), start(1, live=False)
    until(lambda: run.info().step > 20)
    paused(run)
    run.reset()
    until(lambda: rests(run, 0))
    for each in (run, single):
        steps_to(each, 21)
    assert_same(run, single)


def test_a_fork_goes_on_from_the_end_of_a_chunk_as_its_parent_does(start: Start) -> None:
    parent = start(8)
    until(lambda: parent.info().step > 8)
    state = parent.get_state()
    fork = start(4, Plan(parent="r", origin=state), live=False)
    end = paused(parent) + 10
    for run in (parent, fork):
        steps_to(run, end)
    for a, b in zip(parent.get_state().leaves, fork.get_state().leaves, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("chunk", CHUNKS)
def test_a_run_fails_at_the_very_step_that_is_not_finite_with_the_state_before_it(start: Start, chunk: int) -> None:
    config = RunConfig(batch_size=8, codebook_size=8, seed=3, optimizer="sgd", learning_rate=1.0)
    diverges = Plan(schedule=(Change(3, "commit", 10.0),))
    runs = [start(n, diverges, config=config) for n in (chunk, 1)]
    for run in runs:
        until(lambda run=run: run.info().status == "failed")
    several, single = runs
    assert several.info().reason == single.info().reason
    assert several.info().step == single.info().step > 3
    assert_same(several, single)
    seen, expected = several.get_snapshot(), single.get_snapshot()
    assert seen is not None
    assert expected is not None
    assert seen.step == several.info().step
    np.testing.assert_array_equal(seen.view.codebooks, expected.view.codebooks)
    several.reset()
    until(lambda: rests(several, 0))


def test_a_run_whose_process_died_comes_back_with_every_change_at_its_step(start: Start, tmp_path: Path) -> None:
    archive = Archive(tmp_path / "runs")
    archive.prepare()
    archive.create("r", CONFIG, "r", NO_PLAN)
    run = start(8, keeper=Keeper(archive.folder("r"), "here"))
    changes = []
    for value in (2.0, 0.7):
        trains_on(run, 9)
        changes.append(Change(run.set_lambdas({"commit": value}).step, "commit", value))
    until(lambda: run.info().step > changes[-1].step)
    until(lambda: len(log.events) > 2 and log.step > changes[-1].step if (log := archive.folder("r").log()) else False)
    shutil.copytree(tmp_path / "runs", tmp_path / "died")
    back = start(4, keeper=Keeper(Archive(tmp_path / "died").folder("r"), "there"))
    until(lambda: back.info().status == "running" and back.info().step > changes[-1].step)
    end = paused(back)
    scheduled = start(1, Plan(schedule=tuple(changes)), live=False)
    steps_to(scheduled, end)
    assert_same(back, scheduled)


@pytest.mark.parametrize(
    "config",
    [
        RunConfig(batch_size=8, codebook_size=16, seed=5, remedy="reinit", dead_window=5, remedy_every=13),
        RunConfig(
            batch_size=8, codebook_size=8, seed=3, optimizer="sgd", learning_rate=1.0, lambdas=Lambdas(commit=10.0)
        ),
    ],
    ids=["treated", "diverging"],
)
def test_without_a_page_chunks_write_the_rows_of_single_steps(sample, tmp_path, monkeypatch, config: RunConfig) -> None:
    single = train(config, 30, tmp_path / "single", lambda _: sample, progress=io.StringIO())
    monkeypatch.setattr("explorer.training.trainer.Trainer", partial(Trainer, resident=True))
    several = train(config, 30, tmp_path / "several", lambda _: sample, progress=io.StringIO())
    assert (several.steps, several.failed) == (single.steps, single.failed)
    rows = [(summary.out / "history.csv").read_text(encoding="utf-8") for summary in (several, single)]
    assert rows[0] == rows[1]
