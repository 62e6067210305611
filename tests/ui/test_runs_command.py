"""`rq-vae-explorer runs` on real folders of runs."""

import zipfile

import pytest

from actors.local_lab import LocalLab
from explorer.config import RunConfig
from tests.actors.storage.conftest import find, train_to, until
from ui.app import main

SMALL = RunConfig(batch_size=8, codebook_size=4)


@pytest.fixture(scope="module")
def runs_dir(tmp_path_factory, cache_dir, no_data):
    """A folder with two runs: `first` at step 4, `second` at step 6."""
    folder = tmp_path_factory.mktemp("runs")
    lab = LocalLab(no_data, folder)
    for name, step in (("first", 4), ("second", 6)):
        run_id = lab.start(SMALL, name).run_id
        lab.pause(run_id)
        until(lambda run_id=run_id: find(lab, run_id).status == "paused")
        if step > find(lab, run_id).step:
            train_to(lab, run_id, step)
    lab.close()
    return folder


def command(capsys, *words: object) -> tuple[int, str, str]:
    """Exit code, output, errors."""
    try:
        code = main(["runs", *map(str, words)])
    except SystemExit as ended:
        code = int(ended.code or 0)
    said = capsys.readouterr()
    return code, said.out, said.err


def ids(runs_dir) -> dict[str, str]:
    return {info.name: info.run_id for info in LocalLab(None, runs_dir).runs()}


def test_every_run_is_a_line_of_the_list(capsys, runs_dir) -> None:
    code, said, _ = command(capsys, "list", "--runs-dir", runs_dir)
    lines = said.splitlines()
    assert (code, len(lines)) == (0, 3)
    assert [ids(runs_dir)[name] in line for name, line in zip(("first", "second"), lines[1:], strict=True)] == [
        True,
        True,
    ]


def test_all_about_a_run_is_shown_by_a_part_of_its_id(capsys, runs_dir) -> None:
    run_id = ids(runs_dir)["second"]
    code, said, _ = command(capsys, "show", run_id.removeprefix("run-")[:7], "--runs-dir", runs_dir)
    assert code == 0
    for words in (f"second ({run_id}): stopped at step 6", "codebook_size 4", "probe MSE 0.", "losses: ", "started"):
        assert words in said


def test_runs_are_exported_to_a_zip(capsys, runs_dir, tmp_path) -> None:
    out = tmp_path / "both.zip"
    code, said, _ = command(capsys, "export", *ids(runs_dir).values(), "--out", out, "--runs-dir", runs_dir)
    assert (code, "2 runs" in said) == (0, True)
    names = zipfile.ZipFile(out).namelist()
    assert sum(name.endswith("history.csv") for name in names) == 2
    assert "figure.png" in names


def test_a_run_is_deleted_only_if_that_was_meant(capsys, runs_dir, tmp_path, monkeypatch) -> None:
    import shutil

    copy = tmp_path / "copy"
    shutil.copytree(runs_dir, copy)
    run_id = ids(copy)["first"]
    code, _, error = command(capsys, "rm", run_id, "--runs-dir", copy)
    assert (code, "say --yes" in error, (copy / run_id).exists()) == (2, True, True)
    code, _, _ = command(capsys, "rm", run_id, "--yes", "--runs-dir", copy)
    assert (code, (copy / run_id).exists()) == (0, False)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["show", "nobody"], "there is no run 'nobody'; known runs: run-"),
        (["show", "run-"], "run- may be any of run-"),
        (["show"], "the following arguments are required: ID"),
        (["fetch"], "invalid choice: 'fetch'"),
        ([], "the following arguments are required"),
        (["resume", "run-", "--steps", "0"], "steps must be"),
        (["export", "nobody"], "--out"),
        (["resume", "nobody"], "there is no run"),
    ],
)
def test_each_mistake_is_one_line_and_exit_code_2(capsys, runs_dir, words, said) -> None:
    code, _, error = command(capsys, *words, *(["--runs-dir", str(runs_dir)] if words else []))
    assert code == 2
    assert said in error
    assert len(error.strip().splitlines()) == 1
