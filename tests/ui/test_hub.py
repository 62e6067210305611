"""The hub: one reader of the lab for all who watch."""

import base64
import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from explorer.errors import LabUnavailable, RunLost
from tests.ui.watching import CountingLab, run_info, snapshot
from ui.hub import Hub
from ui.packing import Part, plain


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def lab() -> CountingLab:
    return CountingLab()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def hub(lab: CountingLab, clock: Clock) -> Hub:
    return Hub(lab, tick=0.2, clock=clock)  # pyright: ignore[reportArgumentType]


def told(parts: list[Part | bytes]) -> dict[str, Any]:
    return json.loads(plain(parts))


def ask(hub: Hub, **known: Any) -> dict[str, Any]:
    return told(hub.answer({"run": "run-a", **known}))


def test_a_hundred_viewers_cost_the_lab_one_question_a_tick(hub: Hub, lab: CountingLab, clock: Clock) -> None:
    answers = {plain(hub.answer({"run": "run-a"})) for _ in range(100)}
    assert (lab.polls, lab.listings, len(lab.histories), len(answers)) == (1, 1, 1, 1)
    clock.now = 0.3
    hub.answer({"run": "run-a"})
    assert (lab.polls, lab.listings) == (2, 1)
    clock.now = 0.9
    hub.answer({"run": "run-a"})
    assert (lab.polls, lab.listings) == (3, 2)


def test_what_was_changed_through_this_page_is_listed_at_once(hub: Hub, lab: CountingLab, clock: Clock) -> None:
    hub.runs()
    clock.now = 0.1
    hub.touch()
    hub.runs()
    assert lab.listings == 2


def test_who_knows_everything_hears_nothing(hub: Hub) -> None:
    first = ask(hub)
    assert set(first) == {"listed", "list", "snapshot", "fixed", "history"}
    assert ask(hub, listed=first["listed"], version=1, fixed=True) == {}


def test_labels_and_inputs_come_once(hub: Hub, lab: CountingLab, clock: Clock) -> None:
    assert "fixed" in ask(hub, version=None, fixed=False)
    lab.snapshot, clock.now = snapshot(2), 1.0
    assert "fixed" not in ask(hub, version=1, fixed=True)


def test_the_fixed_part_waits_for_the_model(hub: Hub, lab: CountingLab, clock: Clock) -> None:
    lab.snapshot = replace(snapshot(1), view=None, status="compiling")
    first = ask(hub)
    assert "fixed" not in first
    assert first["snapshot"]["view"] is None
    lab.snapshot, clock.now = snapshot(2), 1.0
    assert "fixed" in ask(hub, version=1, fixed=False)


def test_curves_come_in_increments_and_the_run_tab_gets_only_the_losses(hub: Hub, lab: CountingLab) -> None:
    place = {"generation": 0, "stride": 1, "step": 5}
    history = ask(hub, history=place)["history"]
    assert list(history["columns"]) == ["loss/recon"]
    assert (history["after"], history["stride"], lab.histories) == (5, 1, [0])


@pytest.mark.parametrize("changed", [{"stride": 2}, {"generation": 1}])
def test_curves_come_whole_after_a_reset_or_another_stride(hub: Hub, lab: CountingLab, changed: dict[str, int]) -> None:
    for name, value in changed.items():
        setattr(lab, name, value)
    history = ask(hub, history={"generation": 0, "stride": 1, "step": 5})["history"]
    assert (history["after"], lab.histories) == (0, [0])


def test_steps_alone_are_no_news_of_the_list(hub: Hub, lab: CountingLab, clock: Clock) -> None:
    listed = ask(hub)["listed"]
    lab.infos, clock.now = [run_info(step=999)], 1.0
    assert "list" not in ask(hub, listed=listed)
    lab.infos, clock.now = [run_info(status="paused")], 2.0
    assert ask(hub, listed=listed)["list"]["runs"][0]["status"] == "paused"


def test_another_process_of_the_server_sends_its_list_anew(lab: CountingLab) -> None:
    listed = ask(Hub(lab))["listed"]  # pyright: ignore[reportArgumentType]
    assert "list" in ask(Hub(lab), listed=listed)  # pyright: ignore[reportArgumentType]


def test_a_run_that_nobody_knows_is_said_to_be_unknown(hub: Hub) -> None:
    answer = told(hub.answer({"run": "run-x"}))
    assert answer["unknown"] == "run-x"
    assert "snapshot" in ask(hub)


def test_a_run_that_does_not_answer_keeps_its_last_picture_and_says_why(
    hub: Hub, lab: CountingLab, clock: Clock
) -> None:
    ask(hub)
    lab.trouble, clock.now = RunLost("run-a does not answer"), 1.0
    answer = ask(hub)
    assert answer["trouble"] == "run-a does not answer"
    assert answer["snapshot"]["step"] == 7
    lab.trouble, clock.now = None, 2.0
    assert "trouble" not in ask(hub)


def test_a_lab_that_starts_says_what_it_waits_for(hub: Hub, lab: CountingLab) -> None:
    lab.trouble = LabUnavailable("Ray is starting")
    assert told(hub.answer({}))["list"]["lab"] == {
        "kind": "",
        "ready": False,
        "message": "Ray is starting",
        "data_source": "",
        "capacity": None,
    }


def test_what_the_page_changed_is_seen_at_once(hub: Hub, lab: CountingLab) -> None:
    ask(hub)
    lab.snapshot = snapshot(2, step=8)
    assert "snapshot" not in ask(hub, version=1)
    hub.touch()
    assert ask(hub, version=1)["snapshot"]["step"] == 8


@pytest.mark.parametrize(
    "question",
    [
        None,
        3,
        "run-a",
        [],
        [1, 2],
        {"run": 5},
        {"run": None},
        {"run": "run-a" * 10000},
        {"run": "run-a", "history": "all"},
        {"run": "run-a", "history": {"step": "7", "stride": None}},
        {"run": "run-a", "history": {"step": -1}},
        {"run": "run-a", "history": {"step": 2**80}},
        {"run": "run-a", "history": {"step": True, "stride": [], "generation": {}}},
        {"run": "run-a", "version": {}, "fixed": "yes", "listed": 0},
    ],
)
def test_a_question_that_makes_no_sense_counts_as_knowing_nothing(hub: Hub, question: object) -> None:
    assert "list" in told(hub.answer(question))
    assert "snapshot" in ask(hub)


def ask_many(hub: Hub, runs: dict[str, Any], **known: Any) -> dict[str, Any]:
    return told(hub.answer_many({"runs": runs, **known}))


def test_many_runs_cost_the_lab_one_poll_a_tick_however_many_look(clock: Clock) -> None:
    lab = CountingLab(names=("run-a", "run-b", "run-c"))
    hub = Hub(lab, tick=0.2, clock=clock)  # pyright: ignore[reportArgumentType]
    known: dict[str, Any] = {run_id: {} for run_id in ("run-a", "run-b", "run-c")}
    answers = {plain(hub.answer_many({"runs": known})) for _ in range(50)}
    assert (lab.polls, lab.listings, len(lab.histories), len(answers)) == (1, 1, 3, 1)
    assert set(json.loads(answers.pop())["runs"]) == set(known)
    clock.now = 0.3
    hub.answer_many({"runs": known})
    assert (lab.polls, len(lab.histories)) == (2, 3)


def test_a_comparison_gets_every_metric_and_the_probes_once(hub: Hub, lab: CountingLab, clock: Clock) -> None:
    first = ask_many(hub, {"run-a": {}})["runs"]["run-a"]
    assert set(first) == {"snapshot", "fixed", "history", "probe"}
    assert set(first["history"]["columns"]) == {"loss/recon", "codebook/active/0"}
    lab.snapshot, clock.now = snapshot(2), 1.0
    has = {"version": 1, "fixed": True, "probe": {"generation": 0, "count": 2}}
    assert set(ask_many(hub, {"run-a": has})["runs"]["run-a"]) == {"snapshot", "history"}


def test_a_run_that_vanished_leaves_the_others_of_the_comparison_alone(hub: Hub) -> None:
    runs = ask_many(hub, {"run-a": {}, "run-x": {}})["runs"]
    assert runs["run-x"] == {"unknown": "run-x"}
    assert runs["run-a"]["snapshot"]["step"] == 7


def test_the_divergence_of_a_run_from_itself_is_nothing(hub: Hub) -> None:
    apart = ask_many(hub, {"run-a": {}}, divergence=["run-a", "run-a"])["divergence"]
    assert np.frombuffer(base64.b64decode(apart["steps"]), "<i4").tolist() == [0, 50]
    assert not np.frombuffer(base64.b64decode(apart["codes"]), "<f4").any()


@pytest.mark.parametrize(
    "question",
    [
        None,
        {"runs": ["run-a"]},
        {"runs": {"run-a": 5, "": {}, "x" * 9999: None}},
        {"runs": {"run-a": {"probe": [1], "history": 3}}, "divergence": ["run-a"]},
        {"runs": {"run-a": {}}, "divergence": [{}, []]},
        {"runs": {f"run-{i}": {} for i in range(1000)}},
    ],
)
def test_a_question_about_many_that_makes_no_sense_counts_as_knowing_nothing(hub: Hub, question: object) -> None:
    assert "list" in told(hub.answer_many(question))
