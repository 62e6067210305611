"""What a crash leaves is the folder as it is at that moment: a copy of a living run's folder is a crash that can be replayed."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from .conftest import SMALL, begin_paused, find, train_to, until

TREATED = replace(SMALL, init_scale=30.0, remedy="split", remedy_every=17, dead_window=10)


def crash_image(runs: Path, run_id: str, to: Path, step: int) -> Path:
    """The folder of a run whose log has reached that step, as its process would leave it if it died now."""
    from actors.storage.folder import RunFolder

    def copied() -> bool:
        """Whether nothing was put away while it was copied; the living run removes checkpoints that it needs no more."""
        try:
            shutil.copytree(runs, to)
        except (FileNotFoundError, shutil.Error):
            shutil.rmtree(to)
            return False
        return True

    until(lambda: (log := RunFolder(runs / run_id).log()) is not None and log.step >= step and log.left == 0)
    until(copied)
    return to


def aged(runs: Path, run_id: str) -> None:
    """As if the log had been written long ago: nobody is taken to be alive."""
    from actors.storage.folder import RunFolder

    folder = RunFolder(runs / run_id)
    log = folder.log()
    assert log is not None
    folder.write_log(replace(log, written=0.0))


def checkpointed(runs: Path, run_id: str, step: int) -> bool:
    return any(path.name.endswith(f"-{step:09d}") for path in (runs / run_id / "checkpoints").iterdir())


@pytest.fixture
def crashed(open_lab, tmp_path):
    """A run with a checkpoint of step 30 that died at step 50; and one that lived on to step 80.

    A λ was changed, and dead codes were treated by hand, at 41; by itself the run treats them every 17 steps.
    """
    lab, runs = open_lab(), tmp_path / "runs"
    run_id = begin_paused(lab, TREATED)
    train_to(lab, run_id, 30)
    until(lambda: checkpointed(runs, run_id, 30))
    lab._runs[run_id]._keeper._next = 1e18  # no more checkpoints by time
    train_to(lab, run_id, 40)
    lab.set_lambdas(run_id, {"commit": 3.0})
    lab.cure(run_id, "reinit")
    train_to(lab, run_id, 50)
    until(lambda: checkpointed(runs, run_id, 50))
    image = crash_image(runs, run_id, tmp_path / "crashed", 50)
    for path in sorted((image / run_id / "checkpoints").glob("*-00000004*")) + sorted(
        (image / run_id / "checkpoints").glob("*-00000005*")
    ):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    aged(image, run_id)
    train_to(lab, run_id, 80)
    return lab, image, run_id


def test_a_run_that_came_back_goes_on_bit_identically_with_the_changes_it_had_heard_of(open_lab, crashed) -> None:
    lived, image, run_id = crashed
    back = open_lab(image)
    assert (find(back, run_id).status, find(back, run_id).resumable) == ("lost", True)
    back.resume(run_id)
    until(lambda: find(back, run_id).step >= 80)
    back.pause(run_id)
    until(lambda: find(back, run_id).status == "paused")
    train_to(lived, run_id, find(back, run_id).step)
    for mine, its in zip(back.get_state(run_id).leaves, lived.get_state(run_id).leaves, strict=True):
        np.testing.assert_array_equal(mine, its)
    assert find(back, run_id).lambdas.commit == 3.0


def test_a_kill_is_marked_even_where_no_step_is_known_to_be_lost_and_an_end_is_not(open_lab, tmp_path) -> None:
    lab, runs = open_lab(), tmp_path / "runs"
    run_id = begin_paused(lab)
    train_to(lab, run_id, 20)
    until(lambda: checkpointed(runs, run_id, 20))
    killed = crash_image(runs, run_id, tmp_path / "crashed", 20)
    aged(killed, run_id)
    lab.close()
    for folder, marks in ((killed, [(20, {"was": 20})]), (runs, [])):
        back = open_lab(folder)
        back.resume(run_id)
        until(lambda back=back: find(back, run_id).step > 20)
        events = back.get_history(run_id).events
        assert [(event.step, event.detail) for event in events if event.kind == "recovered"] == marks


def test_its_history_has_no_gap_no_step_twice_and_a_marker(open_lab, crashed) -> None:
    lived, image, run_id = crashed
    back = open_lab(image)
    back.resume(run_id)
    until(lambda: find(back, run_id).step >= 60)
    history, whole = back.get_history(run_id), lived.get_history(run_id)
    np.testing.assert_array_equal(history.steps, np.arange(1, len(history.steps) + 1))
    shared = min(len(history.steps), len(whole.steps))
    for name, values in history.columns.items():
        np.testing.assert_array_equal(values[:shared], whole.columns[name][:shared])
    recovered = [event for event in history.events if event.kind == "recovered"]
    assert [(event.step, event.detail) for event in recovered] == [(30, {"was": 50})]
    settings = [(event.step, event.detail["new"]) for event in history.events if event.kind == "setting"]
    assert settings == [(41, 3.0)]
    remedies = [
        [event for event in told.events if event.kind == "remedy" and event.step <= 50] for told in (history, whole)
    ]
    assert remedies[0] == remedies[1]
    assert 41 in [event.step for event in remedies[0]]


def test_what_is_asked_after_it_came_back_beats_what_was_asked_before(open_lab, crashed) -> None:
    _, image, run_id = crashed
    back = open_lab(image)
    back.resume(run_id)
    back.pause(run_id)
    back.set_lambdas(run_id, {"commit": 0.5})
    until(lambda: find(back, run_id).status == "paused")
    assert find(back, run_id).step == 30
    train_to(back, run_id, 60)
    assert find(back, run_id).lambdas.commit == 0.5
    settings = [event for event in back.get_history(run_id).events if event.kind == "setting"]
    assert [(event.step, event.detail["new"]) for event in settings] == [(31, 0.5)]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # orbax lets its other reads fail alone
@pytest.mark.parametrize("harm", ["truncated state", "truncated record", "no state", "swapped numbers"])
def test_damage_costs_one_file_and_is_named(open_lab, crashed, harm, caplog) -> None:
    lived, _, run_id = crashed
    image = lived._archive.root.parent / "harmed"
    lived.close()
    shutil.copytree(lived._archive.root, image)
    checkpoints = Path(image) / run_id / "checkpoints"
    newest = max(path for path in checkpoints.iterdir() if path.is_dir())
    if harm == "truncated state":
        biggest = max((p for p in newest.rglob("*") if p.is_file()), key=lambda p: p.stat().st_size)
        biggest.write_bytes(biggest.read_bytes()[: biggest.stat().st_size // 2])
    elif harm == "truncated record":
        record = newest.with_name(f"{newest.name}.npz")
        record.write_bytes(record.read_bytes()[:100])
    elif harm == "no state":
        shutil.rmtree(newest)
    else:
        other = min(path for path in checkpoints.iterdir() if path.is_dir())
        shutil.rmtree(newest)
        shutil.copytree(other, newest)
    older = int(sorted(path.name for path in checkpoints.glob("*.npz"))[-2].removesuffix(".npz").split("-")[2])
    back = open_lab(Path(image))
    back.resume(run_id)
    until(lambda: find(back, run_id).status == "running" and find(back, run_id).step > older)
    events = [event for event in back.get_history(run_id).events if event.kind == "recovered"]
    assert [event.step for event in events] == [older]
    assert newest.name in caplog.text
    assert "is damaged" in caplog.text
