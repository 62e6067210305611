"""Forks, twins and replays, in every Lab: bit for bit what they should be."""

import numpy as np
import pytest

from actors.deriving import fork, replay
from actors.lab import Lab, Plan, RunInfo
from explorer.config import Lambdas, RunConfig
from explorer.errors import ConfigError, ExplorerError
from explorer.messages import Change, History
from tests.actors.labs.conftest import CONFIG, await_info, await_step, find, paused_at


def finished(lab: Lab, info: RunInfo) -> History:
    """The run's curves once it has reached its end."""
    await_info(lab, info.run_id, lambda now: now.status == "stopped")
    return lab.get_history(info.run_id)


def losses_after(history: History, step: int) -> np.ndarray:
    assert history.stride == 1
    return np.stack([history.columns[name][history.steps > step] for name in sorted(history.columns)])


def test_a_run_stops_by_itself_at_its_last_step_and_says_so(lab, start) -> None:
    info = start(plan=Plan(until=7))
    ended = await_info(lab, info.run_id, lambda now: now.status == "stopped")
    assert (ended.step, ended.until, ended.reason) == (7, 7, "finished at step 7")
    assert lab.get_snapshot(info.run_id).step == 7
    assert lab.get_history(info.run_id).steps.tolist() == list(range(1, 8))


def test_runs_of_one_seed_are_bit_identical_until_their_weights_differ(lab, start) -> None:
    plain, twin = start(plan=Plan(until=12)), start(plan=Plan(until=12))
    other = start(plan=Plan(until=12, schedule=(Change(7, "commit", 4.0),)))
    a, b, c = (finished(lab, info) for info in (plain, twin, other))
    np.testing.assert_array_equal(losses_after(a, 0), losses_after(b, 0))
    np.testing.assert_array_equal(losses_after(a, 0)[:, :6], losses_after(c, 0)[:, :6])
    assert (a.columns["loss/total"][6:] != c.columns["loss/total"][6:]).all()
    views = [lab.get_snapshot(info.run_id).view for info in (plain, twin)]
    np.testing.assert_array_equal(views[0].latents, views[1].latents)


def test_a_fork_without_changes_goes_on_exactly_as_its_parent(lab, start) -> None:
    parent = start()
    await_step(lab, parent.run_id, 1)
    paused_at(lab, parent.run_id, 9)
    child = fork(lab, parent.run_id, {})
    assert (child.parent, child.forked_at, child.step) == (parent.run_id, 9, 9)
    await_info(lab, child.run_id, lambda now: now.status == "running")
    paused_at(lab, child.run_id, 11)
    lab.step(parent.run_id, 11)
    await_info(lab, parent.run_id, lambda now: now.step == 20 and now.status == "paused")
    ours, theirs = (lab.get_history(run_id) for run_id in (parent.run_id, child.run_id))
    assert theirs.steps.tolist() == list(range(10, 21))
    np.testing.assert_array_equal(losses_after(ours, 9), losses_after(theirs, 9))
    a, b = (lab.get_snapshot(run_id) for run_id in (parent.run_id, child.run_id))
    np.testing.assert_array_equal(a.view.codebooks, b.view.codebooks)
    np.testing.assert_array_equal(a.view.health.counts, b.view.health.counts)
    np.testing.assert_array_equal(a.view.reconstructions, b.view.reconstructions)
    lab.stop(child.run_id)


def test_a_fork_of_a_run_that_trains_takes_its_live_weights_along_and_the_changes_on_top(lab, start) -> None:
    parent = start()
    await_step(lab, parent.run_id, 3)
    lab.set_lambdas(parent.run_id, {"codebook": 2})
    child = fork(lab, parent.run_id, {"commit": 3, "batch_size": 8, "seed": 5}, "bolder")
    lab.stop(parent.run_id)
    running = await_step(lab, child.run_id, child.forked_at + 3)
    assert running.name == "bolder"
    assert running.config == RunConfig(batch_size=8, codebook_size=8, seed=5, lambdas=Lambdas(3, 2))
    assert [e.kind for e in lab.get_history(child.run_id).events][:1] == ["forked"]
    assert lab.get_snapshot(child.run_id).since["commit"] == child.forked_at
    lab.stop(child.run_id)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"levels": 3}, "levels must be 2 in this fork"),
        ({"codebook_size": 16}, "codebook size must be 8 in this fork"),
        ({"codebook_update": "ema"}, "codebook update must be gradient in this fork"),
        ({"gradient_estimator": "magic"}, "gradient_estimator must be one of straight_through, rotation"),
        ({"commit": -1}, "λ_commit must be"),
        ({"comit": 1}, "changes must be made of"),
        ({"dataset": "<b>"}, "dataset must be"),
        ("all", "changes must be an object"),
    ],
)
def test_a_fork_that_cannot_be_starts_nothing(lab, shared, changes, words) -> None:
    before = len(lab.runs())
    with pytest.raises(ConfigError, match=words):
        fork(lab, shared.run_id, changes)
    assert len(lab.runs()) == before


def test_what_ended_or_failed_cannot_be_forked_and_says_why(lab, start) -> None:
    failing = start(RunConfig(batch_size=16, codebook_size=8, learning_rate=1000, lambdas=Lambdas(1e6, 1e6)))
    await_info(lab, failing.run_id, lambda now: now.status == "failed")
    with pytest.raises(ExplorerError, match="cannot be forked: it is failed; reset it first"):
        fork(lab, failing.run_id, {})
    lab.stop(failing.run_id)
    with pytest.raises(ExplorerError, match="stopped"):
        fork(lab, failing.run_id, {})


def test_a_replay_makes_the_same_changes_at_the_same_steps(lab, start) -> None:
    source = start(plan=Plan(until=14, schedule=(Change(4, "commit", 2.0), Change(9, "learning_rate", 0.01))))
    told = finished(lab, source)
    again = replay(lab, source.run_id, {}, "again")
    await_step(lab, again.run_id, 14)
    paused_at(lab, again.run_id, 14)
    repeated = lab.get_history(again.run_id)
    np.testing.assert_array_equal(losses_after(told, 0), losses_after(repeated, 0))
    changes = [(e.step, e.detail) for e in repeated.events if e.kind == "setting"]
    assert changes == [(e.step, e.detail) for e in told.events if e.kind == "setting"]
    lab.stop(again.run_id)


def test_the_probes_of_runs_stand_at_the_same_steps(lab, start) -> None:
    run = start(plan=Plan(until=220))
    finished(lab, run)
    probes = lab.get_probes(run.run_id)
    assert probes.steps.tolist() == [0, 100, 200]
    assert probes.codes.shape == (3, 512, 2)
    assert probes.mse[2] < probes.mse[0]


def test_what_is_written_on_a_card_is_found_by_everybody(lab, start) -> None:
    run = start()
    lab.describe(run.run_id, note="before it starts, perhaps")
    await_step(lab, run.run_id, 1)
    lab.describe(run.run_id, name="another/name <b>", pinned=True)
    info = await_info(lab, run.run_id, lambda now: now.name == "another/name <b>")
    assert (info.card.note, info.card.pinned, info.card.hidden) == ("before it starts, perhaps", True, False)
    lab.stop(run.run_id)
    lab.describe(run.run_id, hidden=True)
    assert find(lab, run.run_id).card.hidden
    for bad in ({"name": ""}, {"name": "x" * 61}, {"note": "x" * 281}, {"pinned": 1}, {"colour": "red"}):
        with pytest.raises(ConfigError):
            lab.describe(run.run_id, **bad)


def test_only_what_has_ended_can_be_removed(lab, start) -> None:
    run = start(CONFIG)
    await_step(lab, run.run_id, 1)
    with pytest.raises(ExplorerError, match="is running: stop it before it is removed"):
        lab.remove(run.run_id)
    lab.stop(run.run_id)
    lab.remove(run.run_id)
    assert run.run_id not in [info.run_id for info in lab.runs()]
