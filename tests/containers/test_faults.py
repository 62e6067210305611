"""What must hold when parts of a cluster die, freeze, or are cut off. Each on real containers, with runs that train."""

import json
import os
import signal
import time
from pathlib import Path

import pytest

from .stack import Stack, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
TRAINS = "running"
GIVEN_UP_AFTER = 9.0
"""Seconds after which the head gives up a machine that does not answer: RAY_health_check_* in the Dockerfile."""


def trains(run: dict) -> bool:
    return run["status"] == TRAINS and run["steps_per_second"] > 0


def as_slow_as_starting(stack: Stack, seconds: float) -> float:
    """These seconds; on a machine so busy that four runs started more slowly, as many more as that took."""
    return max(seconds, 1.5 * stack.starting, stack.starting + seconds / 2)


def log_of(stack: Stack, run_id: str) -> dict:
    """The newest log in a run's folder."""
    newest = max((stack.runs_dir / run_id).glob("log-*.json"))
    return json.loads(newest.read_text())


def incarnations(stack: Stack, run_id: str) -> int:
    """How often the run was begun."""
    return len(list((stack.runs_dir / run_id).glob("claim-*")))


def whole(stack: Stack, run_id: str) -> None:
    """Its history has every step once."""
    history = stack.call("/get_history", run_id)
    assert history["steps"] == list(range(history["stride"], history["steps"][-1] + 1, history["stride"]))


def checkpointed(stack: Stack, *run_ids: str) -> None:
    """Until each has a checkpoint."""
    folders = [stack.runs_dir / run_id / "checkpoints" for run_id in run_ids]
    until(lambda: all(list(folder.glob("*.npz")) for folder in folders), "no checkpoint within time")


def newest_checkpoint(stack: Stack, run_id: str) -> int:
    """The step of a run's newest checkpoint."""
    written = (stack.runs_dir / run_id / "checkpoints").glob("[0-9]*.npz")
    return max((int(path.stem.split("-")[2]) for path in written), default=-1)


def copies(stack: Stack) -> int:
    """Processes of runs in all workers that are not frozen."""
    return sum(len(stack.processes(worker, "ray::RunActor")) for worker in stack.containers("worker"))


def test_a_killed_run_is_back_and_its_history_is_whole(stack: Stack, four: list[str], record_property) -> None:
    checkpointed(stack, *four)
    before = {run["run_id"]: run["step"] for run in stack.runs(*four)}
    worker = stack.containers("worker")[0]
    victim = stack.processes(worker, "ray::RunActor")[0]
    stack.docker("exec", worker, "sh", "-c", f"kill -9 {victim}")
    until(lambda: any(incarnations(stack, run_id) == 2 for run_id in four), "nobody came back")
    (killed,) = (run_id for run_id in four if incarnations(stack, run_id) == 2)
    took = stack.await_runs([killed], trains)
    record_property("seconds until it trains", took)
    assert took <= as_slow_as_starting(stack, 5)
    stack.await_runs([killed], lambda run: run["step"] > before[killed] + 50)
    (event,) = (event for event in stack.call("/get_history", killed)["events"] if event["kind"] == "recovered")
    speed = stack.runs(killed)[0]["steps_per_second"]
    assert event["detail"]["was"] - event["step"] <= 17 * max(speed, 1) * 2, "more than 15 s of steps are repeated"
    whole(stack, killed)


def test_runs_of_a_killed_worker_wait_for_room_and_go_on_when_a_worker_joins(stack: Stack, four: list[str]) -> None:
    checkpointed(stack, *four)
    worker = stack.containers("worker")[1]
    steps = {run["run_id"]: run["step"] for run in stack.runs(*four)}
    stack.docker("kill", worker)
    until(lambda: sum(run["status"] == "pending" for run in stack.runs(*four)) == 2, lambda: str(stack.runs(*four)))
    waiting = [run for run in stack.runs(*four) if run["status"] == "pending"]
    assert all("where there is room" in run["reason"] for run in waiting)
    stack.docker("start", worker)
    stack.await_runs(four, trains)
    stack.await_runs(four, lambda run: run["step"] > steps[run["run_id"]])
    until(lambda: copies(stack) == 4, lambda: f"{copies(stack)} copies of four runs")
    for run in waiting:
        whole(stack, run["run_id"])


def test_runs_of_a_killed_worker_go_on_elsewhere_within_30_seconds(
    stack: Stack, four: list[str], record_property
) -> None:
    checkpointed(stack, *four)
    stack.up(workers=3)
    lost = next(worker for worker in stack.containers("worker") if len(stack.processes(worker, "ray::RunActor")) == 2)
    began = time.monotonic()
    stack.docker("kill", lost)
    until(lambda: sum(incarnations(stack, run_id) == 2 for run_id in four) == 2, "they did not come back")
    record_property("seconds until they are claimed", time.monotonic() - began)
    stack.await_runs(four, trains)
    took = time.monotonic() - began
    record_property("seconds until all train", took)
    record_property("seconds that four runs took to start", stack.starting)
    assert took <= as_slow_as_starting(stack, 30)
    stack.docker("start", lost)


def froze_for_moments(stack: Stack, worker: str, run_ids: list[str]) -> bool:
    """Freeze a worker until the page says that runs do not respond, for less than what it is given up after; whether it did."""
    frozen, said = time.monotonic(), False
    stack.freeze(worker)
    try:
        while not said and time.monotonic() < frozen + GIVEN_UP_AFTER - 3:
            said = any("not responding" in run["reason"] for run in stack.runs(*run_ids))
            time.sleep(0.2)
    finally:
        stack.docker("unpause", worker)
    return said and time.monotonic() < frozen + GIVEN_UP_AFTER - 1


def test_a_worker_that_freezes_for_moments_goes_on_as_it_was(stack: Stack, four: list[str]) -> None:
    worker = stack.containers("worker")[0]
    for _ in range(5):  # a machine that is too busy may take longer than those moments to look, or to thaw
        before = [incarnations(stack, run_id) for run_id in four]
        if froze_for_moments(stack, worker, four):
            break
        stack.await_runs(four, trains)
    else:
        raise AssertionError("nobody said so")
    stack.await_runs(four, trains)
    assert [incarnations(stack, run_id) for run_id in four] == before


def test_a_worker_that_thaws_after_it_was_given_up_does_not_write_beside_the_new_copies(
    stack: Stack, four: list[str]
) -> None:
    checkpointed(stack, *four)
    stack.up(workers=3)
    frozen = next(worker for worker in stack.containers("worker") if len(stack.processes(worker, "ray::RunActor")) == 2)
    stack.freeze(frozen)
    until(lambda: sum(incarnations(stack, run_id) == 2 for run_id in four) == 2, "they did not come back")
    moved = [run_id for run_id in four if incarnations(stack, run_id) == 2]
    first = {run_id: (stack.runs_dir / run_id / "log-0001.json").read_text() for run_id in moved}
    stack.docker("unpause", frozen)
    stack.await_runs(four, trains)
    time.sleep(8)
    assert {run_id: (stack.runs_dir / run_id / "log-0001.json").read_text() for run_id in moved} == first
    until(lambda: copies(stack) == 4, "two copies of a run live")
    for run_id in moved:
        whole(stack, run_id)


def test_runs_never_notice_that_the_page_was_killed(stack: Stack, four: list[str]) -> None:
    pid = stack.inspect(stack.container("ui"))["State"]["Pid"]
    steps = {run["run_id"]: run["step"] for run in stack.runs(*four)}
    os.kill(pid, signal.SIGKILL)
    until(lambda: all(log_of(stack, run_id)["step"] > steps[run_id] + 30 for run_id in four), "they stood still")
    stack.await_page()
    stack.await_runs(four, trains)
    assert [incarnations(stack, run_id) for run_id in four] == [1, 1, 1, 1]


def test_after_the_head_was_restarted_every_run_is_brought_back_from_its_folder(stack: Stack, four: list[str]) -> None:
    checkpointed(stack, *four)
    steps = {run_id: newest_checkpoint(stack, run_id) for run_id in four}
    stack.docker("restart", stack.container("head"))
    stack.await_runs(four, trains, within=240)
    for run in stack.runs(*four):
        assert run["step"] >= steps[run["run_id"]]
        whole(stack, run["run_id"])
    until(lambda: copies(stack) == 4, lambda: f"{copies(stack)} copies of four runs")


def test_a_worker_cut_off_for_20_seconds_costs_no_run_and_makes_no_second_copy(stack: Stack, four: list[str]) -> None:
    checkpointed(stack, *four)
    worker = stack.containers("worker")[0]
    network = f"{stack.project}_cluster"
    stack.docker("network", "disconnect", network, worker)
    time.sleep(20)
    stack.docker("network", "connect", network, worker)
    stack.await_runs(four, trains, within=240)
    until(lambda: copies(stack) == 4, lambda: f"{copies(stack)} copies of four runs")
    for run_id in four:
        whole(stack, run_id)


def test_a_full_disk_stops_no_training_and_is_said_until_there_is_room(stack: Stack, four: list[str]) -> None:
    filler = Path(stack.runs_dir) / "filler"
    with filler.open("wb") as file:
        try:
            while True:
                file.write(bytes(1 << 20))
                file.flush()
        except OSError:
            pass
    stack.await_runs(four, lambda run: "not saved" in run["reason"] and "No space left" in run["reason"])
    steps = {run["run_id"]: run["step"] for run in stack.runs(*four)}
    stack.await_runs(four, lambda run: run["step"] > steps[run["run_id"]] + 30)
    filler.unlink()
    stack.await_runs(four, lambda run: run["reason"] == "")
    until(lambda: all(newest_checkpoint(stack, run_id) > steps[run_id] for run_id in four), "no checkpoint since")


def test_what_was_stopped_with_the_cluster_is_listed_and_resumed_on_request_or_by_itself_where_that_is_set(
    stack: Stack, four: list[str]
) -> None:
    stack.down()
    ended = {run_id: log_of(stack, run_id) for run_id in four}
    said = [(log["incarnation"], log["status"], log["ended"]) for log in ended.values()]
    assert said == [(1, "stopped", "interrupted")] * 4
    stack.up()
    stack.await_runs(four, lambda run: run["status"] == "stopped" and run["resumable"])
    time.sleep(12)  # nobody brings them back by himself
    assert {run["run_id"]: run["step"] for run in stack.runs(*four)} == {i: log["step"] for i, log in ended.items()}
    for run_id in four[:2]:
        stack.call("/resume_run", run_id)
    stack.await_runs(four[:2], trains)
    stack.up(RQVAE_BRING_BACK="all")
    stack.await_runs(four, trains)
    stack.up(RQVAE_BRING_BACK="crashed")
    stack.await_runs(four, trains)
    for run in stack.runs(*four):
        assert run["step"] >= ended[run["run_id"]]["step"]
        whole(stack, run["run_id"])
