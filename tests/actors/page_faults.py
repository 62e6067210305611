"""Whether a run's process keeps the memory that a step frees for the next step, or gives it back to the system."""

import time
from pathlib import Path
from statistics import median

import pytest

from actors.devices import keep_freed_memory
from actors.ray_lab import RayLab
from explorer.config import RunConfig

PATIENCE = 120.0
STEPS, WINDOWS = 10, 9
"""Steps of a window, and how many: in some a thread takes a look or puts a checkpoint away and fetches memory once."""
FEW = 300
"""Page faults a step; a step whose buffers come anew from the system has some 2,000 to 9,000."""


def assert_memory_is_kept(lab: RayLab, batch_size: int = 128) -> None:
    """Start a run, train it, and count; skips where the allocator is not glibc's."""
    if not keep_freed_memory():
        pytest.skip("the allocator is not glibc's")
    run_id = lab.start(RunConfig(batch_size=batch_size)).run_id
    step, found = _after(lab, run_id, 20), []
    for _ in range(WINDOWS):
        before, first = _faults(lab.cluster().places[run_id].pid), step
        step = _after(lab, run_id, first + STEPS)
        found.append((_faults(lab.cluster().places[run_id].pid) - before) / (step - first))
    lab.stop(run_id)
    assert median(found) < FEW, found


def _after(lab: RayLab, run_id: str, step: int) -> int:
    """The step of the run, once it has passed this one."""
    deadline = time.monotonic() + PATIENCE
    while (now := next(info.step for info in lab.runs() if info.run_id == run_id)) < step:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return now


def _faults(pid: int) -> int:
    """Minor page faults of a process so far (field 10 of proc(5)'s stat)."""
    return int(Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[7])
