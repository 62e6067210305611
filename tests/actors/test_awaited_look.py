"""A run begins to train while what looks through the probe is still being compiled. With real compilers."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from actors import programs as kept
from actors.lab import Plan
from actors.run import Run
from explorer.config import RunConfig
from explorer.data import Dataset
from explorer.messages import View
from explorer.training.look import look
from explorer.training.trainer import Trainer

CONFIG = RunConfig(batch_size=8, codebook_size=6)
PATIENCE = 120.0


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for programs, with those of CONFIG in it."""
    place = tmp_path_factory.mktemp("compiled")
    kept.compile_ahead(CONFIG, {**os.environ, "JAX_COMPILATION_CACHE_DIR": str(place)})
    (compiler,) = kept._under_way.values()
    assert compiler.wait(PATIENCE) == 0
    return place


@pytest.fixture
def path(folder: Path, monkeypatch) -> Iterator[Path]:
    """Where the look is kept; it is gone."""
    monkeypatch.setenv("JAX_COMPILATION_CACHE_DIR", str(folder))
    kept.forget()
    look.clear_cache()
    place = kept._paths(CONFIG, os.environ)["look"]
    place.unlink(missing_ok=True)
    yield place
    for compiler in list(kept._under_way.values()):
        compiler.kill()
    wait_for(lambda: not kept._under_way)


def wait_for(happened: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def run_of(sample: Dataset, plan: Plan) -> Run:
    return Run("awaited", "awaited", CONFIG, lambda _: sample, plan)


def view_of(run: Run) -> View:
    snapshot = run.get_snapshot()
    assert snapshot is not None
    assert snapshot.view is not None
    return snapshot.view


def test_a_step_is_trained_before_there_is_a_look_and_a_view_waits_for_it(sample, path: Path) -> None:
    found = kept.programs(CONFIG, sample)
    assert found is not None
    trainer = Trainer(CONFIG, sample, programs=found)
    assert trainer.step(CONFIG)
    assert not trainer.can_look
    assert not path.exists()
    seen = trainer.view(CONFIG)
    assert path.exists()
    assert trainer.can_look
    traced = Trainer(CONFIG, sample)
    traced.step(CONFIG)
    np.testing.assert_array_equal(seen.latents, traced.view(CONFIG).latents)


def test_where_its_compiler_dies_this_process_compiles_it(sample, path: Path) -> None:
    found = kept.programs(CONFIG, sample)
    assert found is not None
    assert not found.can_look()
    (compiler,) = kept._under_way.values()
    compiler.kill()
    wait_for(found.can_look)
    assert Trainer(CONFIG, sample, programs=found).view(CONFIG).probe_mse > 0
    assert look._cache_size() == 1
    assert not path.exists()


def test_a_run_trains_unseen_and_its_life_is_that_of_one_that_was_seen_from_the_beginning(sample, path: Path) -> None:
    plan, runs = Plan(until=120), {}
    for began in ("unseen", "seen"):
        run = runs[began] = run_of(sample, plan)
        run.start()
        wait_for(lambda: run.info().step > 0)  # noqa: B023 - called before the next
        snapshot = run.get_snapshot(look=False)
        assert snapshot is not None
        if began == "unseen":
            assert snapshot.view is None
            assert snapshot.device == "CPU"
        wait_for(lambda: run.info().status == "stopped")  # noqa: B023
    lives = {began: run.get_probes() for began, run in runs.items()}
    assert lives["unseen"].steps.tolist() == lives["seen"].steps.tolist() == [0, 100]
    for field in ("codebooks", "codes", "mse", "active", "perplexity", "shares"):
        np.testing.assert_array_equal(getattr(lives["unseen"], field), getattr(lives["seen"], field))
    np.testing.assert_array_equal(view_of(runs["unseen"]).latents, view_of(runs["seen"]).latents)
    histories = [run.get_history() for run in runs.values()]
    for column, values in histories[0].columns.items():
        np.testing.assert_array_equal(values, histories[1].columns[column])


@pytest.mark.parametrize("ask", [lambda run: run.pause(), lambda run: run.step(3), lambda run: run.reset()])
def test_a_run_that_is_steered_before_it_was_seen_is_seen_where_it_stands(sample, path: Path, ask) -> None:
    run = run_of(sample, Plan(until=100_000))
    run.start()
    wait_for(lambda: run.info().step > 0)
    assert not path.exists()
    ask(run)
    run.pause()
    wait_for(lambda: run.info().status == "paused" and run.get_snapshot().view)
    snapshot = run.get_snapshot()
    assert snapshot is not None
    assert snapshot.step == run.info().step
    assert run.get_probes().steps.tolist()[0] == 0
    run.close()


def test_a_run_that_is_stopped_before_it_was_seen_is_seen_nevertheless(sample, path: Path) -> None:
    run = run_of(sample, Plan(until=100_000))
    run.start()
    wait_for(lambda: run.info().step > 0)
    assert not path.exists()
    run.close(PATIENCE)
    assert view_of(run).probe_mse > 0
