"""Waiting for runs of a lab on Ray, for the tests."""

import time
from collections.abc import Callable

from actors.lab import RunInfo
from actors.ray_lab import RayLab

PATIENCE = 300.0


def await_run(lab: RayLab, run_id: str, good: Callable[[RunInfo], bool]) -> RunInfo:
    """The run as listed, once that is good."""
    deadline = time.monotonic() + PATIENCE
    while True:
        found = [info for info in lab.runs() if info.run_id == run_id]
        if found and good(found[0]):
            return found[0]
        assert time.monotonic() < deadline, found
        time.sleep(0.1)
