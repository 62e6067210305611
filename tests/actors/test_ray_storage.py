"""Runs with folders on a real Ray: killed, stopped, resumed, seen by two pages."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest

from actors.ray_lab import RayLab
from explorer.config import RunConfig
from tests.actors.awaiting import PATIENCE, await_run
from tests.actors.page_faults import assert_memory_is_kept

pytestmark = pytest.mark.slow
SMALL = RunConfig(batch_size=8, codebook_size=4)
OTHER_PAGE = """
import json, sys, time
from actors.ray_lab import RayLab
from explorer.config import RunConfig
lab = RayLab(sys.argv[1], data_dir=sys.argv[2], runs_dir=sys.argv[3])
lab.connect()
def find(run_id):
    return next((info for info in lab.runs() if info.run_id == run_id), None)
while not (info := find(sys.argv[4])) or info.status != "running":
    time.sleep(0.1)
applied = lab.set_lambdas(info.run_id, {"commit": 3.0})
mine = lab.start(RunConfig(batch_size=8, codebook_size=4), "of the other page").run_id
while not (own := find(mine)) or own.step < 3:
    time.sleep(0.1)
print(json.dumps({"commit": applied.lambdas.commit, "mine": mine}), flush=True)
sys.stdin.readline()
print(lab.stop(info.run_id).status, flush=True)
sys.stdin.readline()
lab.close()
"""


@pytest.fixture(scope="module")
def runs_dir(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def lab(cache_dir, no_data, runs_dir) -> Iterator[RayLab]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_AUTH_MODE", "disabled")
        opened = RayLab(data_dir=no_data, num_cpus=3, runs_dir=runs_dir)
        opened.connect()
        yield opened
        opened.close()


def checkpoints(runs_dir: Path, run_id: str) -> list[int]:
    return sorted(int(path.stem.split("-")[2]) for path in (runs_dir / run_id / "checkpoints").glob("[0-9]*.npz"))


def await_log(runs_dir: Path, run_id: str, step: int) -> None:
    """Until the log in a run's folder has reached the step: it is written a little after it."""
    deadline = time.monotonic() + PATIENCE
    while json.loads((runs_dir / run_id / "log-0001.json").read_text())["step"] < step:
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_run_killed_with_9_comes_back_by_itself_with_the_curves_that_it_had(lab, runs_dir) -> None:
    run_id = lab.start(SMALL).run_id
    await_run(lab, run_id, lambda info: info.step > 30)
    lab.get_state(run_id)  # as a fork does: that makes a checkpoint
    deadline = time.monotonic() + PATIENCE
    while not checkpoints(runs_dir, run_id):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    kept = checkpoints(runs_dir, run_id)[-1]
    lab.set_lambdas(run_id, {"commit": 2.0})
    await_run(lab, run_id, lambda info: info.step > kept + 200)
    before = lab.get_history(run_id)
    await_log(runs_dir, run_id, int(before.steps[-1]))
    os.kill(lab.cluster().places[run_id].pid, signal.SIGKILL)
    await_run(lab, run_id, lambda info: info.status == "pending" or info.step < before.steps[-1])
    await_run(lab, run_id, lambda info: info.status == "running" and info.step > before.steps[-1])
    after = lab.get_history(run_id)
    shared = len(before.steps)
    np.testing.assert_array_equal(after.steps[:shared], before.steps)
    for name, values in before.columns.items():
        np.testing.assert_array_equal(after.columns[name][:shared], values)
    (recovered,) = (event for event in after.events if event.kind == "recovered")
    assert recovered.step >= kept
    assert recovered.detail["was"] > recovered.step
    assert lab.get_snapshot(run_id).lambdas.commit == 2.0
    assert "came back at step" in (runs_dir / run_id / "run-0002.log").read_text()
    lab.stop(run_id)


def test_a_stopped_run_is_resumed_in_a_new_process_and_forked_without_one(lab) -> None:
    run_id = lab.start(SMALL).run_id
    await_run(lab, run_id, lambda info: info.step > 10)
    stopped = lab.stop(run_id)
    assert (stopped.status, stopped.resumable) == ("stopped", True)
    state = lab.get_state(run_id)
    assert state.step == stopped.step
    lab.resume(run_id)
    assert await_run(lab, run_id, lambda info: info.status == "running").step >= stopped.step
    await_run(lab, run_id, lambda info: info.step > stopped.step)
    lab.stop(run_id)


@pytest.mark.parametrize("batch_size", [128, 512])
def test_a_runs_process_gives_no_memory_back_between_steps(lab, batch_size: int) -> None:
    assert_memory_is_kept(lab, batch_size)


def test_a_runs_process_has_large_pages_where_the_system_gives_them(lab) -> None:
    run_id = lab.start(SMALL).run_id
    await_run(lab, run_id, lambda info: info.step > 10)
    process = psutil.Process(lab.cluster().places[run_id].pid)
    assert process.environ()["GLIBC_TUNABLES"] == "glibc.malloc.hugetlb=1"
    pages = re.search(
        r"AnonHugePages: +(\d+) kB", Path(f"/proc/{process.pid}/smaps_rollup").read_text(encoding="utf-8")
    )
    lab.stop(run_id)
    given = Path("/sys/kernel/mm/transparent_hugepage/enabled")
    if pages and given.exists() and "[never]" not in given.read_text(encoding="utf-8"):
        assert int(pages[1]) > 10_000


def test_two_pages_see_steer_and_stop_the_same_runs(lab, no_data, runs_dir) -> None:
    import ray

    address = ray.get_runtime_context().gcs_address
    shared = lab.start(SMALL, "of the first page").run_id
    command = [sys.executable, "-c", OTHER_PAGE, address, str(no_data), str(runs_dir), shared]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, text=True, **pipes) as other:
        assert other.stdout is not None
        assert other.stdin is not None
        told = json.loads(other.stdout.readline())
        assert told["commit"] == 3.0
        assert await_run(lab, shared, lambda info: info.lambdas.commit == 3.0).status == "running"
        assert await_run(lab, told["mine"], lambda info: info.step > 3).name == "of the other page"
        other.stdin.write("stop\n")
        other.stdin.flush()
        assert other.stdout.readline().strip() == "stopped"
        assert lab.stop(shared).status == "stopped"
        other.stdin.write("end\n")
        other.stdin.flush()
    assert await_run(lab, told["mine"], lambda info: info.status == "running")
    assert len({info.run_id for info in lab.runs()}) == len(lab.runs())
    lab.stop(told["mine"])


def test_what_ran_when_the_lab_closed_is_resumed_by_the_next(no_data, tmp_path, cache_dir) -> None:
    """In processes of their own, as two starts of the page are."""
    code = """
import sys, time
from actors.ray_lab import RayLab
from explorer.config import RunConfig
lab = RayLab(data_dir=sys.argv[1], runs_dir=sys.argv[2], num_cpus=1)
lab.connect()
runs = lab.runs()
run_id = lab.resume(runs[0].run_id).run_id if runs else lab.start(RunConfig(batch_size=8, codebook_size=4)).run_id
begun = runs[0].step if runs else 0
while not [info for info in lab.runs() if info.run_id == run_id and info.status == "running" and info.step > begun + 20]:
    time.sleep(0.1)
lab.close()
print(begun)
"""
    command = [sys.executable, "-c", code, str(no_data), str(tmp_path / "runs")]
    steps = [int(subprocess.run(command, capture_output=True, text=True, check=True).stdout) for _ in range(2)]
    assert steps[0] == 0
    assert steps[1] > 20
    assert not [p for p in psutil.process_iter(["cmdline"]) if str(tmp_path) in " ".join(p.info["cmdline"] or [])]
