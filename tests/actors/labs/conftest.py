"""Both labs, with real training, for every test of what a Lab must do."""

import time
from collections.abc import Callable, Iterator

import pytest

from actors.lab import NO_PLAN, Lab, Plan, RunInfo
from explorer.config import RunConfig

CONFIG = RunConfig(batch_size=16, codebook_size=8)
PATIENCE = 300.0


@pytest.fixture(scope="package", params=[pytest.param("local"), pytest.param("ray", marks=pytest.mark.slow)])
def lab(request, cache_dir, no_data) -> Iterator[Lab]:
    if request.param == "local":
        from actors.local_lab import LocalLab

        opened: Lab = LocalLab(no_data)
    else:
        from actors.ray_lab import RayLab

        opened = RayLab(data_dir=no_data, num_cpus=4, cpus_per_run=0.5, first=CONFIG)
    opened.connect()
    yield opened
    opened.close()


@pytest.fixture
def start(lab) -> Iterator[Callable[..., RunInfo]]:
    """Start runs that end with the test."""
    started: list[str] = []

    def starter(config: RunConfig = CONFIG, name: str | None = None, plan: Plan = NO_PLAN) -> RunInfo:
        info = lab.start(config, name, plan)
        started.append(info.run_id)
        return info

    yield starter
    for run_id in started:
        if any(info.run_id == run_id for info in lab.runs()):
            lab.stop(run_id)


def find(lab: Lab, run_id: str) -> RunInfo:
    return next(info for info in lab.runs() if info.run_id == run_id)


def await_info(lab: Lab, run_id: str, good: Callable[[RunInfo], bool]) -> RunInfo:
    deadline = time.monotonic() + PATIENCE
    while not good(info := find(lab, run_id)):
        assert time.monotonic() < deadline, info
        time.sleep(0.02)
    return info


def await_step(lab: Lab, run_id: str, step: int) -> RunInfo:
    """The run as listed once it has that step, and was seen: where its look was still being compiled that comes later."""
    return await_info(lab, run_id, lambda info: info.step >= step and lab.get_snapshot(run_id).view is not None)


def paused_at(lab: Lab, run_id: str, step: int) -> None:
    """Bring a run that was just started to exactly `step` steps from its beginning, paused."""
    lab.pause(run_id)
    lab.reset(run_id)
    begin = find(lab, run_id).forked_at
    await_info(lab, run_id, lambda info: info.status == "paused" and info.step == begin)
    if step:
        lab.step(run_id, step)
        await_info(lab, run_id, lambda info: info.status == "paused" and info.step == begin + step)


@pytest.fixture(scope="package")
def lasting(lab) -> Iterator[Callable[[str], str]]:
    """Start a run of CONFIG of this name, or find it: its process serves the tests of all files, and rests between them."""
    known: dict[str, str] = {}

    def find_or_start(name: str) -> str:
        if name not in known:
            known[name] = lab.start(CONFIG, name).run_id
        else:
            lab.resume(known[name])
        await_info(lab, known[name], lambda info: info.status == "running" and info.step >= 3)
        return known[name]

    yield find_or_start
    for run_id in known.values():
        lab.stop(run_id)


@pytest.fixture(scope="module")
def shared(lab, lasting) -> Iterator[RunInfo]:
    """One run for the tests that leave it as they found it."""
    run_id = lasting("shared")
    yield find(lab, run_id)
    lab.pause(run_id)


@pytest.fixture
def anew(lab, lasting) -> Iterator[str]:
    """A run that trains from step 0 on as one that was just started, in a process that other tests used before."""
    run_id = lasting("anew")
    lab.set_live(run_id, CONFIG.live)
    paused_at(lab, run_id, 0)
    lab.resume(run_id)
    yield run_id
    lab.pause(run_id)
