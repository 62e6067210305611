"""Whatever is wrong with what a program or the page gives: one clear message, and runs in progress untouched."""

import math
import time
from collections.abc import Callable, Iterator
from typing import Any

import gradio as gr
import pytest

from actors.comparisons import Comparisons
from actors.local_lab import LocalLab
from explorer.config import RunConfig
from explorer.errors import ExplorerError
from ui.api import expose
from ui.controls import as_config

pytestmark = [
    pytest.mark.timeout(120),
    # Importing Gradio makes event loops that nobody closes; they are found wherever rubbish is collected next.
    pytest.mark.filterwarnings("ignore:unclosed event loop:ResourceWarning"),
    pytest.mark.filterwarnings("ignore:unclosed <socket.socket fd=.* family=1:ResourceWarning"),
]

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
    ("start_run", ({"codebook_size": [16, 8, 4]},), "codebook_size must be one size for each of the 2 levels"),
    ("start_run", ({"codebook_size": [16, "8"]},), "codebook_size must be"),
    ("start_run", ({"codebook_size": []},), "codebook_size must be"),
    (
        "start_run",
        ({"levels": 3, "codebook_size": "16/8"},),
        "one size for each of the 3 levels, or one for all; got '16/8'",
    ),
    ("start_run", ({"remedy": "ema_expiry"},), "remedy must be none, reinit or split, unless codebook_update is ema"),
    ("start_run", ({"lambdas": {"entropy": -1}},), "λ_entropy must be"),
    ("set_live", ("{run}", {"levels": 3}), "live setting must be one of commit, .*; got 'levels'"),
    ("set_live", ("{run}", {"dead_window": 0}), "dead_window must be a whole number from 1 to 100; got 0"),
    ("set_live", ("{run}", {"ema_decay": "slow"}), "ema_decay must be"),
    ("set_live", ("{run}", {"commit": 1, "transport_epsilon": 0}), "transport_epsilon must be"),
    ("set_live", ("{run}", [0.25]), "values must be an object with some of: commit"),
    ("set_live", ("{run}", None), "values must be an object"),
    ("set_live", ("run-x", {"commit": 1}), "there is no run 'run-x'; known runs: run-"),
    ("cure_run", ("{run}", "prayer"), "remedy must be one of none, reinit, split, ema_expiry; got 'prayer'"),
    ("cure_run", ("{run}", "none"), "remedy must be one that does something; got 'none'"),
    ("cure_run", ("{run}", "ema_expiry"), "remedy must be none, reinit or split, unless codebook_update is ema"),
    ("cure_run", ("{run}", None), "remedy must be one of"),
    ("cure_run", ("run-x", "reinit"), "there is no run 'run-x'"),
    ("fork_run", ("{run}", {"latent_dim": 3}), "latent dimension must be 2 in this fork"),
    ("fork_run", ("{run}", {"remedy": "ema_expiry"}), "remedy must be none, reinit or split"),
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
    ({"codebook_size": "16; 8"}, "codebook_size must be"),
    ({"entropy": None}, "λ_entropy must be .*; its field is empty"),
    ({"remedy_every": 0.5}, "remedy_every must be"),
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
