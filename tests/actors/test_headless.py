"""Headless runs: real training on the embedded sample, real files, real signals."""

import csv
import io
import json
import os
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from actors.export import FILES
from actors.headless import train
from actors.summary import Summary
from explorer.config import Lambdas, RunConfig
from explorer.errors import DataError, ExplorerError
from explorer.settings import LAMBDA_SETTINGS, LIVE_SETTINGS

CONFIG = RunConfig(batch_size=16, lambdas=Lambdas(commit=0.5, codebook=0.75), seed=3)
STEPS = 6


def opened(sample):
    def open_data(report):
        report("reading the sample")
        return sample

    return open_data


@pytest.fixture(autouse=True)
def attentive():
    """Ctrl-C counts, even where the tests were started in the background, with SIGINT ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def never(report):
    raise AssertionError("the data were opened")


@pytest.fixture(scope="module")
def finished(sample, tmp_path_factory) -> tuple[Summary, str]:
    said = io.StringIO()
    out = tmp_path_factory.mktemp("runs") / "new" / "run"
    return train(CONFIG, STEPS, out, opened(sample), progress=said), said.getvalue()


@pytest.fixture(scope="module")
def expected(sample):
    """The same run, step by step, without any of what is tested."""
    from explorer.training.trainer import Trainer

    trainer = Trainer(CONFIG, sample)
    losses = [trainer.step(CONFIG) for _ in range(STEPS)]
    return losses, trainer.view(CONFIG)


def history(out: Path) -> list[dict[str, str]]:
    with (out / "history.csv").open(newline="") as file:
        return list(csv.DictReader(file))


# A run that goes well ------------------------------------------------------------------------------------------------


def test_exactly_the_four_files_are_written_into_a_folder_made_for_them(finished):
    summary, _ = finished
    assert {path.name for path in summary.out.iterdir()} == set(FILES)
    assert set(summary.files) == set(summary.out.iterdir())


def test_config_json_gives_the_config_back_and_says_what_else_mattered(finished, sample):
    record = json.loads((finished[0].out / "config.json").read_text(encoding="utf-8"))
    assert RunConfig.from_dict(record["config"]) == CONFIG
    assert (record["steps"], record["steps_asked"], record["outcome"]) == (STEPS, STEPS, "finished")
    assert record["data_source"] == sample.source
    assert {"rq-vae-explorer", "python", "jax", "flax", "optax"} <= record["versions"].keys()


def test_history_csv_has_a_row_a_step_with_that_steps_losses(finished, expected, sample):
    rows = history(finished[0].out)
    assert [int(row["step"]) for row in rows] == list(range(1, STEPS + 1))
    assert float(rows[-1]["epoch"]) == pytest.approx(STEPS * 16 / len(sample.train_images))
    for row, losses in zip(rows, expected[0], strict=True):
        assert {name: np.float32(row[f"loss/{name}"]) for name in losses} == losses
        live = [float(row[name]) for name in ("lambda/commit", "lambda/codebook", "learning_rate")]
        assert live == [0.5, 0.75, 0.001]
    losses = [f"loss/{name}" for name in ("recon", *LAMBDA_SETTINGS, "total")]
    levels = [f"codebook/{metric}/{level}" for level in (0, 1) for metric in ("active", "perplexity")]
    assert {row["loss/entropy"] for row in rows} == {"nan"}, "a term that is not computed has no value"
    live = [f"lambda/{name}" if name in LAMBDA_SETTINGS else name for name in LIVE_SETTINGS]
    assert list(rows[0]) == ["step", "epoch", *losses, *levels, *live]
    assert [int(rows[-1][f"codebook/active/{level}"]) for level in (0, 1)] == list(finished[0].active)


def test_snapshot_npz_holds_the_view_of_the_last_step_without_pickles(finished, expected):
    losses, view = expected
    with np.load(finished[0].out / "snapshot.npz", allow_pickle=False) as stored:
        for name in ("codebooks", "latents", "codes", "labels", "inputs", "reconstructions", "probe_mse"):
            np.testing.assert_array_equal(stored[name], getattr(view, name))
        for name in ("counts", "dead", "active", "usage", "perplexity", "window", "threshold"):
            np.testing.assert_array_equal(stored[name], getattr(view.health, name))
        assert stored["step"] == STEPS
        assert {name: float(stored[f"loss/{name}"]) for name in losses[-1]} == losses[-1]


def test_report_png_is_a_picture_of_more_than_a_page(finished):
    with Image.open(finished[0].out / "report.png") as picture:
        assert picture.format == "PNG"
        assert picture.width > 1280
        assert len(picture.convert("RGB").getcolors(2**24)) > 500


def test_the_summary_is_the_last_step_in_a_few_lines(finished, expected):
    summary, _ = finished
    view = expected[1]
    assert (summary.steps, summary.interrupted, summary.failed) == (STEPS, False, "")
    assert summary.probe_mse == view.probe_mse
    assert summary.psnr == pytest.approx(-10 * np.log10(view.probe_mse))
    assert summary.active == tuple(view.health.active)
    assert summary.steps_per_second == pytest.approx(STEPS / summary.seconds)
    text = str(summary)
    assert f"probe MSE {view.probe_mse:.4f}" in text
    assert f"{view.health.active[0]}/16" in text
    assert all(str(path) in text for path in summary.files)
    assert "Failed" not in text
    assert "Interrupted" not in text


def test_progress_tells_of_the_data_the_compilation_and_every_step(finished, sample):
    said = finished[1]
    for word in ("reading the sample", sample.source, "compiling", f"{STEPS}/{STEPS}", "recon 0.", "perplexity"):
        assert word in said


# Where it may not write ----------------------------------------------------------------------------------------------


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "taken").write_text("mine")
    with pytest.raises(ExplorerError, match="is a file"):
        train(CONFIG, STEPS, tmp_path / "taken", never)
    assert (tmp_path / "taken").read_text() == "mine"


@pytest.mark.parametrize("place", ["taken/below", "x" * 300])
def test_a_folder_that_cannot_be_made_is_refused_in_words(tmp_path, place):
    (tmp_path / "taken").write_text("mine")
    with pytest.raises(ExplorerError, match="cannot be written") as refused:
        train(CONFIG, STEPS, tmp_path / place, never)
    assert len(str(refused.value)) < 300


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="needs /proc")
def test_a_folder_that_even_root_cannot_write_to_is_refused():
    with pytest.raises(ExplorerError, match="cannot be written"):
        train(CONFIG, STEPS, Path("/proc/self"), never)


@pytest.mark.parametrize("name", FILES)
def test_a_folder_with_a_file_of_a_run_is_refused_before_anything_is_opened(tmp_path, name):
    (tmp_path / name).write_text("of another run")
    with pytest.raises(ExplorerError, match="overwrite") as refused:
        train(CONFIG, STEPS, tmp_path, never)
    assert name in str(refused.value)
    assert (tmp_path / name).read_text() == "of another run"


def test_a_folder_with_other_files_is_taken_and_they_stay(tmp_path, sample):
    (tmp_path / "notes.txt").write_text("mine")
    train(CONFIG, 1, tmp_path, opened(sample), progress=io.StringIO())
    assert {path.name for path in tmp_path.iterdir()} == {*FILES, "notes.txt"}


def test_overwriting_replaces_a_run_but_not_before_the_new_one_can_train(tmp_path, sample):
    def unavailable(report):
        raise DataError("no such data")

    train(CONFIG, 2, tmp_path, opened(sample), progress=io.StringIO())
    before = {name: (tmp_path / name).read_bytes() for name in FILES}
    with pytest.raises(DataError):
        train(CONFIG, 1, tmp_path, unavailable, overwrite=True, progress=io.StringIO())
    assert {name: (tmp_path / name).read_bytes() for name in FILES} == before
    train(CONFIG, 1, tmp_path, opened(sample), overwrite=True, progress=io.StringIO())
    assert len(history(tmp_path)) == 1
    assert json.loads((tmp_path / "config.json").read_text())["steps"] == 1


@pytest.mark.parametrize("steps", [0, -1, 100_001, float("nan"), "ten", None])
def test_a_number_of_steps_that_is_none_is_refused(tmp_path, steps):
    with pytest.raises(ExplorerError, match="steps must be"):
        train(CONFIG, steps, tmp_path / "run", never)
    assert not (tmp_path / "run").exists()


# Runs that end early -------------------------------------------------------------------------------------------------


class Interrupting(io.StringIO):
    """A terminal at which somebody presses Ctrl-C as soon as the progress bar tells of a loss."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number: int | None = number

    def write(self, text: str) -> int:
        if "recon" in text and self.number is not None:
            number, self.number = self.number, None
            signal.raise_signal(number)
        return super().write(text)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_keeps_what_was_trained(tmp_path, sample, number):
    before = signal.getsignal(number)
    summary = train(CONFIG, 100_000, tmp_path, opened(sample), progress=Interrupting(number))
    assert signal.getsignal(number) is before
    assert summary.interrupted
    assert 0 < summary.steps < 100_000
    assert f"Interrupted after step {summary.steps:,} of 100,000" in str(summary)
    assert {path.name for path in tmp_path.iterdir()} == set(FILES)
    assert len(history(tmp_path)) == summary.steps
    assert json.loads((tmp_path / "config.json").read_text())["outcome"] == "interrupted"
    with np.load(tmp_path / "snapshot.npz", allow_pickle=False) as stored:
        assert stored["step"] == summary.steps


def test_ctrl_c_while_the_data_are_opened_leaves_nothing_behind(tmp_path):
    def slow(report):
        signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        train(CONFIG, STEPS, tmp_path, slow, progress=io.StringIO())
    assert list(tmp_path.iterdir()) == []


def test_a_run_whose_loss_is_not_finite_keeps_what_was_trained_and_says_why(tmp_path, sample):
    reckless = replace(CONFIG, learning_rate=1000.0, lambdas=Lambdas(commit=1e6, codebook=1e6))
    summary = train(reckless, 500, tmp_path, opened(sample), progress=io.StringIO())
    assert not summary.interrupted
    assert f"not finite in step {summary.steps + 1}" in summary.failed
    assert str(summary).startswith("Failed: ")
    assert len(history(tmp_path)) == summary.steps
    record = json.loads((tmp_path / "config.json").read_text(), parse_constant=pytest.fail)
    assert (record["outcome"], record["reason"]) == ("failed", summary.failed)
    assert {path.name for path in tmp_path.iterdir()} == set(FILES)


def test_it_also_trains_outside_of_the_main_thread(tmp_path, sample):
    found = []
    run = threading.Thread(
        target=lambda: found.append(train(CONFIG, 1, tmp_path, opened(sample), progress=io.StringIO()))
    )
    run.start()
    run.join(120)
    assert found[0].steps == 1


def test_importing_it_brings_in_no_jax():
    code = "import sys, actors.headless; print([m for m in ('jax', 'ray', 'matplotlib') if m in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert answer.stdout.strip() == "[]"


def test_a_killed_run_keeps_its_rows_and_none_is_torn(tmp_path, cache_dir, no_data):
    code = (
        "from functools import partial; from pathlib import Path\n"
        "from actors.headless import train; from explorer.config import RunConfig; from explorer.data import open_dataset\n"
        f"train(RunConfig(batch_size=8), 100_000, Path({str(tmp_path)!r}), partial(open_dataset, 'mnist', {str(no_data)!r}))"
    )
    child = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, env=os.environ.copy(), text=True)
    assert child.stderr is not None
    with child.stderr as said:
        for line in iter(lambda: said.read(40), ""):
            if "recon" in line or ((tmp_path / "history.csv").exists() and len(history(tmp_path)) > 3):
                break
        child.kill()
    child.wait(30)
    rows = history(tmp_path)
    assert [int(row["step"]) for row in rows] == list(range(1, len(rows) + 1))
    assert all(row["learning_rate"] == "0.001" for row in rows)
    assert len(rows) >= 1
    assert not (tmp_path / "config.json").exists()
