"""Sweeps: real processes that train on the embedded sample, and what they do the next time."""

import io
import multiprocessing
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from filelock import FileLock

from actors.export import FILES
from actors.sweep import LOCK, Swept, sweep
from actors.sweep_results import table
from explorer.config import Lambdas
from explorer.errors import DataError, ExplorerError
from explorer.sweep import grid
from tests.actors.sweeping import BASE, STEPS, finish, summary_of

pytestmark = pytest.mark.timeout(240)


def stamps(out: Path) -> dict[str, int]:
    """When each file below the folder was written."""
    return {str(path.relative_to(out)): path.stat().st_mtime_ns for path in out.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def swept(cache_dir, no_data, tmp_path_factory) -> tuple[Swept, str]:
    """Two runs, one of which fails."""
    out, said = tmp_path_factory.mktemp("sweeps") / "new" / "sweep", io.StringIO()
    wild = replace(BASE, lambdas=Lambdas(commit=1e6, codebook=1e6))
    configs = grid(wild, {"learning_rate": [1000.0, 1e-4]})
    return sweep(configs, 60, out, data_dir=str(no_data), jobs=2, stream=said), said.getvalue()


@pytest.mark.slow
def test_a_failed_run_does_not_stop_the_others_and_is_told(swept):
    done, said = swept
    assert [row.outcome for row in done.rows] == ["failed", "finished"]
    assert done.failed
    assert "not finite" in done.rows[0].reason
    assert "not finite" in table(done.rows)
    assert "failed after step" in said
    assert [row["outcome"] for row in summary_of(done.out)] == ["failed", "finished"]
    assert {path.name for path in done.rows[1].planned.folder.iterdir()} == set(FILES)
    assert done.files == (done.out / "summary.csv", done.out / "comparison.png")


@pytest.mark.slow
def test_run_again_nothing_is_trained_and_what_failed_stays_failed(swept, no_data):
    done, _ = swept
    before = {name: stamp for name, stamp in stamps(done.out).items() if "/" in name}
    configs = [row.planned.config for row in done.rows]
    again = sweep(configs, 60, done.out, data_dir="/nowhere", stream=io.StringIO())
    assert [(row.outcome, row.reason) for row in again.rows] == [(row.outcome, row.reason) for row in done.rows]
    assert {name: stamp for name, stamp in stamps(done.out).items() if "/" in name} == before


@pytest.mark.slow
def test_only_what_is_missing_is_trained_and_comes_out_bit_for_bit_the_same(cache_dir, no_data, tmp_path):
    configs = grid(BASE, {"seed": [1, 2]})
    sweep(configs, STEPS, tmp_path, data_dir=str(no_data), stream=io.StringIO())
    rows = [(tmp_path / f"seed-{seed}" / "history.csv").read_bytes() for seed in (1, 2)]
    assert rows[0] != rows[1]
    before = stamps(tmp_path / "seed-1")
    (tmp_path / "seed-2" / "config.json").unlink()
    (tmp_path / "seed-2" / ".report.png.123.tmp").write_text("half a picture")
    said = io.StringIO()
    again = sweep(configs, STEPS, tmp_path, data_dir=str(no_data), stream=said)
    assert [row.outcome for row in again.rows] == ["finished", "finished"]
    assert stamps(tmp_path / "seed-1") == before
    assert (tmp_path / "seed-2" / "history.csv").read_bytes() == rows[1]
    assert {path.name for path in (tmp_path / "seed-2").iterdir()} == set(FILES)
    assert "1 of 2 runs done" in said.getvalue()
    assert "seed 1" not in said.getvalue()


class Killing(io.StringIO):
    """A terminal at which somebody kills the process of the first run that trains."""

    killed = False

    def write(self, text: str) -> int:
        if "seed 1: 1/" in text and not self.killed:
            self.killed = True
            next(child for child in multiprocessing.active_children() if child.name == "sweep-seed-1").kill()
        return super().write(text)


@pytest.mark.slow
def test_a_run_whose_process_is_killed_fails_alone_and_is_trained_the_next_time(cache_dir, no_data, tmp_path):
    configs = grid(BASE, {"seed": [1, 2]})
    first = sweep(configs, 200, tmp_path, data_dir=str(no_data), jobs=1, stream=Killing())
    assert [row.outcome for row in first.rows] == ["failed", "finished"]
    assert "was killed" in first.rows[0].reason
    assert summary_of(tmp_path)[0]["probe_mse"] == ""
    second = sweep(configs, 200, tmp_path, data_dir=str(no_data), stream=io.StringIO())
    assert [row.outcome for row in second.rows] == ["finished", "finished"]
    assert not multiprocessing.active_children()


# Refused before anything is trained ----------------------------------------------------------------------------------


def test_a_conflict_is_refused_by_name_before_the_data_are_opened(sample, tmp_path):
    configs = grid(BASE, {"seed": [0, 1]})
    finish(sample, tmp_path / "seed-1")
    with pytest.raises(ExplorerError, match=r"seed-1 holds another run: its seed is 0, not 1\..*--overwrite"):
        sweep(configs, STEPS, tmp_path, data_dir="/nowhere", stream=io.StringIO())
    assert not (tmp_path / "seed-0").exists()


def test_data_that_cannot_be_had_are_refused_before_a_process_starts(cache_dir, tmp_path):
    configs = grid(replace(BASE, dataset="no_such_set"), {"seed": [0, 1]})
    with pytest.raises(DataError, match="no_such_set"):
        sweep(configs, STEPS, tmp_path / "out", data_dir=str(tmp_path), stream=io.StringIO())
    assert [path.name for path in (tmp_path / "out").iterdir()] == [LOCK]


def test_a_second_sweep_into_the_same_folder_is_refused(tmp_path):
    with FileLock(tmp_path / LOCK), pytest.raises(ExplorerError, match="another sweep is writing"):
        sweep([BASE], STEPS, tmp_path, stream=io.StringIO())


def test_importing_it_brings_in_no_jax():
    code = "import sys, actors.sweep; print([m for m in ('jax', 'ray', 'matplotlib') if m in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert answer.stdout.strip() == "[]"
