"""What every Lab refuses, and how it says so: runs that are unknown, values that are bad, data that cannot be had."""

import pytest

from explorer.config import RunConfig
from explorer.errors import ConfigError, UnknownRun
from tests.actors.labs.conftest import CONFIG, await_info, await_step, find

VERBS = {
    "get_snapshot": (),
    "get_history": (),
    "get_probes": (),
    "get_state": (),
    "describe": (),
    "remove": (),
    "pause": (),
    "resume": (),
    "step": (1,),
    "reset": (),
    "stop": (),
    "set_lambdas": ({"commit": 1},),
    "set_live": ({"learning_rate": 0.1},),
    "cure": ("reinit",),
}


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("run_id", ["run-missing", "", None, 3, "../x"])
def test_an_unknown_run_is_said_to_be_unknown_by_every_verb(lab, shared, verb: str, run_id: object) -> None:
    with pytest.raises(UnknownRun, match=f"known runs: .*{shared.run_id}"):
        getattr(lab, verb)(run_id, *VERBS[verb])


@pytest.mark.parametrize(
    ("verb", "value"),
    [
        ("set_lambdas", {"commit": -1}),
        ("set_lambdas", {"comit": 1}),
        ("set_lambdas", {"commit": float("nan")}),
        ("set_lambdas", {"commit": "1"}),
        ("set_live", {"learning_rate": -1}),
        ("set_live", {"learning_rate": float("inf")}),
        ("set_live", {"levels": 3}),
        ("set_live", {"dead_window": 101}),
        ("step", 0),
        ("step", 1.5),
        ("step", 10**9),
    ],
)
def test_a_bad_value_is_refused_and_the_run_goes_on_as_it_was(lab, shared, verb: str, value: object) -> None:
    before = find(lab, shared.run_id)
    with pytest.raises(ConfigError):
        getattr(lab, verb)(shared.run_id, value)
    after = await_step(lab, shared.run_id, before.step + 1)
    assert (after.status, after.live) == ("running", before.live)


def test_a_bad_name_starts_nothing(lab, shared) -> None:
    before = len(lab.runs())
    with pytest.raises(ConfigError, match="name must be"):
        lab.start(CONFIG, "x" * 61)
    assert len(lab.runs()) == before


def test_a_data_set_that_cannot_be_had_fails_the_run_in_words(lab, start) -> None:
    info = start(RunConfig(dataset="no_such_set"))
    failed = await_info(lab, info.run_id, lambda info: info.status == "failed")
    assert "no_such_set" in failed.reason
