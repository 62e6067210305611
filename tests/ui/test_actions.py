"""What the Compare tab may ask for: real runs in this process, every mistake in words, nothing started by half."""

import base64
import csv
import io
import json
import time
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from actors.comparisons import Comparisons
from actors.lab import RunInfo
from actors.local_lab import LocalLab
from explorer.presets import PRESETS
from ui.actions import Actions
from ui.cures import cures, offered
from ui.hub import Hub

SMALL = {"batch_size": 8, "codebook_size": 4}
PATIENCE = 60.0


@pytest.fixture(scope="module")
def lab(cache_dir, no_data) -> Iterator[LocalLab]:
    opened = LocalLab(no_data)
    opened.connect()
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def act(lab) -> Iterator[Callable[..., dict[str, Any]]]:
    comparisons = Comparisons(lab)
    actions = Actions(lab, Hub(lab, tick=0.0), comparisons)
    yield lambda verb, **command: actions.act({"verb": verb, **command})
    comparisons.close()


def await_run(lab: LocalLab, run_id: str, good: Callable[[RunInfo], bool]) -> RunInfo:
    deadline = time.monotonic() + PATIENCE
    while not good(info := next(info for info in lab.runs() if info.run_id == run_id)):
        assert time.monotonic() < deadline, info
        time.sleep(0.02)
    return info


@pytest.fixture(scope="module")
def pair(lab, act) -> list[str]:
    """Two runs that differ in λ_commit, training."""
    started = act("start", axes={"commit": "0.05, 4"}, fixed=SMALL)
    for run_id in started["runs"]:
        await_run(lab, run_id, lambda info: info.step >= 3)
    return started["runs"]


def test_a_plan_says_how_many_runs_it_is_and_what_the_lab_holds(act) -> None:
    told = act("plan", axes={"commit": "0.05, 0.25, 1", "codebook": "0.5; 1"}, fixed=SMALL)
    assert told["count"] == 6
    assert told["words"].startswith("6 runs: the lab holds 16 at once")
    assert told["names"][1] == "λ_commit 0.05 · λ_codebook 1"
    many = act("plan", axes={"seed": ",".join(map(str, range(20)))}, fixed=SMALL)
    assert "wait for room" in many["words"]


def test_runs_are_paused_stepped_and_resumed_together(lab, act, pair) -> None:
    assert act("pause", runs=pair) == {"done": pair, "errors": {}}
    before = [await_run(lab, run_id, lambda info: info.status == "paused").step for run_id in pair]
    act("step", runs=pair)
    for run_id, step in zip(pair, before, strict=True):
        await_run(lab, run_id, lambda info, step=step: info.step == step + 1 and info.status == "paused")
    assert act("resume", runs=[*pair, "run-x"])["errors"]["run-x"].startswith("there is no run 'run-x'")
    for run_id in pair:
        await_run(lab, run_id, lambda info: info.status == "running")


def test_a_weight_is_set_or_scaled_for_all_and_each_says_its_step(lab, act, pair) -> None:
    told = act("scale", runs=pair, name="commit", factor=2)
    assert [told["applied"][run_id]["value"] for run_id in pair] == [0.1, 8.0]
    assert all(told["applied"][run_id]["step"] > 0 for run_id in pair)
    told = act("set", runs=pair, name="learning_rate", value=0.002)
    assert {info.live["learning_rate"] for info in lab.runs() if info.run_id in pair} == {0.002}
    act("set", runs=pair[:1], name="commit", value=0)
    act("scale", runs=pair, name="commit", factor=0.5)
    assert [info.lambdas.commit for info in lab.runs() if info.run_id in pair] == [0.0, 4.0]


def test_dead_codes_are_treated_once_in_each_run_that_can_be(lab, act, pair) -> None:
    told = act("cure", runs=[*pair, "run-x"], remedy="reinit")
    assert list(told["applied"]) == pair
    assert told["errors"]["run-x"].startswith("there is no run 'run-x'")
    refused = act("cure", runs=pair[:1], remedy="ema_expiry")
    assert "unless codebook_update is ema" in refused["errors"][pair[0]]
    step = told["applied"][pair[1]]["step"]
    await_run(lab, pair[1], lambda info: info.step >= step)
    cured = [event for event in lab.get_history(pair[1]).events if event.kind == "remedy"]
    assert all(event.detail["by"] == "hand" and event.step == step for event in cured)


def test_a_cured_fork_has_the_remedy_that_its_parent_has_not(lab, act, pair) -> None:
    parent = await_run(lab, pair[0], lambda info: info.status == "running")
    assert offered(parent) == ["reinit", "split", "entropy"]
    for name in offered(parent):
        forked = act("fork", run=pair[0], changes=cures()[name].changes, name=f"cured by {name}")
        child = await_run(lab, forked["run"], lambda info: info.status == "running")
        assert (child.parent, child.name) == (pair[0], f"cured by {name}")
        assert name not in offered(child)
        act("stop", runs=[child.run_id])


def test_a_fork_and_a_replay_are_runs_of_their_own(lab, act, pair) -> None:
    forked = act("fork", run=pair[0], changes={"commit": 2}, name="")
    child = await_run(lab, forked["run"], lambda info: info.status == "running")
    assert (child.parent, child.forked_at, child.lambdas.commit) == (pair[0], forked["step"], 2.0)
    replayed = act("replay", run=pair[0], changes={"seed": 9}, name="again")
    assert await_run(lab, replayed["run"], lambda info: info.step > 0).config.seed == 9
    assert act("remove", runs=[forked["run"]])["errors"][forked["run"]].endswith("stop it before it is removed")
    both = [forked["run"], replayed["run"]]
    act("stop", runs=both)
    assert act("remove", runs=both) == {"done": both, "errors": {}}


def test_an_export_holds_all_that_the_runs_are(lab, act, pair) -> None:
    act("describe", run=pair[1], name="../<script>/x", note="too bold")
    told = act("export", runs=pair)
    archive = zipfile.ZipFile(io.BytesIO(base64.b64decode(told["data"])))
    names = archive.namelist()
    assert {name for name in names if "/" not in name} == {"figure.png", "figure.pdf"}
    assert not [name for name in names if name.startswith(("/", ".")) or "<" in name]
    folder = next(name for name in names if name.endswith(f"{pair[1]}/config.json")).rsplit("/", 1)[0]
    config = json.loads(archive.read(f"{folder}/config.json"))
    assert (config["name"], config["note"], config["config"]["codebook_size"]) == ("../<script>/x", "too bold", 4)
    rows = list(csv.DictReader(io.StringIO(archive.read(f"{folder}/history.csv").decode())))
    assert [int(row["step"]) for row in rows[:3]] == [1, 2, 3]
    assert np.load(io.BytesIO(archive.read(f"{folder}/snapshot.npz")))["codebooks"].shape == (2, 4, 2)
    assert json.loads(archive.read(f"{folder}/events.json"))[0]["kind"] == "started"


def test_a_comparison_is_kept_in_step_and_let_go(act, lab, pair) -> None:
    comparison = next(info.card.comparison for info in lab.runs() if info.run_id == pair[0])
    assert comparison is not None
    assert act("in_step", comparison=comparison.comparison_id, on=True) == {}
    assert all(i.card.comparison.in_step for i in lab.runs() if i.run_id in pair)
    assert act("in_step", comparison=comparison.comparison_id, on=False) == {}


BAD: list[tuple[str, dict[str, Any], str]] = [
    ("start", {"axes": {}}, "at least two"),
    ("start", {"axes": {"commit": ""}}, "λ_commit must be a list such as"),
    ("start", {"axes": {"commit": " , ;"}}, "λ_commit must be a list such as"),
    ("start", {"axes": {"commit": "0.1"}}, "at least two"),
    ("start", {"axes": {"commit": "0.1, 0.1"}}, "at least two"),
    ("start", {"axes": {"commit": "0.1, x"}}, "got 'x'"),
    ("start", {"axes": {"commit": "0.1, -1"}}, "λ_commit must be a number from 0"),
    ("start", {"axes": {"commit": "0.1, nan"}}, "λ_commit must be a number from 0"),
    ("start", {"axes": {"commit": "0.1, inf"}}, "λ_commit must be a number from 0"),
    ("start", {"axes": {"levels": "1, 2.5"}}, "levels must be a whole number from 1 to 8"),
    ("start", {"axes": {"levels": "1, 9"}}, "levels must be a whole number from 1 to 8"),
    ("start", {"axes": {"colour": "1, 2"}}, "setting must be one of commit"),
    ("start", {"axes": {"seed": ",".join(map(str, range(100))), "commit": "1,2"}}, "200 runs"),
    ("start", {"axes": {"seed": ",".join(map(str, range(10000)))}}, "10,000 runs"),
    ("start", {"axes": "commit"}, "axes must be an object"),
    ("start", {"axes": {"commit": "1,2"}, "fixed": {"levels": None}}, "levels must be"),
    ("start", {"axes": {"commit": "1,2"}, "fixed": {"size": 1}}, "config must be made of"),
    ("start", {"axes": {"commit": "1,2"}, "fixed": [1]}, "fixed must be an object"),
    ("start", {"axes": {"commit": "1,2"}, "live": {"codebook": -1}}, "λ_codebook must be"),
    ("start", {"axes": {"commit": "1,2"}, "until": 0}, "stop at step must be"),
    ("start", {"axes": {"commit": "1,2"}, "until": "soon"}, "stop at step must be"),
    ("start", {"axes": {"commit": "1,2"}, "name": "x" * 61}, "name must be"),
    ("start", {"axes": {"commit": "1,2"}, "fixed": {"dataset": "../x"}}, "dataset must be"),
    ("plan", {"axes": {"commit": "1"}}, "at least two"),
    ("pause", {}, "runs must be a list"),
    ("pause", {"runs": []}, "choose some first"),
    ("pause", {"runs": "run-a"}, "runs must be a list"),
    ("pause", {"runs": [1, 2]}, "runs must be a list"),
    ("stop", {"runs": ["run-a"] * 65}, "runs must be a list of 1 to 64"),
    ("set", {"runs": ["run-a"], "name": "levels", "value": 2}, "name must be one of commit"),
    ("set", {"runs": ["run-a"], "name": "commit", "value": "1"}, "λ_commit must be"),
    ("set", {"runs": ["run-a"], "name": "commit"}, "λ_commit must be"),
    ("set", {"runs": ["run-a"], "name": "dead_window", "value": 2.5}, "window must be a whole number from 1 to 100"),
    ("cure", {"runs": ["run-a"], "remedy": "prayer"}, "remedy must be one of none, reinit, split, ema_expiry"),
    ("cure", {"runs": ["run-a"]}, "remedy must be one of"),
    ("cure", {"runs": [], "remedy": "reinit"}, "choose some first"),
    (
        "start",
        {"axes": {"remedy": "none, ema_expiry"}},
        "remedy must be none, reinit or split, unless codebook_update is ema",
    ),
    ("start", {"axes": {"codebook_size": "16, 16/8/4"}}, "codebook_size must be one size for each of the 2 levels"),
    ("start", {"axes": {"codebook_size": "16/x"}}, "codebook size must be a list such as"),
    ("start", {"axes": {"commit": "1,2"}, "live": {"ema_decay": 1}}, "ema_decay must be"),
    ("start", {"axes": {"commit": "1,2"}, "live": {"levels": 3}}, "live setting must be one of"),
    ("scale", {"runs": ["run-a"], "name": "commit", "factor": -1}, "factor must be"),
    ("scale", {"runs": ["run-a"], "name": "commit", "factor": float("nan")}, "factor must be"),
    ("fork", {"run": "run-gone", "changes": {}}, "there is no run 'run-gone' any more"),
    ("fork", {"run": None}, "there is no run"),
    ("replay", {"run": "run-gone"}, "there is no run 'run-gone' any more"),
    ("describe", {"run": "run-gone", "name": "x"}, "there is no run"),
    ("in_step", {"comparison": "cmp-x", "on": True}, "there is no comparison 'cmp-x'"),
    ("in_step", {"comparison": "cmp-x", "on": "yes"}, "in_step must be true or false"),
    ("export", {"runs": ["run-gone"]}, "there is no run 'run-gone'"),
    ("export", {"runs": []}, "choose some first"),
    ("destroy", {}, "verb must be one of"),
]


@pytest.mark.parametrize(("verb", "command", "words"), BAD)
def test_a_mistake_is_said_in_words_and_starts_nothing(lab, act, verb, command, words) -> None:
    before = [info.run_id for info in lab.runs()]
    told = act(verb, **command)
    assert words in told["error"], told
    assert "\n" not in told["error"]
    assert [info.run_id for info in lab.runs()] == before


@pytest.mark.parametrize("command", [None, 3, [], "stop", {"verb": 1}, {"verb": ["stop"]}])
def test_what_is_no_command_is_said_to_be_none(lab, command) -> None:
    comparisons = Comparisons(lab)
    assert "verb must be one of" in Actions(lab, Hub(lab), comparisons).act(command)["error"]
    comparisons.close()


def test_forks_of_what_cannot_go_on_say_why(lab, act) -> None:
    wild = {"codebook": 1e6, "learning_rate": 1000.0}
    runs = act("start", axes={"commit": "1e6, 999999"}, fixed=SMALL, live=wild)["runs"]
    await_run(lab, runs[0], lambda info: info.status == "failed")
    assert "it is failed; reset it first" in act("fork", run=runs[0], changes={})["error"]
    act("stop", runs=runs)
    assert "it is stopped" in act("fork", run=runs[0], changes={})["error"]


def test_a_preset_is_started_by_its_name_on_the_pages_data_set(act, lab) -> None:
    told = act("preset", preset="estimators", dataset="mnist")
    infos = [info for info in lab.runs() if info.run_id in told["runs"]]
    assert [info.config for info in infos] == PRESETS["estimators"].configs()
    assert {info.card.comparison.comparison_id for info in infos} == {told["comparison"]}  # pyright: ignore[reportOptionalMemberAccess]
    act("stop", runs=told["runs"])


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ({}, "preset must be one of textbook"),
        ({"preset": "x" * 5000}, "preset must be one of"),
        ({"preset": {"a": 1}}, "preset must be one of"),
        ({"preset": "ema", "seed": "1"}, "seed must be"),
        ({"preset": "ema", "dataset": "no such"}, "dataset must be"),
    ],
)
def test_what_is_no_preset_is_refused_in_words(act, lab, command, words) -> None:
    before = len(lab.runs())
    assert words in act("preset", **command)["error"]
    assert len(lab.runs()) == before
