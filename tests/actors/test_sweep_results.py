"""What a sweep shows while it trains, and what it writes in the end."""

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from actors.stored import read_run
from actors.sweep_display import Lines, Plain, display
from actors.sweep_plan import plan
from actors.sweep_results import Row, table, write_pictures, write_summary
from actors.sweep_worker import Told
from explorer.sweep import grid
from tests.actors.sweeping import BASE, finish, summary_of


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


def test_on_a_low_terminal_runs_that_have_ended_make_room_for_those_that_start(monkeypatch):
    monkeypatch.setenv("LINES", "5")
    screen = Screen()
    shows = display(
        screen, [f"run {run}" for run in range(6)], 10, [Told("done", 10, 0.1, (4,), 0.05), *[Told("waiting")] * 5]
    )
    for run in range(1, 6):
        shows.tell(run, Told("training", 5, 0.0712, (3, 4)))
        assert f"run {run}  5/10" in screen.getvalue()
        shows.tell(run, Told("done", 10, 0.06, (3, 4), 0.04))
    shows.close()
    assert "hidden" not in screen.getvalue()
    assert "6 of 6 runs done" in screen.getvalue()


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


@pytest.fixture(scope="module")
def finished(sample, tmp_path_factory) -> Path:
    """A folder with a run that finished."""
    return finish(sample, tmp_path_factory.mktemp("finished") / "run")


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
