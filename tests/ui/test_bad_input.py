"""Whatever is wrong with what the user gives: one clear message, exit code 2, and runs in progress untouched."""

import math
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from actors.comparisons import Comparisons
from actors.local_lab import LocalLab
from explorer.config import RunConfig
from explorer.errors import ExplorerError
from ui.api import expose
from ui.app import main
from ui.controls import as_config

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


API = [
    ("start_run", ({"batch_size": 0},), "batch_size must be a whole number from 1 to 1,024; got 0"),
    ("start_run", ({"batch_size": -128},), "batch_size must be"),
    ("start_run", ({"batch_size": "128"},), "batch_size must be .* got '128'"),
    ("start_run", ({"batch_size": True},), "batch_size must be"),
    ("start_run", ({"batch_size": None},), "batch_size must be"),
    ("start_run", ({"levels": 10**400},), "levels must be"),
    ("start_run", ({"codebook_size": 2.5},), "codebook_size must be"),
    ("start_run", ({"learning_rate": math.nan},), "learning_rate must be"),
    ("start_run", ({"learning_rate": math.inf},), "learning_rate must be"),
    ("start_run", ({"lambdas": {"commit": -1}},), "λ_commit must be a number from 0 to 1,000,000; got -1"),
    (
        "start_run",
        ({"lambdas": {"comit": 1}},),
        "lambdas must be made of commit, codebook, entropy, transport; got 'comit'",
    ),
    ("start_run", ({"lambdas": 0.25},), "lambdas must be"),
    ("start_run", ({"dataset": "../../etc"},), "dataset must be"),
    ("start_run", ({"dataset": ["mnist"]},), "dataset must be"),
    ("start_run", ({"bach_size": 16},), "config must be made of settings such as batch_size.* got 'bach_size'"),
    ("start_run", ([16],), "config must be an object"),
    ("start_run", (None,), "config must be an object"),
    ("start_run", ({}, "x" * 61), "name must be 1 to 60 printable characters"),
    ("start_run", ({}, "two\nlines"), "name must be"),
    ("set_lambdas", ("{run}", {"commit": -0.5}), "λ_commit must be"),
    ("set_lambdas", ("{run}", {"commit": math.nan}), "λ_commit must be"),
    ("set_lambdas", ("{run}", {"commit": "0.5"}), "λ_commit must be"),
    ("set_lambdas", ("{run}", {"commit": 1e7}), "λ_commit must be"),
    ("set_lambdas", ("{run}", {"codebook": None}), "λ_codebook must be"),
    ("set_lambdas", ("{run}", {"codebook": 2, "learning_rate": 1}), "lambdas must be made of"),
    ("set_lambdas", ("{run}", [0.25, 1]), "lambdas must be an object"),
    ("set_lambdas", ("run-x", {"commit": 1}), "there is no run 'run-x'; known runs: run-"),
    ("start_preset", ("no such",), "preset must be one of textbook, .*; got 'no such'"),
    ("start_preset", (None,), "preset must be one of"),
    ("start_preset", (["textbook"],), "preset must be one of"),
    ("start_preset", ("textbook", -1), "seed must be a whole number"),
    ("start_preset", ("textbook", 2**31 - 1), "seed must be"),
    ("start_preset", ("textbook", "one"), "seed must be"),
    ("start_preset", ("textbook", None), "seed must be"),
    ("step_run", ("{run}", 0), "n must be a whole number from 1 to 100,000; got 0"),
    ("step_run", ("{run}", -1), "n must be"),
    ("step_run", ("{run}", 1.5), "n must be"),
    ("step_run", ("{run}", 10**9), "n must be"),
    ("step_run", ("{run}", "one"), "n must be"),
    ("get_history", ("{run}", -1), "since must be"),
    ("get_history", ("{run}", "start"), "since must be"),
    ("get_history", ("{run}", math.nan), "since must be"),
    ("get_history", ("run-x", 0), "there is no run"),
    ("get_snapshot", ("",), "there is no run ''"),
    ("get_snapshot", ("../x",), "there is no run"),
    ("get_snapshot", (None,), "there is no run 'None'"),
    ("get_snapshot", (["run"],), "there is no run"),
    ("get_snapshot", ("x" * 10_000,), "there is no run 'x{60}'; known"),
    ("pause_run", ("run-x",), "there is no run"),
    ("resume_run", (7,), "there is no run '7'"),
    ("reset_run", ("run-x",), "there is no run"),
    ("stop_run", ("run-x",), "there is no run"),
]


@pytest.fixture(scope="module")
def lab(cache_dir, no_data) -> Iterator[LocalLab]:
    opened = LocalLab(no_data)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def endpoints(lab) -> dict[str, Callable[..., Any]]:
    comparisons = Comparisons(lab)
    with gr.Blocks() as page:
        expose(lab, comparisons)
    comparisons.close()
    return {str(endpoint.api_name): endpoint.fn for endpoint in page.fns.values() if endpoint.fn}


@pytest.fixture(scope="module")
def run_id(lab) -> str:
    """A run in progress."""
    run_id = lab.start(RunConfig(batch_size=16, codebook_size=8), "in progress").run_id
    await_step(lab, run_id, 3)
    return run_id


def await_step(lab: LocalLab, run_id: str, step: int) -> None:
    deadline = time.monotonic() + 60
    while next(info for info in lab.runs() if info.run_id == run_id).step < step:
        assert time.monotonic() < deadline, lab.runs()
        time.sleep(0.01)


@pytest.mark.parametrize(
    ("endpoint", "arguments", "message"), API, ids=[f"{name} {arguments!r}"[:60] for name, arguments, _ in API]
)
def test_an_endpoint_refuses_in_words_and_the_run_in_progress_goes_on(
    endpoint: str, arguments, message: str, lab, endpoints, run_id: str
) -> None:
    (before,) = lab.runs()
    with pytest.raises(gr.Error, match=message) as refusal:
        endpoints[endpoint](*(run_id if value == "{run}" else value for value in arguments))
    assert len(refusal.value.message) < 300
    assert not refusal.value.print_exception
    await_step(lab, run_id, before.step + 1)
    (after,) = lab.runs()
    assert (after.status, after.reason) == ("running", "")
    assert (after.live, after.config) == (before.live, before.config)


FIELDS: list[tuple[dict[str, object], str]] = [
    ({"batch_size": None}, "batch size must be .*; its field is empty"),
    ({"batch_size": 0}, "batch_size must be"),
    ({"levels": 2.5}, "levels must be"),
    ({"seed": -1}, "seed must be"),
    ({"codebook_size": 10**9}, "codebook_size must be"),
    ({"dataset": ""}, "dataset must be"),
    ({"dataset": None}, "dataset must be given; its field is empty"),
    ({"commit": None}, "λ_commit must be .*; its field is empty"),
    ({"codebook": -1}, "λ_codebook must be"),
    ({"learning_rate": math.nan}, "learning_rate must be"),
]


@pytest.mark.parametrize(("entered", "message"), FIELDS, ids=[f"{entered}" for entered, _ in FIELDS])
def test_a_field_of_the_page_that_is_empty_or_out_of_range_is_refused_by_name(entered, message: str) -> None:
    live: dict[str, object] = dict(RunConfig().live)
    fixed = {name: value for name, value in entered.items() if name not in live}
    with pytest.raises(ExplorerError, match=message):
        as_config(fixed, live | {name: value for name, value in entered.items() if name in live})
