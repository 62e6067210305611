"""Limits of a lab, where runs are started."""

import pytest

from actors.comparisons import Comparisons
from actors.limits import Limits
from actors.local_lab import LocalLab
from explorer.config import Lambdas, RunConfig
from explorer.errors import ConfigError, NoCapacity
from ui.arguments import limits_of, parse


@pytest.fixture
def limited(cache_dir, no_data):
    lab = LocalLab(no_data, limits=Limits(max_runs=2, max_comparison=3))
    lab.connect()
    yield lab
    lab.close()


def test_no_more_runs_than_allowed_until_one_ends(limited) -> None:
    first = limited.start(RunConfig(batch_size=8)).run_id
    limited.start(RunConfig(batch_size=8))
    with pytest.raises(NoCapacity, match=r"has 2 runs and takes 2 at most \(--max-runs\).*stop some first"):
        limited.start(RunConfig(batch_size=8))
    limited.stop(first)
    limited.start(RunConfig(batch_size=8))
    assert limited.info().capacity == 2


def test_no_larger_comparison_than_allowed_and_nothing_is_started(limited) -> None:
    comparisons = Comparisons(limited, Limits(max_comparison=3))
    configs = [RunConfig(batch_size=8, lambdas=Lambdas(commit=0.1 * i)) for i in range(4)]
    with pytest.raises(NoCapacity, match="takes 3 runs at most .*these values make 4"):
        comparisons.start(configs)
    comparisons.close()
    assert limited.runs() == []


def test_limits_come_from_the_command_line_and_else_from_the_environment(monkeypatch) -> None:
    monkeypatch.setenv("RQVAE_MAX_RUNS", "7")
    monkeypatch.setenv("RQVAE_PAUSE_IDLE", "")
    limits = limits_of(parse(["--memory-per-run", "2GB", "--max-comparison", "4"]))
    assert limits == Limits(max_runs=7, max_comparison=4, memory_per_run=2 * 10**9)
    with pytest.raises(ConfigError, match="max-runs"):
        limits_of(parse(["--max-runs", "none"]))


def test_only_a_run_that_has_no_place_is_said_to_wait(cache_dir, no_data, monkeypatch) -> None:
    monkeypatch.setattr("actors.local_lab.PLACES", 1)
    lab = LocalLab(no_data)
    lab.connect()
    try:
        first, second = (lab.start(RunConfig(batch_size=8)) for _ in range(2))
        assert (first.status, second.status) == ("compiling", "pending")
        assert second.reason == "queued: 1 runs train already in this process"
    finally:
        lab.close()
