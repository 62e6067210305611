import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from actors.local_lab import LocalLab
from explorer.config import RunConfig

SMALL = RunConfig(batch_size=8, codebook_size=4)
PATIENCE = 90.0


@pytest.fixture
def open_lab(tmp_path: Path, cache_dir: Path, no_data: Path) -> Iterator[Callable[..., LocalLab]]:
    """Labs over folders of runs, closed with the test."""
    opened: list[LocalLab] = []

    def open_(runs_dir: Path = tmp_path / "runs") -> LocalLab:
        lab = LocalLab(no_data, runs_dir)
        lab.connect()
        opened.append(lab)
        return lab

    yield open_
    for lab in opened:
        lab.close()


def until(happened: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def find(lab: LocalLab, run_id: str):
    return next(info for info in lab.runs() if info.run_id == run_id)


def train_to(lab: LocalLab, run_id: str, step: int) -> None:
    """Bring a paused run to exactly that step, paused."""
    lab.step(run_id, step - find(lab, run_id).step)
    until(lambda: find(lab, run_id).step == step and find(lab, run_id).status == "paused")


def begin_paused(lab: LocalLab, config: RunConfig = SMALL) -> str:
    """A run that is paused at step 0."""
    run_id = lab.start(config).run_id
    until(lambda: find(lab, run_id).status == "running")
    lab.reset(run_id)
    lab.pause(run_id)
    until(lambda: find(lab, run_id).status == "paused" and find(lab, run_id).step == 0)
    return run_id
