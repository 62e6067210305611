"""What only a cluster can do: outlive the page, be full, lose a process. On a real Ray with one CPU."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from actors.devices import parse_gpu
from actors.lab import RunInfo
from actors.ray_lab import RayLab
from explorer.config import RunConfig
from explorer.errors import ExplorerError, LabUnavailable, RunLost

pytestmark = pytest.mark.slow

PORT = 6397
ADDRESS = f"127.0.0.1:{PORT}"
PATIENCE = 120.0
PAGE = """
import sys, time
from actors.ray_lab import RayLab
from explorer.config import RunConfig
lab = RayLab(sys.argv[1], data_dir=sys.argv[2])
lab.connect()
print(lab.start(RunConfig(batch_size=16), "left behind").run_id, flush=True)
time.sleep(600)
"""


def await_run(lab: RayLab, run_id: str, good: Callable[[RunInfo], bool]) -> RunInfo:
    deadline = time.monotonic() + PATIENCE
    while True:
        found = [info for info in lab.runs() if info.run_id == run_id]
        if found and good(found[0]):
            return found[0]
        assert time.monotonic() < deadline, found
        time.sleep(0.1)


@pytest.fixture(scope="module")
def head(cache_dir: Path) -> Iterator[psutil.Process]:
    """A head with one CPU, as a lab would start it."""
    ray = Path(sys.executable).with_name("ray")
    command = [ray, "start", "--head", f"--port={PORT}", "--num-cpus=1", "--include-dashboard=false", "--block"]
    environment = {**os.environ, "RAY_AUTH_MODE": "disabled", "RAY_USAGE_STATS_ENABLED": "0"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_AUTH_MODE", "disabled")
        started = subprocess.Popen(
            command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        process = psutil.Process(started.pid)
        yield process
        family = process.children(recursive=True)
        started.send_signal(signal.SIGTERM)
        psutil.wait_procs([process, *family], timeout=15)
        for left in family:
            if left.is_running():
                left.kill()
        started.wait()


@pytest.fixture(scope="module")
def cluster(head: psutil.Process) -> str:
    """Where the head is reached."""
    return ADDRESS


@pytest.fixture(scope="module")
def abandoned(cluster: str, no_data: Path) -> str:
    """The id of a run whose page was killed with -9."""
    command = [sys.executable, "-c", PAGE, cluster, str(no_data)]
    for _ in range(10):  # until the head answers
        page = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert page.stdout is not None
        run_id = page.stdout.readline().strip()
        if run_id:
            break
        page.wait()
        page.stdout.close()
        time.sleep(2)
    page.kill()
    page.wait()
    page.stdout.close()
    assert run_id.startswith("run-")
    return run_id


@pytest.fixture(scope="module")
def lab(cluster: str, abandoned: str, no_data: Path) -> Iterator[RayLab]:
    opened = RayLab(cluster, data_dir=no_data)
    opened.connect()
    yield opened
    opened.close()


def test_a_run_outlives_its_page_and_the_next_page_finds_and_steers_it(lab: RayLab, abandoned: str) -> None:
    found = await_run(lab, abandoned, lambda info: info.step > 0)
    assert found.name == "left behind"
    later = await_run(lab, abandoned, lambda info: info.step > found.step + 3)
    assert later.status == "running"
    assert lab.set_lambdas(abandoned, {"commit": 2}).step > later.step


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
    lab: RayLab, abandoned: str, head: psutil.Process
) -> None:
    last = lab.get_snapshot(abandoned)
    (actor,) = (process for process in head.children(recursive=True) if "RunActor" in " ".join(process.cmdline()))
    actor.kill()
    info = await_run(lab, abandoned, lambda info: info.status == "lost")
    assert "died" in info.reason
    snapshot = lab.get_snapshot(abandoned)
    assert snapshot.status == "lost"
    assert snapshot.step >= last.step
    assert snapshot.view is not None
    with pytest.raises(RunLost, match="is lost"):
        lab.pause(abandoned)


def test_room_that_a_stopped_run_leaves_is_taken_by_the_next(lab: RayLab, abandoned: str) -> None:
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
