"""The process that is kept ready for the next run, on a real Ray of the lab's own with one CPU."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest

from actors.devices import tell_xla
from actors.lab import Plan
from actors.programs import _paths
from actors.ray_lab import RayLab
from explorer.config import RunConfig
from explorer.errors import ExplorerError
from tests.actors.awaiting import PATIENCE, await_run

pytestmark = pytest.mark.slow
SMALL = RunConfig(batch_size=8, codebook_size=4)
OTHER_PAGE = """
import sys, time
from actors.ray_lab import RayLab
from explorer.config import RunConfig
lab = RayLab(sys.argv[1], data_dir=sys.argv[2])
lab.connect()
for _ in range(10):
    print([info.run_id for info in lab.runs()], dict(lab.cluster().places), flush=True)
    time.sleep(0.1)
sys.stdin.readline()
mine = lab.start(RunConfig(batch_size=8, codebook_size=4)).run_id
print(mine, flush=True)
while not (others := [info.run_id for info in lab.runs() if info.run_id != mine]):
    time.sleep(0.1)
print(others, flush=True)
"""


def the_spare(lab: RayLab) -> tuple[str, int]:
    """Name and process of the only actor there is, once it answers; it is no run."""
    from actors.ray_later import ray

    deadline = time.monotonic() + PATIENCE
    while len(names := set(ray.util.list_named_actors()) - {info.run_id for info in lab.runs()}) != 1:
        assert time.monotonic() < deadline, names
        time.sleep(0.1)
    (name,) = names
    _, place = ray.get(ray.get_actor(name).place.remote(), timeout=PATIENCE)
    return name, place.pid


@pytest.fixture(scope="module")
def lab(cache_dir: Path, no_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RayLab]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_AUTH_MODE", "disabled")
        opened = RayLab(data_dir=no_data, num_cpus=1, runs_dir=tmp_path_factory.mktemp("runs"), first=SMALL)
        opened.connect()
        yield opened
        opened.close()


@pytest.fixture
def other_page(lab, no_data: Path) -> Iterator[subprocess.Popen]:
    """Another page on the same cluster: says what it sees ten times, then starts a run, then waits for one of this lab."""
    from actors.ray_later import ray

    the_spare(lab)
    command = [sys.executable, "-c", OTHER_PAGE, ray.get_runtime_context().gcs_address, str(no_data)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, text=True, **pipes) as page:
        yield page
        page.kill()


def test_a_spare_is_no_run_and_seems_to_hold_nothing(lab) -> None:
    the_spare(lab)
    assert lab.runs() == []
    assert "0 of 1 CPU busy" in lab.info().message
    cluster = lab.cluster()
    assert not cluster.places
    assert [machine.cpus_used for machine in cluster.machines] == [0]


def test_another_page_does_not_see_a_spare_before_it_is_a_run_and_gets_its_place(lab, other_page) -> None:
    assert [other_page.stdout.readline().strip() for _ in range(10)] == ["[] {}"] * 10
    other_page.stdin.write("start\n")
    other_page.stdin.flush()
    theirs = other_page.stdout.readline().strip()
    await_run(lab, theirs, lambda info: info.step > 0)
    lab.stop(theirs)
    name, _ = the_spare(lab)
    assert lab.start(SMALL).run_id == name
    assert other_page.stdout.readline().strip() == str([name])
    lab.stop(name)


def test_a_start_takes_the_spare_which_trains_bit_for_bit_as_a_process_of_its_own_does(lab) -> None:
    name, _ = the_spare(lab)
    first = lab.start(SMALL, "from the spare", Plan(until=40))
    assert (first.run_id, first.name) == (name, "from the spare")
    second = lab.start(SMALL, "from nothing", Plan(until=40))
    assert [info.run_id for info in lab.runs()][-2:] == [first.run_id, second.run_id]
    ended = [await_run(lab, info.run_id, lambda info: info.status == "stopped") for info in (first, second)]
    assert [info.reason for info in ended] == ["finished at step 40"] * 2
    ours, theirs = (lab.get_history(info.run_id) for info in ended)
    assert ours.steps.tolist() == list(range(1, 41))
    for column, values in theirs.columns.items():
        np.testing.assert_array_equal(ours.columns[column], values)


def test_a_new_spare_is_there_once_nothing_trains_and_comes_back_as_the_run_that_it_became(lab) -> None:
    name, pid = the_spare(lab)
    run_id = lab.start(SMALL).run_id
    assert run_id == name
    before = await_run(lab, run_id, lambda info: info.step > 30)
    assert lab.cluster().places[run_id].pid == pid
    assert lab.get_state(run_id).step >= before.step  # as a fork does: that makes a checkpoint
    os.kill(pid, signal.SIGKILL)
    await_run(lab, run_id, lambda info: info.status == "pending" or info.step < before.step)
    after = await_run(lab, run_id, lambda info: info.status == "running" and info.step > before.step + 30)
    assert after.name == before.name
    assert lab.cluster().places[run_id].pid != pid
    lab.stop(run_id)


def test_a_spare_gives_way_to_a_run_that_it_cannot_become(lab) -> None:
    name, pid = the_spare(lab)
    run_id = lab.start(RunConfig(batch_size=512, codebook_size=4)).run_id
    assert run_id != name
    await_run(lab, run_id, lambda info: info.status == "compiling")
    assert not psutil.pid_exists(pid)
    lab.stop(run_id)


def test_a_spare_gives_way_to_a_run_of_the_past(lab) -> None:
    name, _ = the_spare(lab)
    past = next(info for info in lab.runs() if info.resumable and info.config == SMALL and info.step > 40)
    lab.resume(past.run_id)
    await_run(lab, past.run_id, lambda info: info.status == "running" and info.step > past.step)
    lab.stop(past.run_id)
    assert the_spare(lab)[0] != name


def test_a_spare_that_dies_is_replaced_without_anybody_noticing(lab) -> None:
    _, pid = the_spare(lab)
    os.kill(pid, signal.SIGKILL)
    run_id = lab.start(SMALL).run_id
    await_run(lab, run_id, lambda info: info.step > 0)
    lab.stop(run_id)


def test_a_run_that_cannot_have_a_folder_takes_no_place(lab, monkeypatch) -> None:
    the_spare(lab)

    def refuse(*_: object) -> None:
        raise ExplorerError("no room on the disk")

    with monkeypatch.context() as patch:
        patch.setattr(lab._archive, "create", refuse)
        with pytest.raises(ExplorerError, match="no room on the disk"):
            lab.start(SMALL)
    the_spare(lab)
    run_id = lab.start(SMALL).run_id
    await_run(lab, run_id, lambda info: info.step > 0)
    lab.stop(run_id)


def test_a_spare_that_cannot_become_the_run_is_a_run_that_is_lost_and_says_why(lab, monkeypatch) -> None:
    the_spare(lab)
    create = lab._archive.create

    def create_damaged(run_id: str, *rest: object) -> None:
        create(run_id, *rest)
        (lab._archive.folder(run_id).path / "run.json").write_text("{")

    with monkeypatch.context() as patch:
        patch.setattr(lab._archive, "create", create_damaged)
        run_id = lab.start(SMALL).run_id
    assert "run.json" in await_run(lab, run_id, lambda info: info.status == "lost").reason
    assert the_spare(lab)[0] != run_id


def test_a_lab_is_ready_once_its_spare_is_which_ends_with_it_though_it_compiles(
    no_data: Path, tmp_path: Path, cache_dir: Path
) -> None:
    code = """
import sys, time
from actors.ray_later import ray, state_of
from actors.ray_lab import RayLab
from explorer.config import RunConfig
lab = RayLab(data_dir=sys.argv[1], runs_dir=sys.argv[2], num_cpus=1, first=RunConfig(batch_size=9))
lab.connect()
(name,) = ray.util.list_named_actors()
print(state_of(ray.get_actor(name)))
_, place = ray.get(ray.get_actor(name).place.remote())
lab.close()
print(place.pid)
"""
    command = [sys.executable, "-c", code, str(no_data), str(tmp_path)]
    state, process = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert state == "ALIVE"
    pid = int(process)
    deadline = time.monotonic() + PATIENCE  # a Ray worker asks once a second whether its raylet lives
    while psutil.pid_exists(pid):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    environment = dict(os.environ)
    tell_xla(1, 0.0, environment)
    assert not _paths(RunConfig(batch_size=9), environment)["step"].exists()  # it did not wait for that
