"""Comparisons, in every Lab: all or nothing, named by what differs, and in step."""

import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from actors.comparisons import LEAD, Comparisons
from explorer.config import Lambdas, RunConfig
from explorer.errors import ConfigError, ExplorerError
from explorer.presets import PRESETS
from explorer.sweep import grid
from tests.actors.labs.conftest import CONFIG, PATIENCE, await_info, await_step


@pytest.fixture
def comparisons(lab) -> Iterator[Comparisons]:
    opened = Comparisons(lab)
    before = {info.run_id for info in lab.runs()}
    yield opened
    opened.close()
    for info in lab.runs():
        if info.run_id not in before:
            lab.stop(info.run_id)


def test_a_comparison_is_named_by_what_differs_and_its_runs_know_it(lab, comparisons) -> None:
    started = comparisons.start(grid(CONFIG, {"commit": [0.05, 1], "seed": [0, 1]}), until=3)
    assert [info.name for info in started] == [
        "λ_commit 0.05 · seed 0",
        "λ_commit 0.05 · seed 1",
        "λ_commit 1 · seed 0",
        "λ_commit 1 · seed 1",
    ]
    comparison = started[0].card.comparison
    assert comparison is not None
    for info in started:
        ended = await_info(lab, info.run_id, lambda now: now.status == "stopped")
        assert ended.card.comparison == comparison
        assert ended.step == 3
    assert [info.run_id for info in comparisons.members(comparison.comparison_id)] == [i.run_id for i in started]


def test_a_preset_starts_its_runs_in_step_until_its_last_step_and_they_know_it(lab, comparisons) -> None:
    started = comparisons.start_preset("ema", seed=5)
    preset = PRESETS["ema"]
    assert [info.config for info in started] == preset.configs(5)
    assert {info.until for info in started} == {preset.steps}
    for info in comparisons.members(started[0].card.comparison.comparison_id):  # pyright: ignore[reportOptionalMemberAccess]
        comparison = info.card.comparison
        assert comparison is not None
        assert (comparison.preset, comparison.name, comparison.in_step) == ("ema", preset.title, True)


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [("emas", {}, "preset must be one of"), ("ema", {"seed": -1}, "seed must be"), ("ema", {"dataset": 3}, "dataset")],
)
def test_what_is_no_preset_starts_nothing(lab, comparisons, name, options, words) -> None:
    before = len(lab.runs())
    with pytest.raises(ConfigError, match=words):
        comparisons.start_preset(name, **options)
    assert len(lab.runs()) == before


@pytest.mark.slow
def test_no_run_in_step_is_more_than_25_steps_ahead_of_the_slowest(lab, comparisons) -> None:
    slow, quick = replace(CONFIG, batch_size=256), replace(CONFIG, batch_size=2)
    started = comparisons.start([slow, quick], "uneven", in_step=True)
    ids = [info.run_id for info in started]
    for run_id in ids:
        await_step(lab, run_id, 1)
    deadline, ahead, abreast = time.monotonic() + PATIENCE, 0, False
    while ahead <= 10 or lab.get_history(ids[0]).steps[-1] < 2 * LEAD:
        assert time.monotonic() < deadline, ahead
        quick_at = lab.get_history(ids[1]).steps[-1]
        now = quick_at - lab.get_history(ids[0]).steps[-1]  # the slow one may have gone on meanwhile
        abreast = abreast or now <= LEAD  # the quick one may have trained alone before the slow one had its process
        ahead = max(ahead, now) if abreast else 0
        assert ahead <= LEAD + 1
        time.sleep(0.02)
    comparison = started[0].card.comparison
    assert comparison is not None
    lab.pause(ids[0])  # holds nobody up
    there = await_step(lab, ids[1], int(quick_at) + 1).step
    await_step(lab, ids[1], there + 3 * LEAD)
    lab.resume(ids[0])
    comparisons.keep_in_step(comparison.comparison_id, False)
    assert not comparisons.members(comparison.comparison_id)[0].card.comparison.in_step  # pyright: ignore[reportOptionalMemberAccess]
    await_step(lab, ids[1], there + 6 * LEAD)


@pytest.mark.parametrize(
    ("configs", "options", "words"),
    [
        ([], {}, "at least two runs"),
        ([CONFIG], {}, "at least two runs"),
        ([CONFIG, replace(CONFIG, seed=1)], {"until": 0}, "until must be"),
        ([CONFIG, replace(CONFIG, seed=1)], {"name": "x" * 61}, "name must be"),
    ],
)
def test_what_makes_no_comparison_starts_nothing(lab, comparisons, configs, options, words) -> None:
    before = len(lab.runs())
    with pytest.raises(ConfigError, match=words):
        comparisons.start(configs, **options)
    assert len(lab.runs()) == before


def test_if_one_run_cannot_be_started_none_is(lab, comparisons, monkeypatch) -> None:
    real, started = lab.start, []

    def start(config: RunConfig, *rest):
        if config.seed == 2:
            raise ExplorerError("no room")
        started.append(real(config, *rest))
        return started[-1]

    monkeypatch.setattr(lab, "start", start)
    with pytest.raises(ExplorerError, match="no room"):
        comparisons.start(grid(CONFIG, {"seed": [0, 1, 2]}))
    assert len(started) == 2
    for info in started:
        await_info(lab, info.run_id, lambda now: now.status == "stopped")


def test_an_unknown_comparison_lists_the_known(comparisons, lab) -> None:
    started = comparisons.start([CONFIG, replace(CONFIG, lambdas=Lambdas(1))], until=1)
    comparison = started[0].card.comparison
    assert comparison is not None
    with pytest.raises(ExplorerError, match=f"known comparisons: .*{comparison.comparison_id}"):
        comparisons.members("cmp-x")
