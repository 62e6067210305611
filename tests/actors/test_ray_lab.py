"""What only a cluster can do: outlive the page, be full, lose a process. On a real Ray with one CPU."""

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from actors.devices import parse_gpu
from actors.ray_lab import RayLab
from explorer.config import RunConfig
from explorer.errors import ExplorerError, LabUnavailable, RunLost
from tests.actors.awaiting import PATIENCE, await_run
from tests.actors.heads import ray_head
from tests.actors.page_faults import assert_memory_is_kept

pytestmark = pytest.mark.slow

PAGE = """
import sys, time
from actors.ray_lab import RayLab
from explorer.config import RunConfig
lab = RayLab(sys.argv[1], data_dir=sys.argv[2])
lab.connect()
print(lab.start(RunConfig(batch_size=16), "left behind").run_id, flush=True)
time.sleep(600)
"""


@pytest.fixture(scope="module")
def started(cache_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, psutil.Process]]:
    """A head with one CPU, as a lab would start it: its address and its process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_AUTH_MODE", "disabled")
        with ray_head(tmp_path_factory.mktemp("head") / "log", os.environ, cpus=1) as head:
            yield head


@pytest.fixture(scope="module")
def cluster(started: tuple[str, psutil.Process]) -> str:
    """Where the head is reached."""
    return started[0]


@pytest.fixture(scope="module")
def abandoned(cluster: str, no_data: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The id of a run whose page was killed with -9."""
    command = [sys.executable, "-c", PAGE, cluster, str(no_data)]
    complaints = tmp_path_factory.mktemp("page") / "stderr"
    with complaints.open("w") as heard, subprocess.Popen(command, stdout=-1, stderr=heard, text=True) as page:
        assert page.stdout is not None
        run_id = page.stdout.readline().strip()
        page.kill()
    assert run_id.startswith("run-"), complaints.read_text()
    return run_id


@pytest.fixture(scope="module")
def lab(cluster: str, abandoned: str, no_data: Path) -> Iterator[RayLab]:
    opened = RayLab(cluster, data_dir=no_data)
    opened.connect()
    await_run(opened, abandoned, lambda info: info.step > 0)
    yield opened
    opened.close()


def test_a_run_outlives_its_page_and_the_next_page_finds_and_steers_it(lab: RayLab, abandoned: str) -> None:
    (found,) = (info for info in lab.runs() if info.run_id == abandoned)
    assert found.name == "left behind"
    later = await_run(lab, abandoned, lambda info: info.step > found.step + 3)
    assert later.status == "running"
    assert lab.set_lambdas(abandoned, {"commit": 2}).step > later.step


def test_a_page_that_was_just_opened_steers_a_run_before_it_lists_any(
    lab: RayLab, cluster: str, abandoned: str
) -> None:
    code = f"""
from actors.ray_lab import RayLab
lab = RayLab({cluster!r})
lab.connect()
print(lab.set_lambdas({abandoned!r}, {{"commit": 3}}).lambdas.commit, lab.get_snapshot({abandoned!r}).status)
"""
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.split() == ["3.0", "running"]


def test_a_run_that_was_accepted_is_the_clusters_own_and_dies_with_no_page(lab: RayLab) -> None:
    from actors.ray_later import ray, state_of

    for _ in range(4):
        run_id = lab.start(RunConfig(batch_size=16)).run_id
        state = state_of(ray.get_actor(run_id))
        assert state in ("PENDING_CREATION", "ALIVE"), state
        lab.stop(run_id)


def test_a_run_without_room_waits_visibly_and_can_be_cancelled(lab: RayLab, abandoned: str) -> None:
    waiting = lab.start(RunConfig(batch_size=16), "waiting")
    info = await_run(lab, waiting.run_id, lambda info: info.reason.startswith("queued"))
    assert info.status == "pending"
    assert "needs 1 CPU" in info.reason
    assert "1 of 1 CPU in use by left behind" in info.reason
    assert lab.poll({waiting.run_id: None})[waiting.run_id].status == "pending"
    with pytest.raises(ExplorerError, match="has not started yet: queued"):
        lab.set_lambdas(waiting.run_id, {"commit": 1})
    assert lab.stop(waiting.run_id).status == "stopped"
    assert await_run(lab, abandoned, lambda info: info.status == "running")


def test_a_run_whose_process_dies_is_lost_with_its_last_words_kept(
    lab: RayLab, abandoned: str, started: tuple[str, psutil.Process]
) -> None:
    await_run(lab, abandoned, lambda _: lab.get_snapshot(abandoned).view is not None)  # it may have been compiling that
    last = lab.get_snapshot(abandoned)
    (actor,) = (process for process in started[1].children(recursive=True) if "RunActor" in " ".join(process.cmdline()))
    actor.kill()
    info = await_run(lab, abandoned, lambda info: info.status == "lost")
    assert "died" in info.reason
    snapshot = lab.get_snapshot(abandoned)
    assert snapshot.status == "lost"
    assert snapshot.step >= last.step
    assert snapshot.view is not None
    with pytest.raises(RunLost, match="is lost"):
        lab.pause(abandoned)


def test_a_runs_process_gives_no_memory_back_between_steps_on_somebody_elses_cluster(lab: RayLab) -> None:
    assert_memory_is_kept(lab)


def test_room_that_a_stopped_run_leaves_is_taken_by_the_next(lab: RayLab, abandoned: str) -> None:
    if await_run(lab, abandoned, lambda info: info.status in ("running", "lost")).status == "running":
        lab.stop(abandoned)
    first = lab.start(RunConfig(batch_size=16))
    await_run(lab, first.run_id, lambda info: info.step > 0)
    second = lab.start(RunConfig(batch_size=16))
    lab.stop(first.run_id)
    assert await_run(lab, second.run_id, lambda info: info.step > 0).status == "running"
    lab.stop(second.run_id)


@pytest.mark.parametrize(
    ("options", "words"),
    [({"cpus_per_run": 64}, "needs 64 CPU on one node.*has 1 CPU and 0 GPU"), ({"gpu": parse_gpu("0.5")}, "0.5 GPU")],
)
def test_what_no_node_has_is_refused_at_once(cluster: str, abandoned: str, options: dict, words: str) -> None:
    code = f"""
from actors.ray_lab import RayLab
from explorer.errors import NoCapacity
try:
    RayLab({cluster!r}, **{options!r}).connect()
except NoCapacity as error:
    print(error)
"""
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert re.search(words, said), said


def test_nothing_starts_before_the_lab_is_connected() -> None:
    idle = RayLab()
    assert not idle.info().ready
    assert idle.runs() == []
    with pytest.raises(LabUnavailable, match="Ray is starting"):
        idle.start(RunConfig())


def test_a_run_that_is_started_while_the_lab_connects_begins_once_it_is_ready(no_data: Path, cache_dir: Path) -> None:
    code = """
import sys, threading, time
from actors.ray_lab import RayLab
from explorer.config import RunConfig
lab = RayLab(data_dir=sys.argv[1], num_cpus=1)

def start():
    while not lab._connecting:
        time.sleep(0.01)
    print(lab.info().ready, flush=True)
    print(lab.start(RunConfig(batch_size=8), "early").name, lab.info().ready, flush=True)

thread = threading.Thread(target=start)
thread.start()
lab.connect()
thread.join()
print([info.name for info in lab.runs()])
lab.close()
"""
    command = [sys.executable, "-c", code, str(no_data)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert said.splitlines() == ["False", "early True", "['early']"]


def test_a_start_that_waits_for_a_cluster_hears_that_there_is_none(monkeypatch) -> None:
    lab, tried = RayLab("nowhere:1"), threading.Event()

    def check() -> None:
        tried.wait(PATIENCE)
        raise LabUnavailable("nobody is there")

    def connect() -> None:
        with pytest.raises(LabUnavailable, match="nobody is there"):
            lab.connect()

    monkeypatch.setattr(lab, "check", check)
    connecting = threading.Thread(target=connect)
    connecting.start()
    while not lab._connecting:
        time.sleep(0.001)
    threading.Timer(0.3, tried.set).start()
    with pytest.raises(LabUnavailable):
        lab.start(RunConfig())
    assert tried.is_set()
    connecting.join()
