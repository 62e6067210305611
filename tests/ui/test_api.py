"""The programmatic face, end to end: a client, the real server, real runs on the embedded sample."""

import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError

from explorer.settings import LIVE_SETTINGS
from tests.ui.serving import PATIENCE, await_run, serving

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]
CONFIG = {"batch_size": 16, "codebook_size": 8}
ENDPOINTS = {
    "/start_run",
    "/list_runs",
    "/get_snapshot",
    "/get_history",
    "/set_lambdas",
    "/set_live",
    "/cure_run",
    "/pause_run",
    "/resume_run",
    "/step_run",
    "/reset_run",
    "/stop_run",
    "/fork_run",
    "/start_comparison",
    "/list_presets",
    "/start_preset",
    "/get_cluster",
    "/get_comparison",
}
RUN_KEYS = {"run_id", "name", "status", "step", "config", "lambdas", "parent"}
SNAPSHOT_SHAPES = {
    "codebooks": (2, 8, 2),
    "counts": (2, 8),
    "dead": (2, 8),
    "latents": (512, 2),
    "labels": (512,),
    "codes": (512, 2),
    "inputs": (10, 28, 28),
    "reconstructions": (10, 28, 28),
    "by_level": (2, 10, 28, 28),
    "basis": (2, 2),
    "residual_ratio": (2,),
    "motion": (2, 8),
}


@pytest.fixture(scope="module")
def client(cache_dir, no_data) -> Iterator[Client]:
    with serving("local", "--data-dir", no_data) as served:
        yield served.client()


@pytest.fixture
def call(client: Client) -> Callable:
    return lambda endpoint, *arguments: client.predict(*arguments, api_name=f"/{endpoint}")


@pytest.fixture(scope="module")
def run_id(client: Client) -> str:
    started = client.predict(CONFIG, "by program", api_name="/start_run")
    assert started.keys() >= RUN_KEYS
    assert started["name"] == "by program"
    assert started["config"]["batch_size"] == 16
    assert started["parent"] is None
    await_run(client, started["run_id"], step=3)
    deadline = time.monotonic() + PATIENCE
    while (
        client.predict(started["run_id"], api_name="/get_snapshot")["probe_mse"] is None
    ):  # its look may still have been compiling
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return started["run_id"]


def test_exactly_the_named_endpoints_are_exposed_each_described(client: Client) -> None:
    described = client.view_api(return_format="dict", print_info=False)
    assert isinstance(described, dict)
    assert described["named_endpoints"].keys() == ENDPOINTS
    assert not described["unnamed_endpoints"]
    assert all(endpoint["description"] for endpoint in described["named_endpoints"].values())


def test_a_snapshot_is_one_instant_with_the_shapes_of_its_config(client: Client, call, run_id: str) -> None:
    step = await_run(client, run_id, step=5)["step"]
    snapshot = call("get_snapshot", run_id)
    assert snapshot["run_id"] == run_id
    assert snapshot["status"] == "running"
    assert snapshot["step"] >= step
    assert snapshot["lambdas"] == {"commit": 0.25, "codebook": 1.0, "entropy": 0.0, "transport": 0.0}
    assert snapshot["losses"].keys() >= {"recon", "commit", "codebook", "total"}
    assert "entropy" not in snapshot["losses"]
    assert snapshot["live"].keys() == snapshot["since"].keys() == LIVE_SETTINGS.keys()
    assert 1 <= snapshot["tuples"] <= 64
    assert {name: np.shape(snapshot[name]) for name in SNAPSHOT_SHAPES} == SNAPSHOT_SHAPES
    assert snapshot["health"].keys() >= {"window", "threshold", "active", "usage", "perplexity"}
    assert np.array_equal(np.sum(~np.array(snapshot["dead"]), axis=1), snapshot["health"]["active"])
    assert snapshot["steps_per_second"] > 0


def test_changed_weights_are_acknowledged_with_the_step_that_the_history_has(client: Client, call, run_id: str) -> None:
    applied = call("set_lambdas", run_id, {"commit": 2.5})
    assert applied["run_id"] == run_id
    assert applied["lambdas"] == {"commit": 2.5, "codebook": 1.0, "entropy": 0.0, "transport": 0.0}
    await_run(client, run_id, step=applied["step"] + 1)
    history = call("get_history", run_id, 0)
    change = {"step": applied["step"], "kind": "setting", "detail": {"name": "commit", "old": 0.25, "new": 2.5}}
    assert change in history["events"]
    assert call("get_snapshot", run_id)["since"]["commit"] == applied["step"]
    call("set_lambdas", run_id, {"commit": 0.25})


def test_any_live_setting_is_changed_and_dead_codes_are_treated_by_program(client: Client, call, run_id: str) -> None:
    applied = call("set_live", run_id, {"entropy": 0.1, "dead_threshold": 0.2})
    assert (applied["live"]["entropy"], applied["live"]["dead_threshold"]) == (0.1, 0.2)
    await_run(client, run_id, step=applied["step"] + 1)
    assert call("get_snapshot", run_id)["losses"]["entropy"] != 0
    cured = call("cure_run", run_id, "reinit")
    await_run(client, run_id, step=cured["step"])
    events = [event for event in call("get_history", run_id, 0)["events"] if event["kind"] == "remedy"]
    assert (events[-1]["step"], events[-1]["detail"]["by"]) == (cured["step"], "hand")
    assert len(events[-1]["detail"]["codes"]) == len(events[-1]["detail"]["new"]) > 0
    call("set_live", run_id, {"entropy": 0, "dead_threshold": 0.01})


def test_the_history_since_a_step_holds_what_came_after(client: Client, call, run_id: str) -> None:
    whole = call("get_history", run_id, 0)
    assert len(whole["steps"]) == len(whole["columns"]["loss/recon"]) > 2
    later = call("get_history", run_id, whole["steps"][1])
    assert later["steps"][: len(whole["steps"]) - 2] == whole["steps"][2:]


def test_a_run_pauses_steps_resumes_resets_and_stops(client: Client, call) -> None:
    run_id = call("start_run", CONFIG, "")["run_id"]
    await_run(client, run_id, step=2)
    call("pause_run", run_id)
    paused = await_run(client, run_id, step=2, status="paused")["step"]
    call("step_run", run_id, 3)
    assert await_run(client, run_id, step=paused + 3, status="paused")["step"] == paused + 3
    assert call("get_snapshot", run_id)["step"] == paused + 3
    call("resume_run", run_id)
    await_run(client, run_id, step=paused + 4)
    call("pause_run", run_id)
    await_run(client, run_id, step=0, status="paused")
    call("reset_run", run_id)
    call("step_run", run_id, 1)
    assert await_run(client, run_id, step=1, status="paused")["step"] == 1
    assert call("stop_run", run_id)["status"] == "stopped"
    assert call("get_snapshot", run_id)["status"] == "stopped"


def test_a_comparison_is_started_found_again_and_forked_from(client: Client, call) -> None:
    started = call("start_comparison", {"commit": [0.05, 1]}, CONFIG, "two weights", None, False)
    assert (started["name"], started["differs"]) == ("two weights", ["commit"])
    runs = [run["run_id"] for run in started["runs"]]
    await_run(client, runs[0], step=2)
    forked = call("fork_run", runs[0], {"lambdas": {"commit": 3}}, "bolder")
    assert forked["parent"] == runs[0]
    assert forked["lambdas"] == {"commit": 3.0, "codebook": 1.0, "entropy": 0.0, "transport": 0.0}
    await_run(client, forked["run_id"], step=forked["forked_at"] + 1)
    found = call("get_comparison", started["comparison"])
    assert [run["run_id"] for run in found["runs"]] == runs
    for run_id in [*runs, forked["run_id"]]:
        call("stop_run", run_id)


@pytest.mark.parametrize(
    ("endpoint", "arguments", "message"),
    [
        ("start_comparison", [{}, {}, "", None, False], "at least two runs"),
        ("start_comparison", [{"commit": []}, {}, "", None, False], "λ_commit must be a list of at least one value"),
        ("start_comparison", [{"commit": "0.1,1"}, {}, "", None, False], "λ_commit must be a list"),
        ("start_comparison", [{"seed": list(range(65))}, {}, "", None, False], "at most 64 runs"),
        ("start_comparison", [{"seed": [0, 1]}, {"levels": 9}, "", None, False], "levels must be"),
        ("start_comparison", [{"seed": [0, 1]}, {}, "", 0, False], "until must be"),
        ("get_comparison", ["cmp-x"], "there is no comparison 'cmp-x'"),
        ("fork_run", ["run-x", {}, ""], "there is no run 'run-x'"),
        ("fork_run", ["{run}", {"levels": 3}, ""], "levels must be 2 in this fork"),
        ("get_snapshot", ["run-x"], "there is no run 'run-x'; known runs: run-"),
        ("start_run", [{"batch_size": -1}, ""], "batch_size must be a whole number from 1 to 1,024; got -1"),
        ("start_run", [{"levles": 2}, ""], "config must be made of .*got 'levles'"),
        ("set_lambdas", ["{run}", {"commit": -1}], "λ_commit must be a number from 0 to 1,000,000; got -1"),
        ("step_run", ["{run}", 0], "n must be a whole number"),
        ("get_history", ["{run}", -1], "since must be"),
    ],
)
def test_an_error_reaches_the_client_in_words_and_the_run_goes_on(
    endpoint: str, arguments, message: str, client: Client, call, run_id: str
) -> None:
    before = await_run(client, run_id, step=1)
    with pytest.raises(AppError, match=message) as refusal:
        call(endpoint, *(run_id if value == "{run}" else value for value in arguments))
    assert "Traceback" not in str(refusal.value)
    after = await_run(client, run_id, step=before["step"] + 1)
    assert after["lambdas"] == before["lambdas"]
