"""The page's controls and their listeners, without a browser."""

import json
from itertools import pairwise
from typing import Any

import gradio as gr
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.comparisons import Comparisons
from explorer.config import RunConfig
from explorer.errors import ExplorerError, RunLost
from explorer.messages import STATUSES
from explorer.settings import LIVE_SETTINGS
from tests.ui.watching import CountingLab, run_info
from ui.bar import ALLOWED, bar_updates, picker_update
from ui.controls import WeightControl, as_config
from ui.help import COMPARE_HELP, HELP, help_mark
from ui.hub import Hub
from ui.live import message, on_show, tell, template
from ui.page import build_page
from ui.panel_help import PANEL_HELP
from ui.scales import SCALES, Scale

FIXED = {"dataset": "mnist", "levels": 2, "codebook_size": 16, "batch_size": 128, "seed": 0}


@pytest.mark.parametrize("scale", SCALES.values(), ids=list(SCALES))
def test_every_position_of_a_slider_is_the_position_of_its_value(scale: Scale) -> None:
    assert [scale.position(value) for value in scale.values] == list(range(len(scale.values)))


@pytest.mark.parametrize("scale", SCALES.values(), ids=list(SCALES))
def test_a_slider_rises(scale: Scale) -> None:
    assert all(low < high for low, high in pairwise(scale.values))


@pytest.mark.parametrize("name", LIVE_SETTINGS)
def test_a_slider_keeps_to_its_range_and_has_an_exact_zero_where_0_is_allowed(name: str) -> None:
    values = [LIVE_SETTINGS[name].check(name, value) for value in SCALES[name].values]
    assert (values[0] == 0) == (LIVE_SETTINGS[name].low == 0)
    assert LIVE_SETTINGS[name].whole == all(isinstance(value, int) for value in values)


@given(st.floats(1e-3, 100))
def test_a_slider_shows_any_value_within_an_eighth(value: float) -> None:
    shown = SCALES["commit"].value(SCALES["commit"].position(value))
    assert abs(shown / value - 1) < 0.125


@given(st.floats(0, 1e6))
def test_only_zero_is_shown_as_zero(value: float) -> None:
    assert (SCALES["commit"].position(value) == 0) == (value == 0)


def test_each_live_setting_has_a_slider_and_each_scale_a_setting() -> None:
    assert set(LIVE_SETTINGS) == set(SCALES)


def test_a_weight_without_effect_says_so_and_cannot_be_moved() -> None:
    parts = gr.HTML(), gr.Slider(), gr.Number()
    controls = {name: WeightControl(name, *parts) for name in ("commit", "codebook")}
    for update, moves in (("gradient", True), ("ema", False)):
        run = run_info(config=RunConfig(codebook_update=update))
        title, slider, number = controls["codebook"].updates(run)
        assert (slider["interactive"], number["interactive"]) == (moves, moves)
        assert ("no effect under EMA" in title["value"]) is not moves
        assert all(part["interactive"] for part in controls["commit"].updates(run)[1:])


@pytest.mark.parametrize("status", STATUSES)
def test_the_buttons_offer_what_the_status_allows(status: str) -> None:
    updates = dict(zip(("start", "pause", "step", "reset", "stop"), bar_updates(run_info(status=status)), strict=True))
    assert {verb for verb, update in updates.items() if update["interactive"]} == set(ALLOWED[status])
    assert [update.get("variant") for update in updates.values()].count("primary") == 1
    assert updates["start"]["value"] == ("▶ Resume" if status == "paused" else "▶ Start")


def test_without_a_run_there_is_nothing_to_do_but_start() -> None:
    assert [update["interactive"] for update in bar_updates(None)] == [True, False, False, False, False]


def test_the_picker_lists_the_newest_run_first() -> None:
    update = picker_update([run_info("run-a"), run_info("run-b", status="paused")], run_info("run-a"))
    assert update["choices"] == [("a run · paused", "run-b"), ("a run · running", "run-a")]
    assert update["value"] == "run-a"


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("levels", None, "levels must be a whole number from 1 to 8; its field is empty"),
        ("levels", 9, "levels must be a whole number from 1 to 8; got 9"),
        ("codebook_size", 1.5, "codebook_size must be"),
        ("seed", -1, "seed must be"),
        ("dataset", "MNIST!", "dataset must be"),
        ("dataset", None, "dataset must be given; its field is empty"),
        ("commit", None, "λ_commit must be a number from 0 to 1,000,000; its field is empty"),
        ("commit", -1.0, "λ_commit must be"),
        ("codebook", float("nan"), "λ_codebook must be"),
        ("learning_rate", -1.0, "learning_rate must be"),
    ],
)
def test_a_field_that_is_wrong_is_named_with_its_range(field: str, value: object, words: str) -> None:
    fixed, live = ({**part, **({field: value} if field in part else {})} for part in (FIXED, RunConfig().live))
    with pytest.raises(ExplorerError) as error:
        as_config(fixed, live)
    assert str(error.value).startswith(words)


def test_the_fields_as_they_come_make_the_default_config() -> None:
    assert as_config(FIXED, dict(RunConfig().live)) == RunConfig()


def test_what_goes_wrong_is_told_in_its_own_words_and_keeps_the_run_on_show() -> None:
    def act() -> None:
        raise RunLost("run-a is gone")

    hub = Hub(CountingLab())  # pyright: ignore[reportArgumentType]
    told = tell(hub, message("", run="run-a"), act)
    assert (on_show(told), on_show(told, "error")) == ("run-a", "run-a is gone")


@pytest.mark.parametrize("state", [None, "", "no json", "3", "[]", '{"walk": 1}', 7])
def test_a_page_that_says_nothing_shows_no_run(state: object) -> None:
    assert on_show(state) == ""
    assert json.loads(message(state))["run"] == ""


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")  # Gradio's, when it makes Blocks
def test_no_listener_of_the_page_queues_or_is_an_endpoint() -> None:
    lab: Any = CountingLab()
    comparisons = Comparisons(lab)
    page = build_page(lab, comparisons)
    comparisons.close()
    listeners = list(page.fns.values())
    assert len(listeners) > 15
    assert not [fn.name for fn in listeners if fn.queue or fn.api_visibility != "private"]
    assert not [fn.name for fn in listeners if fn.show_progress != "hidden"]


def test_each_panel_and_each_live_setting_has_its_help_in_the_page() -> None:
    assert set(LIVE_SETTINGS) <= set(HELP)
    panels = {
        "run.html": ("planes", "cumulative", "digits", "health", "curves"),
        "compare.html": (*COMPARE_HELP, *PANEL_HELP),
    }
    for name, topics in panels.items():
        assert "@help:" not in template(name)
        for topic in topics:
            assert help_mark(topic) in template(name)


def test_the_template_has_nothing_that_gradio_would_evaluate() -> None:
    for name in ("run.html", "compare.html"):
        assert not [sign for sign in ("${", "{{", "`", "\\") if sign in template(name)]
