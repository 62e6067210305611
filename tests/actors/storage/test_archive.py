import threading
from pathlib import Path

import numpy as np
import pytest

from actors.deriving import fork
from actors.lab import Plan
from actors.storage.archive import Archive
from explorer.errors import ExplorerError, UnknownRun

from .conftest import SMALL, begin_paused, find, train_to, until


@pytest.fixture
def past(open_lab):
    """A lab, and a run that another lab trained to step 12 before it closed."""
    first = open_lab()
    run_id = begin_paused(first)
    train_to(first, run_id, 12)
    state = first.get_state(run_id)
    shown, curves = first.get_snapshot(run_id), first.get_history(run_id)
    first.close()
    return open_lab(), run_id, state, shown, curves


def test_a_run_of_the_past_is_listed_and_opened_as_it_was(past) -> None:
    lab, run_id, _, shown, curves = past
    info = find(lab, run_id)
    assert (info.status, info.step, info.resumable) == ("stopped", 12, True)
    assert "interrupted at step 12" in info.reason
    snapshot, history = lab.get_snapshot(run_id), lab.get_history(run_id)
    np.testing.assert_array_equal(snapshot.view.codebooks, shown.view.codebooks)
    np.testing.assert_array_equal(snapshot.view.reconstructions, shown.view.reconstructions)
    assert (snapshot.step, snapshot.losses) == (12, shown.losses)
    np.testing.assert_array_equal(history.columns["loss/total"], curves.columns["loss/total"])
    assert len(lab.get_probes(run_id).steps) == 1


def test_it_is_resumed_and_goes_on_where_it_was(past) -> None:
    lab, run_id, *_ = past
    lab.resume(run_id)
    until(lambda: find(lab, run_id).status == "running" and find(lab, run_id).step > 12)
    steps = lab.get_history(run_id).steps
    np.testing.assert_array_equal(steps, np.arange(1, len(steps) + 1))


def test_it_is_forked_from_its_newest_checkpoint(past) -> None:
    lab, run_id, state, *_ = past
    child = fork(lab, run_id, {"commit": 2.0})
    assert (child.parent, child.forked_at) == (run_id, 12)
    for mine, its in zip(lab.get_state(run_id).leaves, state.leaves, strict=True):
        np.testing.assert_array_equal(mine, its)


def test_it_is_deleted_with_its_folder(past, tmp_path) -> None:
    lab, run_id, *_ = past
    lab.remove(run_id)
    assert not (tmp_path / "runs" / run_id).exists()
    with pytest.raises(UnknownRun):
        lab.get_snapshot(run_id)


def test_its_card_can_be_written_on(past, open_lab) -> None:
    lab, run_id, *_ = past
    lab.describe(run_id, name="the good one", note="kept", pinned=True)
    card = find(open_lab(), run_id).card
    assert (card.name, card.note, card.pinned) == ("the good one", "kept", True)


@pytest.mark.parametrize("verb", ["pause", "step", "reset"])
def test_what_needs_a_process_says_that_it_is_to_be_resumed(past, verb) -> None:
    lab, run_id, *_ = past
    with pytest.raises(ExplorerError, match=f"cannot {verb}: it is stopped; resume it first"):
        getattr(lab, verb)(run_id)


def test_a_run_that_reached_its_end_is_not_resumed(open_lab) -> None:
    first = open_lab()
    run_id = first.start(SMALL, None, Plan(until=3)).run_id
    until(lambda: find(first, run_id).status == "stopped")
    first.close()
    lab = open_lab()
    assert not find(lab, run_id).resumable
    with pytest.raises(ExplorerError, match="has reached its last step, 3: fork it"):
        lab.resume(run_id)


def test_a_run_that_was_stopped_is_resumed_in_the_same_lab(open_lab) -> None:
    lab = open_lab()
    run_id = begin_paused(lab)
    train_to(lab, run_id, 5)
    lab.stop(run_id)
    assert find(lab, run_id).resumable
    lab.resume(run_id)
    until(lambda: find(lab, run_id).step > 5)
    assert [info.run_id for info in lab.runs()] == [run_id]


def test_a_run_that_ended_before_it_had_come_back_has_lost_nothing(past, open_lab) -> None:
    """Stopped, or dead, while it was still compiling: its log is that of the copy before."""
    lab, run_id, state, *_ = past
    lab.resume(run_id)
    lab.stop(run_id)
    again = open_lab()
    assert find(again, run_id).step >= 12
    assert again.get_state(run_id).step >= 12
    kinds = [event.kind for event in again.get_history(run_id).events]
    assert kinds[0] == "reset"
    assert again.get_state(run_id).leaves[0].shape == state.leaves[0].shape


def test_a_run_that_waited_for_room_and_was_cancelled_is_as_it_was(past, tmp_path) -> None:
    lab, run_id, *_ = past
    archive = Archive(tmp_path / "runs")
    archive.let_train_on(find(lab, run_id))
    archive.cancel(find(lab, run_id))
    (info,) = [info for info in archive.infos() if info.run_id == run_id]
    assert (info.status, info.step, info.resumable) == ("stopped", 12, True)
    new = archive.create("run-new", SMALL, "new", Plan())
    archive.cancel(next(info for info in archive.infos() if info.run_id == "run-new"))
    assert not new.path.exists()


def test_a_run_that_lives_in_another_process_is_shown_but_not_taken_over(open_lab) -> None:
    owner, other = open_lab(), open_lab()
    run_id = begin_paused(owner)
    until(lambda: any(info.run_id == run_id and info.status == "paused" for info in other.runs()))
    assert "lives elsewhere (process" in find(other, run_id).reason
    with pytest.raises(ExplorerError, match="lives elsewhere"):
        other.resume(run_id)
    train_to(owner, run_id, 3)


def test_a_copy_that_was_taken_over_writes_no_more_and_ends(open_lab, tmp_path) -> None:
    """A frozen machine that thaws: its run must not write into the folder of the one that took over."""
    owner = open_lab()
    run_id = begin_paused(owner)
    folder = Archive(tmp_path / "runs").folder(run_id)
    until(
        lambda: [
            path.name for path in folder.checkpoints.iterdir() if path.is_dir() and path.name.endswith("-000000000")
        ]
    )
    assert folder.claim() == 2
    before = {path.name for path in folder.checkpoints.iterdir()}
    owner.resume(run_id)
    until(lambda: find(owner, run_id).status == "stopped")
    assert "another copy of this run took over" in find(owner, run_id).reason
    assert {path.name for path in folder.checkpoints.iterdir()} == before


def test_two_claims_at_once_get_two_numbers(tmp_path, open_lab) -> None:
    lab = open_lab()
    run_id = begin_paused(lab)
    folders = [Archive(tmp_path / "runs").folder(run_id) for _ in range(8)]
    numbers: list[int] = []
    threads = [threading.Thread(target=lambda f=folder: numbers.append(f.claim())) for folder in folders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(numbers) == list(range(2, 10))


def test_a_disk_that_refuses_stops_no_training_and_is_said_until_there_is_room(open_lab, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("actors.storage.keeper.RETRY", 0.2)
    lab = open_lab()
    run_id = begin_paused(lab)
    checkpoints = Path(tmp_path / "runs" / run_id / "checkpoints")
    aside = checkpoints.rename(tmp_path / "aside")
    checkpoints.write_text("a file where a folder should be")
    train_to(lab, run_id, 10)
    until(lambda: "not saved" in find(lab, run_id).reason)
    train_to(lab, run_id, 20)
    checkpoints.unlink()
    aside.rename(checkpoints)
    train_to(lab, run_id, 30)
    until(lambda: any(path.name.endswith("-000000030") for path in checkpoints.iterdir()))
    until(lambda: find(lab, run_id).reason == "")


@pytest.mark.parametrize("place", ["file", "file/below"])
def test_a_place_that_cannot_be_written_is_said_at_once(tmp_path, place) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ExplorerError, match="--runs-dir .*nothing can be written there"):
        Archive(tmp_path / place).prepare()


def test_checkpoints_come_as_often_as_is_asked_for_and_the_folder_says_so(open_lab, tmp_path) -> None:
    lab = open_lab()
    often = lab.start(SMALL, plan=Plan(checkpoint_every=1)).run_id
    seldom = lab.start(SMALL, plan=Plan(checkpoint_every=3600)).run_id
    kept = {run_id: tmp_path / "runs" / run_id / "checkpoints" for run_id in (often, seldom)}
    until(lambda: len(list(kept[often].glob("[0-9]*.npz"))) >= 2 and find(lab, seldom).step > 0)
    assert list(kept[seldom].glob("[0-9]*.npz")) == []
    archive = Archive(tmp_path / "runs")
    assert [archive.folder(run_id).manifest().plan.checkpoint_every for run_id in (often, seldom)] == [1, 3600]
