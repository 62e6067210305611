from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import require

from .stack import Stack, engine_answers


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory, full_mnist: Path) -> Iterator[Stack]:
    """The cluster with two workers that hold two runs each."""
    require(engine_answers(), "no Docker engine answers on this machine, or there is no Compose")
    made = Stack(tmp_path_factory.mktemp("stack"), full_mnist)
    try:
        made.build()
        made.up()
        yield made
    finally:
        made.close()


@pytest.fixture
def four(stack: Stack) -> Iterator[list[str]]:
    """Four runs that train, two on each worker."""
    ids = stack.start(0.05, 0.25, 1.0, 4.0)
    stack.starting = stack.await_runs(ids, lambda run: run["status"] == "running" and run["step"] > 20)
    yield ids
    stack.clear()
