"""Sweeps: real processes that train on the embedded sample, real folders, and what is found there the next time."""

import csv
import io
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock
from PIL import Image

from actors.export import FILES
from actors.headless import train
from actors.stored import read_run, thinned
from actors.sweep import LOCK, Swept, sweep
from actors.sweep_display import Lines, Plain, display
from actors.sweep_plan import Planned, look, plan, refuse_conflicts, slug
from actors.sweep_results import Row, table, write_pictures, write_summary
from actors.sweep_worker import Told
from explorer.config import Lambdas, RunConfig
from explorer.curves import Curves
from explorer.errors import DataError, ExplorerError
from explorer.sweep import differing, grid, name_by

BASE = RunConfig(batch_size=8, codebook_size=4)
STEPS = 3


def summary_of(out: Path) -> list[dict[str, str]]:
    with (out / "summary.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def stamps(out: Path) -> dict[str, int]:
    """When each file below the folder was written."""
    return {str(path.relative_to(out)): path.stat().st_mtime_ns for path in out.rglob("*") if path.is_file()}


# Names ---------------------------------------------------------------------------------------------------------------


def test_a_folder_is_named_after_what_differs():
    configs = grid(BASE, {"commit": [0.05, 1], "learning_rate": [1e-5, 0.001]})
    assert [planned.folder.name for planned in plan(configs, Path("out"))] == [
        "commit-0.05_learning-rate-1e-05",
        "commit-0.05_learning-rate-0.001",
        "commit-1_learning-rate-1e-05",
        "commit-1_learning-rate-0.001",
    ]
    assert [planned.config for planned in plan(configs, Path("out"))] == configs


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("seed", [1000001, 1000002, 2**31 - 1]),
        ("commit", [0.1, 0.1000001, 0.10000011]),
        ("learning_rate", [1e-12, 1.0]),
    ],
)
def test_configs_that_differ_have_names_and_folders_that_differ(name, values):
    configs = grid(BASE, {name: values})
    assert len({name_by(config, differing(configs)) for config in configs}) == len(values)
    assert len({planned.folder for planned in plan(configs, Path("out"))}) == len(values)


@pytest.mark.parametrize("name", ["λ_commit 0.25 · seed 1", "../λ_commit /etc · x\n", "data set mnist · levels 8"])
def test_a_slug_is_one_harmless_word(name):
    assert set(slug(name)) <= set("abcdefghijklmnopqrstuvwxyz0123456789.+-_")
    assert "/" not in slug(name)


# What a folder holds -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def finished(sample, tmp_path_factory) -> Path:
    """A folder with a run that finished."""
    out = tmp_path_factory.mktemp("finished") / "run"
    train(BASE, STEPS, out, lambda report: sample, progress=io.StringIO())
    return out


@pytest.fixture
def held(finished, tmp_path) -> Planned:
    """A copy of it, to be damaged."""
    shutil.copytree(finished, tmp_path / "run")
    return Planned("mine", BASE, tmp_path / "run")


def amend(folder: Path, **changes: object) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | changes), encoding="utf-8")


def test_a_run_that_was_written_is_read_back(finished, sample):
    stored = read_run(finished)
    assert stored is not None
    assert stored.record.config == BASE
    assert (stored.record.steps, stored.record.outcome, stored.record.data_source) == (STEPS, "finished", sample.source)
    with np.load(finished / "snapshot.npz") as arrays:
        for name in ("codebooks", "latents", "codes", "labels", "inputs", "reconstructions"):
            np.testing.assert_array_equal(getattr(stored.view, name), arrays[name])
        np.testing.assert_array_equal(stored.view.health.counts, arrays["counts"])
        assert stored.view.probe_mse == arrays["probe_mse"]
        assert stored.snapshot.losses["recon"] == arrays["loss/recon"]
    assert stored.history.steps.tolist() == [1, 2, 3]
    assert stored.history.columns["loss/recon"][-1] == np.float32(stored.snapshot.losses["recon"])


@pytest.mark.parametrize("count", [1, 1999, 2000, 2001, 4001, 4002, 9000])
def test_curves_read_back_are_thinned_as_those_of_a_living_run(count):
    values = np.random.default_rng(count).normal(size=count)
    living = Curves()
    for value in values:
        living.add({"loss/recon": value})
    steps, columns = living.since(0)
    read = thinned("tried", np.arange(1, count + 1, dtype=np.int32), {"loss/recon": values})
    assert read.stride == living.stride
    np.testing.assert_array_equal(read.steps, steps)
    np.testing.assert_allclose(read.columns["loss/recon"], columns["loss/recon"], atol=1e-5)


def test_the_same_run_finished_is_done_and_an_empty_folder_is_missing(held, tmp_path):
    assert look(held, STEPS).state == "done"
    assert look(replace(held, folder=tmp_path / "nowhere"), STEPS).state == "missing"


@pytest.mark.parametrize("name", FILES)
def test_a_run_that_lacks_a_file_is_unfinished(held, name):
    (held.folder / name).unlink()
    assert look(held, STEPS).state == "unfinished"


@pytest.mark.parametrize("name", ["history.csv", "snapshot.npz", "report.png"])
@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_a_run_with_a_file_that_was_cut_short_is_unfinished(held, name, share):
    whole = (held.folder / name).read_bytes()
    (held.folder / name).write_bytes(whole[: int(share * len(whole))])
    assert look(held, STEPS).state == "unfinished"


def test_a_run_whose_history_is_a_row_short_is_unfinished(held):
    rows = (held.folder / "history.csv").read_text().splitlines(keepends=True)
    (held.folder / "history.csv").write_text("".join(rows[:-1]))
    assert look(held, STEPS).state == "unfinished"


def test_an_interrupted_run_is_unfinished(held):
    amend(held.folder, outcome="interrupted")
    assert look(held, STEPS).state == "unfinished"


def test_another_config_other_steps_and_other_data_are_conflicts_that_say_what_differs(held):
    other = replace(held, config=replace(BASE, seed=7, lambdas=Lambdas(commit=2)))
    assert look(other, STEPS).why == "its λ_commit is 0.25, not 2.0"
    assert look(replace(held, config=replace(BASE, batch_size=9)), STEPS).why == "its batch size is 8, not 9"
    assert look(held, 2000).why == "it was to take 3 steps, not 2,000"
    assert "not on mnist, 60,000" in look(held, STEPS).on("mnist, 60,000 images (TFDS)").why
    found = [look(other, STEPS), look(held, STEPS), look(held, 2000)]
    with pytest.raises(
        ExplorerError, match=r"run holds another run \(and 1 more folders do\): its λ_commit.*--overwrite"
    ):
        refuse_conflicts([other, held, held], found)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"config": {"no": 1}}', "not json", '{"config": 7, "steps": "x"}'])
def test_a_config_json_of_something_else_is_a_conflict(held, text):
    (held.folder / "config.json").write_text(text)
    seen = look(held, STEPS)
    assert seen.state == "conflict"
    assert "config.json" in seen.why


# Live progress -------------------------------------------------------------------------------------------------------


class Screen(io.StringIO):
    """A terminal."""

    def isatty(self) -> bool:
        return True


def test_a_terminal_shows_a_line_a_run_in_every_stage():
    screen = Screen()
    shows = display(
        screen, ["first", "second", "third"], 100, [Told("waiting")] * 2 + [Told("done", 100, 0.1, (4,), 0.05)]
    )
    assert isinstance(shows, Lines)
    assert screen.getvalue().count("waiting") >= 2
    for told in (
        Told("starting"),
        Told("compiling"),
        Told("training", 40, 0.0712, (3, 4)),
        Told("writing", 100, 0.06, (3, 4)),
    ):
        shows.tell(0, told)
    shows.tell(0, Told("done", 100, 0.06, (3, 4), 0.0456))
    shows.tell(1, Told("failed", 7, reason="the loss was not finite"))
    shows.close()
    said = screen.getvalue()
    for words in (
        "compiling",
        "40/100 · recon 0.0712 · active 3 4",
        "writing",
        "probe MSE 0.0456",
        "2 of 3 runs done, 1 failed",
    ):
        assert words in said
    ends = [line for line in said.rsplit("\r", 4)[-4:] if line.strip()]
    assert len(ends) == 4
    assert "failed after step 7: the loss was not finite" in said


def test_a_file_gets_a_line_for_each_beginning_and_end_and_few_more(monkeypatch):
    monkeypatch.setattr("actors.sweep_display.PLAIN_SECONDS", 1e9)
    text = io.StringIO()
    shows = display(text, ["first", "second"], 1000, [Told("waiting")] * 2)
    assert isinstance(shows, Plain)
    shows.tell(0, Told("starting"))
    for step in range(1, 1000):
        shows.tell(0, Told("training", step, 0.07, (3,)))
    shows.tell(0, Told("done", 1000, 0.06, (3,), 0.05))
    shows.close()
    lines = text.getvalue().splitlines()
    assert "\r" not in text.getvalue()
    assert len(lines) <= 6
    assert lines[-2:] == ["first: done · probe MSE 0.0500 · active 3", "1 of 2 runs done"]


def test_a_file_hears_of_the_training_every_few_seconds(monkeypatch):
    monkeypatch.setattr("actors.sweep_display.PLAIN_SECONDS", 0.0)
    text = io.StringIO()
    shows = display(text, ["first", "second"], 1000, [Told("training", 1, 0.1, (3,)), Told("waiting")])
    shows.tell(0, Told("training", 500, 0.07, (3,)))
    assert text.getvalue().splitlines()[-1] == "0 of 2 runs done; first: 500/1,000 · recon 0.0700 · active 3"


# Results -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def rows(finished) -> list[Row]:
    """A grid of two by two settings, one of which failed without a file; the others hold one and the same run."""
    stored = read_run(finished)
    assert stored is not None
    plans = plan(grid(BASE, {"commit": [1, 0.25], "seed": [0, 1]}), Path("out"))
    found = []
    for planned, mse in zip(plans, (0.05, 0.04, 0.06, np.nan), strict=True):
        view = replace(stored.view, probe_mse=mse)
        found.append(
            Row(planned, "finished", "", replace(stored, view=view, snapshot=replace(stored.snapshot, view=view)))
        )
    found[3] = Row(plans[3], "failed", "its process was killed", None)
    return found


def test_the_table_shows_what_differs_and_marks_the_least_mse(rows):
    lines = table(rows).splitlines()
    assert lines[0].split()[:2] == ["λ_commit", "seed"]
    assert [line.split()[:3] for line in lines[1:4]] == [["1", "0", "0.0500"], ["1", "1", "*"], ["0.25", "0", "0.0600"]]
    assert "* 0.0400" in lines[2]
    assert sum("* 0." in line for line in lines) == 1
    assert lines[-1] == "λ_commit 0.25 · seed 1 failed: its process was killed"


def test_summary_csv_has_a_row_a_run_that_a_program_can_read(rows, tmp_path):
    write_summary(tmp_path, rows)
    read = summary_of(tmp_path)
    assert [row["folder"] for row in read] == [row.planned.folder.name for row in rows]
    assert [(float(row["commit"]), int(row["seed"])) for row in read] == [(1, 0), (1, 1), (0.25, 0), (0.25, 1)]
    assert [row["best"] for row in read] == ["0", "1", "0", "0"]
    assert float(read[0]["probe_mse"]) == 0.05
    assert float(read[0]["psnr"]) == pytest.approx(-10 * np.log10(0.05))
    health = rows[0].stored.view.health
    assert [int(read[0][f"codebook/active/{level}"]) for level in (0, 1)] == health.active.tolist()
    assert float(read[0]["codebook/perplexity/1"]) == pytest.approx(health.perplexity[1])
    assert (read[3]["outcome"], read[3]["reason"], read[3]["probe_mse"]) == ("failed", "its process was killed", "")


def test_two_swept_settings_give_three_heat_maps_and_another_number_gives_none(rows, tmp_path):
    heat = {f"heatmap-{metric}.png" for metric in ("mse", "perplexity", "active")}
    assert {path.name for path in write_pictures(tmp_path, rows)} == {"comparison.png", *heat}
    for path in tmp_path.iterdir():
        with Image.open(path) as picture:
            assert len(picture.convert("RGB").getcolors(2**24)) > 50
    assert {path.name for path in write_pictures(tmp_path, rows[:2])} == {"comparison.png"}
    assert {path.name for path in tmp_path.iterdir()} == {"comparison.png"}  # those of the other sweep are gone
    assert write_pictures(tmp_path, [rows[3]]) == []
    assert list(tmp_path.iterdir()) == []


# The whole of it -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def swept(cache_dir, no_data, tmp_path_factory) -> tuple[Swept, str]:
    """Two runs, one of which fails."""
    out, said = tmp_path_factory.mktemp("sweeps") / "new" / "sweep", io.StringIO()
    wild = replace(BASE, lambdas=Lambdas(commit=1e6, codebook=1e6))
    configs = grid(wild, {"learning_rate": [1000.0, 1e-4]})
    return sweep(configs, 60, out, data_dir=str(no_data), jobs=2, stream=said), said.getvalue()


pytestmark = pytest.mark.timeout(240)


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


# Refused before anything is trained ----------------------------------------------------------------------------------


def test_a_conflict_is_refused_by_name_before_the_data_are_opened(held):
    configs = grid(BASE, {"seed": [0, 1]})
    shutil.move(held.folder, held.folder.parent / "seed-1")
    with pytest.raises(ExplorerError, match=r"seed-1 holds another run: its seed is 0, not 1\..*--overwrite"):
        sweep(configs, STEPS, held.folder.parent, data_dir="/nowhere", stream=io.StringIO())
    assert not (held.folder.parent / "seed-0").exists()


def test_data_that_cannot_be_had_are_refused_before_a_process_starts(cache_dir, tmp_path):
    configs = grid(replace(BASE, dataset="no_such_set"), {"seed": [0, 1]})
    with pytest.raises(DataError, match="no_such_set"):
        sweep(configs, STEPS, tmp_path / "out", data_dir=str(tmp_path), stream=io.StringIO())
    assert [path.name for path in (tmp_path / "out").iterdir()] == [LOCK]


def test_a_second_sweep_into_the_same_folder_is_refused(tmp_path):
    with FileLock(tmp_path / LOCK), pytest.raises(ExplorerError, match="another sweep is writing"):
        sweep([BASE], STEPS, tmp_path, stream=io.StringIO())
