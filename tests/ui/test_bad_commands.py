"""Whatever is wrong with a command line: one clear message, exit code 2, and nothing written."""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ui.app import main

pytestmark = [
    pytest.mark.timeout(120),
    # Importing Gradio makes event loops that nobody closes; they are found wherever rubbish is collected next.
    pytest.mark.filterwarnings("ignore:unclosed event loop:ResourceWarning"),
    pytest.mark.filterwarnings("ignore:unclosed <socket.socket fd=.* family=1:ResourceWarning"),
]

SERVE = [
    (["--port", "-1"], "port must be a whole number from 0 to 65,535; got -1"),
    (["--port", "65536"], "port must be"),
    (["--port", "80.5"], "port must be"),
    (["--port", "nan"], "port must be"),
    (["--port", "http"], "port must be .* got 'http'"),
    (["--port", ""], "port must be"),
    (["--port"], "--port"),
    (["--port", "9" * 5000], "port must be"),
    (["--refresh", "0"], "refresh must be a number from 0.25 to 5; got 0"),
    (["--refresh", "-1"], "refresh must be"),
    (["--refresh", "5.01"], "refresh must be"),
    (["--refresh", "nan"], "refresh must be"),
    (["--refresh", "soon"], "refresh must be .* got 'soon'"),
    (["--cpus-per-run", "0"], "cpus-per-run must be"),
    (["--cpus-per-run", "-2"], "cpus-per-run must be"),
    (["--cpus-per-run", "inf"], "cpus-per-run must be"),
    (["--cpus-per-run", "many"], "cpus-per-run must be"),
    (["--gpu", "half"], "gpu must be auto, off, .* got 'half'"),
    (["--gpu", "-0.5"], "gpu"),
    (["--gpu", "0"], "gpu must be"),
    (["--gpu", "nan"], "gpu must be"),
    (["--gpu", "1.5"], "gpu must be"),
    (["--gpu", "1e9"], "gpu must be"),
    (["--local", "--address", "localhost:6379"], "not allowed with argument --local"),
    (["--locale"], "--locale"),
    (["sevre"], "there is no command 'sevre'"),
    (["train", "serve"], "out"),
    (["--local", "--host", "no.such.host.invalid"], "no.such.host.invalid"),
    (["--local", "--dataset", "MNIST!"], "dataset must be"),
    (["--local", "--dataset", "../mnist"], "dataset must be"),
    (["--local", "--dataset", "no_such_set"], "no_such_set"),
    (["--local", "--data-dir", "{folder}/missing"], "missing does not exist"),
    (["--local", "--data-dir", "{file}"], "is not a folder"),
    (["--local", "--data-dir", "x" * 300], "cannot be read"),
    (["--local", "--port", "{taken}"], "cannot listen on 127.0.0.1:.*choose another with --port"),
]

TRAIN = [
    ([], "--out"),
    (["--steps", "0"], "steps must be a whole number from 1 to 100,000; got 0"),
    (["--steps", "-5"], "steps must be"),
    (["--steps", "1.5"], "steps must be"),
    (["--steps", "nan"], "steps must be"),
    (["--steps", "1e12"], "steps must be"),
    (["--steps", "lots"], "steps must be"),
    (["--commit", "-0.1"], "λ_commit must be"),
    (["--commit", "nan"], "λ_commit must be"),
    (["--commit", "1e7"], "λ_commit must be"),
    (["--codebook", "inf"], "λ_codebook must be"),
    (["--codebook", "much"], "λ_codebook must be"),
    (["--comit", "1"], "--comit"),
    (["--learning-rate", "-1"], "learning_rate must be"),
    (["--learning-rate", "fast"], "learning_rate must be"),
    (["--levels", "0"], "levels must be a whole number from 1 to 8"),
    (["--levels", "9"], "levels must be"),
    (["--levels", "two"], "levels must be"),
    (["--codebook-size", "1"], "codebook_size must be"),
    (["--codebook-size", "1025"], "codebook_size must be"),
    (["--batch-size", "0"], "batch_size must be"),
    (["--batch-size", "2.5"], "batch_size must be"),
    (["--seed", "-1"], "seed must be"),
    (["--seed", "2147483648"], "seed must be"),
    (
        ["--codebook-size", "16/8/4"],
        "codebook_size must be one size for each of the 2 levels, or one for all; got '16/8/4'",
    ),
    (["--codebook-size", "16/x"], "codebook_size must be .*, or one for each level, such as 16/8/4; got '16/x'"),
    (["--codebook-size", "/"], "codebook_size must be"),
    (
        ["--remedy", "ema_expiry"],
        "remedy must be none, reinit or split, unless codebook_update is ema; got 'ema_expiry'",
    ),
    (["--remedy", "prayer"], "--remedy: invalid choice: 'prayer'"),
    (["--entropy", "-1"], "λ_entropy must be"),
    (["--entropy-temperature", "0"], "entropy_temperature must be a number from 0.0001"),
    (["--transport-epsilon", "nan"], "transport_epsilon must be"),
    (["--ema-decay", "1"], "ema_decay must be a number from 0 to 0.9999; got 1"),
    (["--dead-threshold", "0.6"], "dead_threshold must be"),
    (["--dead-window", "101"], "dead_window must be a whole number from 1 to 100; got 101"),
    (["--remedy-every", "0"], "remedy_every must be"),
    (["--latent-dim", "17"], "latent_dim must be a whole number from 2 to 16"),
    (["--dataset", "no_such_set"], "no_such_set"),
    (["--data-dir", "{folder}/missing"], "missing does not exist"),
    (["--out", "{file}"], "is a file: name a folder"),
    (["--out", "{file}/below"], "below cannot be written"),
    (["--out", "/proc/no-such"], "cannot be written"),
    (["--out", "{folder}/held"], "holds a run already"),
]


@pytest.fixture(scope="module")
def places(tmp_path_factory) -> Iterator[dict[str, str]]:
    """What the tables name in braces."""
    folder = tmp_path_factory.mktemp("places")
    (folder / "file").write_text("not a folder")
    (folder / "held").mkdir()
    (folder / "held" / "config.json").write_text("{}")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        yield {"folder": str(folder), "file": str(folder / "file"), "taken": str(taken.getsockname()[1])}


def run_main(argv: list[str]) -> int | str | None:
    try:
        return main(argv)
    except SystemExit as ending:
        return ending.code


def shown(case: object) -> str:
    return " ".join(word[:24] for word in case) or "nothing" if isinstance(case, list) else ""


@pytest.mark.parametrize(("words", "message"), SERVE, ids=shown)
def test_serve_refuses_in_one_line_with_exit_code_2(words, message: str, places, capsys, cache_dir) -> None:
    assert run_main([word.format(**places) for word in words]) == 2
    refused_in_one_line(capsys.readouterr(), message)


@pytest.mark.parametrize(("words", "message"), TRAIN, ids=shown)
def test_train_refuses_in_one_line_and_writes_nothing(
    words, message: str, places, capsys, cache_dir, no_data, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    defaults = {"--out": out, "--data-dir": no_data} if words else {}
    added = [str(word) for flag, value in defaults.items() if flag not in words for word in (flag, value)]
    assert run_main(["train", *(word.format(**places) for word in words), *added]) == 2
    refused_in_one_line(capsys.readouterr(), message)
    assert not out.exists() or not list(out.iterdir())


def test_a_gpu_that_is_asked_for_and_absent_is_named(capsys, cache_dir, no_data, tmp_path: Path) -> None:
    for command in (["serve", "--local", "--port", "0"], ["train", "--out", str(tmp_path / "out")]):
        assert run_main([*command, "--data-dir", str(no_data), "--gpu", "0.5"]) == 2
        refused_in_one_line(capsys.readouterr(), "--gpu 0.5: a GPU was asked for, .* CPU, 0 GPU")


def refused_in_one_line(said: Any, message: str) -> None:
    lines = said.err.splitlines()
    assert len(lines) == 1, lines
    assert lines[0].startswith("rq-vae-explorer: ")
    assert len(lines[0]) < 1000
    assert pytest.raises(AssertionError, match=message).matches(AssertionError(lines[0])), lines[0]
    assert "Traceback" not in said.err
    assert said.out == ""
