"""The presets' cards and notes, in a real browser without a server but one for files."""

from typing import Any

import pytest
from playwright.sync_api import Page

from explorer.presets import PRESETS
from tests.ui.test_modules import page as page
from tests.ui.test_modules import run
from ui.presets import gallery

pytestmark = pytest.mark.timeout(120)

CONTEXT = """
document.body.innerHTML = "";
const host = document.body.appendChild(document.createElement("div"));
host.style.width = "900px";
const style = document.head.appendChild(document.createElement("style"));
style.textContent = ".presets { display: grid; grid-template-columns: repeat(4, 200px); }";
const asked = [], selected = [];
const context = {
  settings: { presets: given.presets, dataset: "kmnist", most_runs: 3 },
  store: { comparisons: given.comparisons ?? [], shown: [] }, poller: { now() {} },
  act: async (command) => (asked.push(command), given.told ?? { runs: ["a", "b", "c", "d"] }),
  select: (ids) => selected.push(ids),
};
const cards = () => [...host.querySelectorAll("button")];
"""


def within(page: Page, body: str, **given: Any) -> Any:
    return run(page, "compare/presets.js", CONTEXT + body, {"presets": gallery(), **given})


def test_there_is_a_card_with_a_picture_of_its_own_for_every_preset(page: Page) -> None:
    body = """
    new module.Gallery(host, context);
    return cards().map((card) => [card.dataset.testid, card.querySelector(".glyph").dataset.drawn, card.innerText, card.title]);
    """
    cards = within(page, body)
    assert [testid for testid, *_ in cards] == [f"preset-{name}" for name in PRESETS]
    assert [drawn for _, drawn, *_ in cards] == list(PRESETS)
    for (_, _, words, title), preset in zip(cards, PRESETS.values(), strict=True):
        assert preset.title in words
        assert f"{len(preset.variants)} runs · {preset.steps:,} steps" in words
        assert title == preset.text


def test_a_click_starts_the_preset_once_and_shows_as_many_runs_as_fit(page: Page) -> None:
    body = """
    const gallery = new module.Gallery(host, context);
    gallery.enable(true);
    cards()[1].click(); cards()[2].click();
    await new Promise((resolve) => setTimeout(resolve, 20));
    return { asked, selected, disabled: cards().some((card) => card.disabled) };
    """
    read = within(page, body)
    assert read["asked"] == [{"verb": "preset", "preset": list(PRESETS)[1], "dataset": "kmnist"}]
    assert read["selected"] == [["a", "b", "c"]]
    assert not read["disabled"]


def test_where_the_start_is_refused_the_cards_stay_and_can_be_tried_again(page: Page) -> None:
    body = """
    const gallery = new module.Gallery(host, context);
    gallery.enable(false);
    const before = cards().every((card) => card.disabled);
    gallery.enable(true);
    cards()[0].click();
    await new Promise((resolve) => setTimeout(resolve, 20));
    return { before, selected, disabled: cards().some((card) => card.disabled) };
    """
    assert within(page, body, told={"error": "no room"}) == {"before": True, "selected": [], "disabled": False}


@pytest.mark.parametrize(
    ("keys", "at"),
    [
        (["ArrowRight"], 1),
        (["ArrowLeft"], 0),
        (["ArrowDown"], 4),
        (["ArrowDown", "ArrowRight", "ArrowUp"], 1),
        (["End"], len(PRESETS) - 1),
        (["End", "ArrowRight"], len(PRESETS) - 1),
        (["End", "Home"], 0),
        (["x"], 0),
    ],
)
def test_arrow_keys_walk_through_the_cards_in_rows_and_columns(page: Page, keys: list[str], at: int) -> None:
    body = """
    const gallery = new module.Gallery(host, context);
    gallery.enable(true);
    cards()[0].focus();
    for (const key of given.keys) document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
    return cards().indexOf(document.activeElement);
    """
    assert within(page, body, keys=keys) == at


NOTES = """
const notes = new module.PresetNotes(host, context);
const runs = given.runs.map((comparison) => ({ entry: { comparison } }));
notes.update(runs);
const words = () => [...host.querySelectorAll("p")].map((text) => text.textContent);
"""
COMPARISONS = [
    {"id": "one", "preset": "ema"},
    {"id": "two", "preset": ""},
    {"id": "three", "preset": "cures"},
    {"id": "four", "preset": "of another release"},
]


@pytest.mark.parametrize(
    ("runs", "told"),
    [(["one", "one"], ["ema"]), (["two", ""], []), (["one", "three"], ["ema", "cures"]), ([], []), (["four"], [])],
)
def test_what_to_look_for_is_told_of_the_presets_whose_runs_are_on_show(page: Page, runs, told) -> None:
    read = within(page, NOTES + "return [words(), host.hidden];", runs=runs, comparisons=COMPARISONS)
    assert read == [[PRESETS[name].text for name in told], not told]


def test_a_note_that_was_closed_stays_closed(page: Page) -> None:
    body = NOTES + "host.querySelector('button').click(); notes.update(runs); return [words(), host.hidden];"
    assert within(page, body, runs=["one"], comparisons=COMPARISONS) == [[], True]


@pytest.mark.parametrize(
    ("reaches", "near"),
    [
        ([1.0, 1.2], [True, True]),
        ([1.0, 4e7], [True, False]),
        ([4e7, 1.0, 2.0], [False, True, True]),
        ([1.0, 3.9, 4.1], [True, True, True]),
        ([1.0, 1.0, 4.1], [True, True, False]),
        ([0.0, 0.0], [True, True]),
        ([5.0], [True]),
        ([], []),
    ],
)
def test_a_run_that_runs_away_does_not_stretch_the_axes_of_the_others(page: Page, reaches, near) -> None:
    boxes = [[-reach / 2, -reach, reach / 3, reach / 4] for reach in reaches]
    assert run(page, "compare/cards.js", "return module.within(given);", boxes) == near
