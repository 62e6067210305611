"""What every Lab must do, with real training: the same tests against runs as threads and runs as Ray actors."""

import time
from dataclasses import replace

import numpy as np
import pytest

from actors.lab import Plan
from actors.news import Known
from explorer.config import Lambdas, RunConfig
from explorer.errors import ConfigError, ExplorerError, UnknownRun
from tests.actors.labs.conftest import CONFIG, PATIENCE, await_info, await_step, find, paused_at


def test_a_started_run_trains_and_shows_itself(lab, shared) -> None:
    info = await_step(lab, shared.run_id, 5)
    assert (info.name, info.config, info.status) == ("shared", CONFIG, "running")
    snapshot = lab.poll({shared.run_id: None})[shared.run_id]
    assert snapshot.view is not None
    assert snapshot.view.codebooks.shape == (2, 8, 2)
    assert snapshot.view.latents.shape == (512, 2)
    assert snapshot.view.reconstructions.shape == (10, 28, 28)
    assert snapshot.data_source == "embedded sample, 5,000 digits"


def test_a_poll_answers_only_what_is_newer(lab, anew) -> None:
    await_step(lab, anew, 1)
    paused_at(lab, anew, 2)
    version = lab.poll({anew: None})[anew].version
    assert lab.poll({anew: version}) == {}
    lab.step(anew)
    await_info(lab, anew, lambda info: info.step == 3 and info.status == "paused")
    newer = lab.poll({anew: version})[anew]
    assert newer.version > version
    assert newer.step == 3


def test_who_follows_a_run_hears_what_its_curves_gained_and_nothing_twice(lab, anew) -> None:
    paused_at(lab, anew, 6)
    news = lab.follow({anew: Known(None, 2)})[anew]
    whole = lab.get_history(anew)
    assert (news.snapshot.step, news.after) == (6, 2)
    assert list(news.history.steps) == [step for step in whole.steps if step > 2]
    for name, values in news.history.columns.items():
        np.testing.assert_array_equal(values, whole.columns[name][-len(values) :])
    assert lab.follow({anew: Known(news.snapshot.version, 6)}) == {}
    with pytest.raises(UnknownRun):
        lab.follow({"run-nobody": Known(None, 0)})


def test_a_watched_run_shows_later_and_later_steps(lab, shared) -> None:
    first = lab.get_snapshot(shared.run_id).step
    deadline = time.monotonic() + PATIENCE
    while lab.get_snapshot(shared.run_id).step <= first + 3:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_run_can_be_watched_by_its_snapshot_alone(lab, start) -> None:
    """As a program does that lists no runs."""
    run_id, deadline = start().run_id, time.monotonic() + PATIENCE
    while (snapshot := lab.get_snapshot(run_id)).status != "running":
        assert time.monotonic() < deadline, snapshot
        time.sleep(0.05)
    assert lab.get_history(run_id).run_id == run_id


def test_set_lambdas_says_the_step_from_which_it_holds_and_the_log_agrees(lab, anew) -> None:
    await_step(lab, anew, 3)
    applied = lab.set_lambdas(anew, {"commit": 3})
    assert applied.lambdas == Lambdas(commit=3.0, codebook=1.0)
    await_step(lab, anew, applied.step + 1)
    snapshot = lab.get_snapshot(anew)
    assert snapshot.lambdas == applied.lambdas
    assert snapshot.since["commit"] == applied.step
    assert snapshot.since["codebook"] == 0
    changes = [event for event in lab.get_history(anew).events if event.kind == "setting"]
    assert [(e.step, e.detail) for e in changes] == [(applied.step, {"name": "commit", "old": 0.25, "new": 3.0})]


def test_a_weight_holds_from_exactly_the_step_it_was_acknowledged_with(lab, anew) -> None:
    """total − recon − codebook = λ_commit·commit in every step of the curves."""
    applied = lab.set_lambdas(anew, {"commit": 3}) if await_step(lab, anew, 3) else None
    assert applied is not None
    await_step(lab, anew, applied.step + 3)
    history = lab.get_history(anew)
    assert history.stride == 1
    column = history.columns
    weight = (column["loss/total"] - column["loss/recon"] - column["loss/codebook"]) / column["loss/commit"]
    np.testing.assert_allclose(weight, np.where(history.steps < applied.step, 0.25, 3.0), rtol=1e-2)


def test_every_live_setting_is_acknowledged_with_the_step_from_which_it_holds(lab, anew) -> None:
    await_step(lab, anew, 1)
    wanted = {"learning_rate": 0.01, "dead_threshold": 0.05, "dead_window": 7, "ema_decay": 0.5, "entropy": 0.1}
    applied = lab.set_live(anew, wanted)
    assert applied.live == RunConfig().live | wanted
    snapshot = lab.get_snapshot(anew)
    assert snapshot.live == applied.live
    assert {name: snapshot.since[name] for name in wanted} == dict.fromkeys(wanted, applied.step)


def test_what_dead_means_is_shown_anew_at_once_even_while_paused(lab, anew) -> None:
    await_step(lab, anew, 1)
    paused_at(lab, anew, 3)
    lab.set_live(anew, {"dead_threshold": 0.5})
    deadline = time.monotonic() + PATIENCE
    while (view := lab.get_snapshot(anew).view) is None or view.health.threshold != 0.5:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert view.health.dead.sum() >= 2 * 7  # of eight codes at most one can get half of the choices
    assert find(lab, anew).step == 3


def test_a_remedy_by_hand_moves_dead_codes_before_the_step_that_it_names(lab, start) -> None:
    run_id = start(replace(CONFIG, init_scale=30.0)).run_id
    await_step(lab, run_id, 1)
    paused_at(lab, run_id, 5)
    before = lab.get_state(run_id)
    applied = lab.cure(run_id, "reinit")
    assert applied.step == 6
    lab.step(run_id, 1)
    await_info(lab, run_id, lambda info: info.status == "paused" and info.step == 6)
    [event] = [event for event in lab.get_history(run_id).events if event.kind == "remedy"]
    assert (event.step, event.detail["name"], event.detail["by"]) == (6, "reinit", "hand")
    assert len(event.detail["codes"]) == len(event.detail["new"]) > 0
    codebooks = lab.get_snapshot(run_id).view.codebooks
    moved = codebooks[tuple(np.array(event.detail["codes"]).T)]
    np.testing.assert_allclose(moved, event.detail["new"], atol=0.05)  # one step of Adam away at the most
    assert not any(np.array_equal(leaf, codebooks) for leaf in before.leaves)


def test_a_remedy_that_does_not_fit_the_run_is_refused(lab, shared) -> None:
    for remedy in ("none", "prayer", "ema_expiry", 3):
        with pytest.raises(ConfigError, match="remedy must be"):
            lab.cure(shared.run_id, remedy)


def test_pausing_and_resuming_changes_nothing_of_the_training(lab, start, anew) -> None:
    paused, steady = anew, start().run_id
    for run_id in (paused, steady):
        await_step(lab, run_id, 1)
        paused_at(lab, run_id, 0)
    for step in (4, 8, 12):
        lab.step(paused, 4)
        await_info(lab, paused, lambda info, step=step: info.status == "paused" and info.step == step)
        lab.get_snapshot(paused)
    lab.step(steady, 12)
    await_info(lab, steady, lambda info: info.status == "paused" and info.step == 12)
    a, b = (lab.get_snapshot(run_id) for run_id in (paused, steady))
    assert a.losses == b.losses
    np.testing.assert_array_equal(a.view.codebooks, b.view.codebooks)
    np.testing.assert_array_equal(a.view.latents, b.view.latents)


def test_step_trains_exactly_that_many_steps(lab, anew) -> None:
    await_step(lab, anew, 1)
    paused_at(lab, anew, 7)
    time.sleep(0.2)
    assert find(lab, anew).step == 7
    assert len(lab.get_history(anew).steps) == 7


def test_a_paused_run_shows_the_step_at_which_it_paused(lab, anew) -> None:
    await_step(lab, anew, 1)
    paused_at(lab, anew, 5)
    assert lab.get_snapshot(anew).step == 5


def test_resume_trains_on_and_reset_begins_anew(lab, anew) -> None:
    await_step(lab, anew, 1)
    paused_at(lab, anew, 2)
    first = lab.get_history(anew)
    lab.resume(anew)
    await_step(lab, anew, 6)
    lab.set_lambdas(anew, {"commit": 0.25})
    paused_at(lab, anew, 2)
    again = lab.get_history(anew)
    assert again.generation > first.generation
    np.testing.assert_array_equal(again.columns["loss/total"], first.columns["loss/total"])


def test_history_since_a_step_gives_what_came_after(lab, anew) -> None:
    await_step(lab, anew, 1)
    paused_at(lab, anew, 6)
    assert lab.get_history(anew, 4).steps.tolist() == [5, 6]


def test_a_loss_that_is_not_finite_fails_the_run_in_words_and_reset_heals_it(lab, start) -> None:
    run_id = start(RunConfig(batch_size=16, learning_rate=1000, lambdas=Lambdas(1e6, 1e6))).run_id
    failed = await_info(lab, run_id, lambda info: info.status == "failed")
    assert f"not finite in step {failed.step + 1}" in failed.reason
    snapshot = lab.get_snapshot(run_id)
    assert snapshot.status == "failed"
    assert snapshot.step == failed.step
    assert np.isfinite(snapshot.view.codebooks).all()
    with pytest.raises(ExplorerError, match="failed; reset it first"):
        lab.resume(run_id)
    lab.set_lambdas(run_id, Lambdas())
    lab.set_live(run_id, {"learning_rate": 1e-3})
    lab.reset(run_id)
    await_info(lab, run_id, lambda info: info.status == "paused" and info.step == 0)
    lab.step(run_id, 3)
    assert await_step(lab, run_id, 3).reason == ""


def test_a_stopped_run_keeps_its_last_words_and_takes_no_more(lab, start) -> None:
    run_id = start().run_id
    await_step(lab, run_id, 3)
    stopped = lab.stop(run_id)
    assert stopped.status == "stopped"
    assert lab.get_snapshot(run_id).status == "stopped"
    assert lab.get_snapshot(run_id).view is not None
    assert len(lab.get_history(run_id).steps) == find(lab, run_id).step
    assert lab.stop(run_id).status == "stopped"
    with pytest.raises(ExplorerError, match="stopped"):
        lab.set_lambdas(run_id, {"commit": 1})


def test_runs_are_listed_in_the_order_of_their_start_each_once(lab, shared, start) -> None:
    run_id = start().run_id
    ids = [info.run_id for info in lab.runs()]
    assert ids.index(shared.run_id) < ids.index(run_id)
    assert len(ids) == len(set(ids))


def test_a_run_that_nobody_watches_pauses_says_so_and_trains_on_when_told(lab, start) -> None:
    run_id = start(plan=Plan(pause_idle=0.3)).run_id
    info = await_info(lab, run_id, lambda info: info.status == "paused")
    assert info.reason == "paused: nobody watched for 0.005 min"
    assert lab.get_history(run_id).events[-1].detail == {"reason": "nobody watched for 0.005 min"}
    lab.resume(run_id)
    assert await_info(lab, run_id, lambda info: info.status == "running").reason == ""


def test_a_run_that_is_watched_trains_on(lab, start) -> None:
    """For longer than its patience without a gap between two looks that is as long; where this process stalls, anew."""
    patience = 1.5
    run_id = start(plan=Plan(pause_idle=patience)).run_id
    watched_since, looked, deadline = None, 0.0, time.monotonic() + PATIENCE
    while watched_since is None or time.monotonic() < watched_since + 2 * patience:
        began = time.monotonic()
        assert began < deadline
        status = lab.get_snapshot(run_id).status
        if watched_since is None or time.monotonic() - looked >= patience:
            if status == "paused":
                lab.resume(run_id)
            watched_since = began if status == "running" else None
        else:
            assert status == "running"
        looked = began
        time.sleep(0.05)


def test_steps_that_were_asked_for_are_trained_though_nobody_watches(lab, start) -> None:
    run_id = start(plan=Plan(pause_idle=0.001)).run_id
    await_info(lab, run_id, lambda info: info.status == "paused")
    before = find(lab, run_id).step
    lab.step(run_id, 25)
    assert await_info(lab, run_id, lambda info: info.step == before + 25 and info.status == "paused").reason == ""


def test_a_cluster_says_on_which_machine_each_run_is(lab, start) -> None:
    run_id = start().run_id
    await_step(lab, run_id, 1)
    deadline = time.monotonic() + PATIENCE
    while not (place := lab.cluster().places.get(run_id)) or not place.machine:
        assert time.monotonic() < deadline, lab.cluster()
        time.sleep(0.1)
    (machine,) = [machine for machine in lab.cluster().machines if machine.alive]
    assert place.machine == machine.name
    assert place.pid > 0
    assert 10**7 < place.memory < machine.memory
    assert 0 < machine.cpus_used <= machine.cpus
    lab.stop(run_id)
    assert run_id not in lab.cluster().places
