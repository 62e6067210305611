"""Both labs, with real training, for every test of what a Lab must do."""

import time
from collections.abc import Callable, Iterator

import pytest

from actors.lab import NO_PLAN, Lab, Plan, RunInfo
from explorer.config import RunConfig

CONFIG = RunConfig(batch_size=16, codebook_size=8)
PATIENCE = 120.0


@pytest.fixture(scope="module", params=[pytest.param("local"), pytest.param("ray", marks=pytest.mark.slow)])
def lab(request, cache_dir, no_data) -> Iterator[Lab]:
    if request.param == "local":
        from actors.local_lab import LocalLab

        opened: Lab = LocalLab(no_data)
    else:
        from actors.ray_lab import RayLab

        opened = RayLab(data_dir=no_data, num_cpus=4, cpus_per_run=0.5)
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
    return await_info(lab, run_id, lambda info: info.step >= step)


def paused_at(lab: Lab, run_id: str, step: int) -> None:
    """Bring a run that was just started to exactly `step` steps from its beginning, paused."""
    lab.reset(run_id)
    lab.pause(run_id)
    begin = find(lab, run_id).forked_at
    await_info(lab, run_id, lambda info: info.status == "paused" and info.step == begin)
    if step:
        lab.step(run_id, step)
        await_info(lab, run_id, lambda info: info.status == "paused" and info.step == begin + step)


@pytest.fixture(scope="module")
def shared(lab) -> Iterator[RunInfo]:
    """One run for the tests that leave it as they found it."""
    info = lab.start(CONFIG, "shared")
    await_step(lab, info.run_id, 3)
    yield info
    lab.stop(info.run_id)
