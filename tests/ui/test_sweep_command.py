"""`rq-vae-explorer sweep` from its words to Ctrl-C."""

import csv
import os
import signal
import time
from pathlib import Path

import pytest

from explorer.choices import Choice
from explorer.presets import PRESETS
from explorer.sweep import AXES
from tests.ui.serving import Serving
from ui.app import main
from ui.arguments import parse
from ui.sweep_arguments import sweep_configs, sweep_steps

pytestmark = pytest.mark.timeout(240)

REFUSED = [
    ([], "--out"),
    (["--commit", ""], "λ_commit must be a list such as .*; got ''"),
    (["--commit", ","], "λ_commit must be a list"),
    (["--commit", "0.25,much"], "λ_commit must be a list such as .* got 'much'"),
    (["--commit", "0.25,nan"], "λ_commit must be a number from 0 to 1,000,000; got nan"),
    (["--commit", "inf"], "λ_commit must be"),
    (["--commit", "0.25,-1"], "λ_commit must be"),
    (["--commit=-1,2"], "λ_commit must be"),
    (["--codebook", "1e7"], "λ_codebook must be"),
    (["--learning-rate", "0.001;fast"], "learning rate must be"),
    (["--levels", "1,9"], "levels must be a whole number from 1 to 8; got 9"),
    (["--levels", "1.5"], "levels must be"),
    (["--codebook-size", "1"], "codebook size must be"),
    (["--batch-size", "0,128"], "batch size must be"),
    (["--seed", "2147483648"], "seed must be"),
    (["--seed", "0x10"], "seed must be"),
    (["--seed", ",".join(map(str, range(100))), "--commit", ",".join(map(str, range(100)))], "10,000 runs"),
    (["--seed", ",".join(map(str, range(65)))], "comparison must be at most 64 runs.*; got '65 runs'"),
    (["--preset", "none"], "--preset"),
    (["--preset", "ema", "--commit", "1"], "sweep must be without settings but --seed .*; got '--commit'"),
    (["--preset", "ema", "--levels", "2", "--commit", "1"], "got '--commit, --levels'"),
    (["--preset", "ema", "--seed", "1,2"], "seed must be one number where --preset is given; got '1,2'"),
    (["--preset", "textbook", "--seed", "2147483647"], "seed must be"),
    (["--codebook-size", "16/8/x"], "codebook size must be a list such as .* or one for each level.* got '16/8/x'"),
    (
        ["--codebook-size", "16/8/4"],
        "codebook_size must be one size for each of the 2 levels, or one for all; got '?16/8/4",
    ),
    (["--latent-dim", "1,2"], "latent dimension must be a whole number from 2 to 16; got 1"),
    (["--remedy", "none,ema_expiry"], "remedy must be none, reinit or split, unless codebook_update is ema"),
    (["--steps", "0"], "steps must be"),
    (["--steps", "2000,4000"], "steps must be"),
    (["--steps", "nan"], "steps must be"),
    (["--jobs", "0"], "jobs must be a whole number from 1 to 64; got 0"),
    (["--jobs", "many"], "jobs must be"),
    (["--jobs", "-1"], "jobs must be"),
    (["--gpu", "half"], "gpu must be"),
    (["--gpu", "0.5"], "--gpu 0.5: a GPU was asked for, .* CPU, 0 GPU"),
    (["--dataset", "no_such_set"], "no_such_set"),
    (["--dataset", "mnist,kmnist"], "dataset must be"),
    (["--data-dir", "{folder}/missing"], "missing does not exist"),
    (["--out", "{file}"], "is a file: name a folder"),
    (["--out", "{file}/below"], "below cannot be written"),
    (["--out", "/proc/no-such"], "cannot be written"),
    (["--out", "{folder}/held", "--seed", "0,1"], "seed-1 .*--overwrite"),
]


@pytest.fixture(scope="module")
def places(tmp_path_factory) -> dict[str, str]:
    """What the table names in braces."""
    folder = tmp_path_factory.mktemp("places")
    (folder / "file").write_text("not a folder")
    (folder / "held" / "seed-1").mkdir(parents=True)
    (folder / "held" / "seed-1" / "config.json").write_text("{}")
    return {"folder": str(folder), "file": str(folder / "file")}


@pytest.mark.parametrize(("words", "message"), REFUSED, ids=[" ".join(words)[:40] or "none" for words, _ in REFUSED])
def test_a_mistake_is_one_line_and_exit_code_2_and_nothing_is_started(
    words, message, places, capsys, cache_dir, no_data, tmp_path
) -> None:
    out = tmp_path / "out"
    defaults = {"--out": out, "--data-dir": no_data} if words else {}
    added = [str(word) for flag, value in defaults.items() if flag not in words for word in (flag, value)]
    try:
        code = main(["sweep", *(word.format(**places) for word in words), *added])
    except SystemExit as ending:
        code = ending.code
    said = capsys.readouterr()
    assert code == 2
    assert len(said.err.splitlines()) == 1, said.err
    assert said.err.startswith("rq-vae-explorer: ")
    assert len(said.err) < 1000
    assert pytest.raises(AssertionError, match=message).matches(AssertionError(said.err.strip())), said.err
    assert said.out == ""
    assert not [path for path in out.rglob("*") if path.name != ".sweep.lock"]


def test_every_setting_that_can_be_swept_takes_a_list() -> None:
    flags = {name: f"--{name.replace('_', '-')}" for name in AXES}
    for name, flag in flags.items():
        setting = AXES[name]
        values = ",".join(setting.ways) if isinstance(setting, Choice) else f"{setting.low:g},{setting.high:g}"
        needed = ["--codebook-update", "ema"] if name == "remedy" else []
        configs = sweep_configs(parse(["sweep", "--out", "out", *needed, flag, values]))
        assert len(configs) == values.count(",") + 1, name
    assert len(sweep_configs(parse(["sweep", "--out", "out"]))) == 1
    sizes = sweep_configs(parse(["sweep", "--out", "out", "--levels", "3", "--codebook-size", "16/8/4,16"]))
    assert [config.sizes for config in sizes] == [(16, 8, 4), (16, 16, 16)]
    nine = sweep_configs(parse(["sweep", "--out", "out", "--commit", "0.05,0.25,1", "--codebook", "0.5,1,2"]))
    assert [(config.lambdas.commit, config.lambdas.codebook) for config in nine] == [
        (commit, codebook) for commit in (0.05, 0.25, 1) for codebook in (0.5, 1, 2)
    ]


def test_a_preset_has_its_own_runs_and_steps() -> None:
    given = parse(["sweep", "--out", "out", "--preset", "ema", "--seed", "7", "--dataset", "kmnist"])
    assert sweep_configs(given) == PRESETS["ema"].configs(7, "kmnist")
    assert sweep_steps(given) == PRESETS["ema"].steps
    assert sweep_steps(parse(["sweep", "--out", "out", "--preset", "ema", "--steps", "9"])) == 9
    assert sweep_steps(parse(["sweep", "--out", "out"])) == 2000


def test_the_help_has_an_example_and_says_how_to_go_on(capsys) -> None:
    with pytest.raises(SystemExit) as ending:
        parse(["sweep", "--help"])
    said = capsys.readouterr().out
    assert ending.value.code == 0
    assert "sweep --commit 0.05,0.25,1 --codebook 0.5,1,2 --steps 2000 --out my-sweep" in said
    assert "goes on with what is missing" in said


SMALL = ("--batch-size", "8", "--codebook-size", "4")


@pytest.mark.slow
def test_ctrl_c_ends_it_soon_and_the_same_command_goes_on(cache_dir, no_data, tmp_path: Path) -> None:
    out = tmp_path / "sweep"
    seeds = ("--seed", "0,1,2")
    long = ("sweep", *SMALL, *seeds, "--steps", "150", "--jobs", "1", "--data-dir", no_data, "--out", out)
    first = Serving(*long)
    try:
        first.await_line(r"seed 1: \d+/150")  # seed 0 is done, seed 1 is in its middle
        assert len(first.family()) >= 2
        ending = first.interrupt()
    finally:
        first.close()
    assert ending.survivors == []
    assert ending.seconds < 20, first.log
    assert ending.code == 130, first.log
    assert not [line for line in first.log if "Traceback" in line or "KeyboardInterrupt" in line]
    assert "interrupted: 1 of 3 runs are done" in first.log[-1]
    assert "the same command goes on" in first.log[-1]
    kept = {path.name: path.stat().st_mtime_ns for path in (out / "seed-0").iterdir()}
    assert not (out / "seed-1" / "config.json").exists()

    second = Serving(*long)
    try:
        assert second.process.wait(200) == 0, second.log
    finally:
        second.close()
    assert {path.name: path.stat().st_mtime_ns for path in (out / "seed-0").iterdir()} == kept
    assert not [line for line in second.log if line.startswith("seed 0")]
    with (out / "summary.csv").open(newline="") as file:
        assert [(row["seed"], row["outcome"]) for row in csv.DictReader(file)] == [
            (f"{i}", "finished") for i in range(3)
        ]


@pytest.mark.slow
def test_where_the_sweep_is_killed_its_processes_end_too(cache_dir, no_data, tmp_path: Path) -> None:
    swept = Serving("sweep", *SMALL, "--steps", "100000", "--data-dir", no_data, "--out", tmp_path / "sweep")
    try:
        swept.await_line(r"λ_commit 0.25: \d+/100,000")
        family = swept.family()
        os.kill(swept.process.pid, signal.SIGKILL)
        swept.process.wait(10)
        deadline = time.monotonic() + 20
        while any(process.is_running() for process in family) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert [process for process in family if process.is_running()] == []
    finally:
        swept.close()
