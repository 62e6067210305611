"""What the page says of a run's health, and what it offers to do about it: the page's own modules in a real browser."""

from typing import Any

import pytest
from playwright.sync_api import Page

from explorer.settings import LIVE_SETTINGS
from tests.ui.test_modules import page as page
from tests.ui.test_modules import run
from ui.cures import cures_json
from ui.scales import SCALES

pytestmark = pytest.mark.timeout(120)

BADGES = [
    {"tone": tone, "words": words, "advice": f"Advice {i}.", "level": None}
    for i, (tone, words) in enumerate(
        [("bad", "level 1: 44% dead"), ("warn", "rising"), ("note", "idle"), ("note", "<b>")]
    )
]
SHOW = """
const host = document.createElement("div"), list = document.createElement("ul");
host.style.width = `${given.width}px`;
list.id = "badge-list";
document.body.replaceChildren(host, list);
const shown = new module.Badges(host, list);
shown.update(given.badges);
await new Promise((resolve) => setTimeout(resolve, 200));
return {
  seen: [...host.children].map((badge) => [badge.textContent, badge.dataset.tone, badge.title, badge.getAttribute("aria-label")]),
  all: [...list.children].map((entry) => entry.textContent),
};
"""


@pytest.mark.parametrize(
    ("width", "count", "texts"),
    [
        (600, 0, []),
        (600, 1, ["level 1: 44% dead"]),
        (600, 2, ["level 1: 44% dead", "rising"]),
        (600, 4, ["level 1: 44% dead", "rising", "+2 more"]),
        (200, 4, ["level 1: 44% dead", "+3 more"]),
    ],
)
def test_two_badges_at_most_are_in_sight_and_the_rest_are_counted(page: Page, width, count, texts) -> None:
    read = run(page, "badges.js", SHOW, {"width": width, "badges": BADGES[:count]})
    assert [text for text, *_ in read["seen"]] == texts
    assert read["all"] == [f"{badge['words']}{badge['advice']}" for badge in BADGES[:count]]
    if count:
        assert read["seen"][0][1:] == ["bad", "Advice 0.", "level 1: 44% dead. Advice 0."]


TREAT = """
const asked = [];
const host = document.body.appendChild(document.createElement("div"));
const remedies = new module.Remedies(host, given, async (command) => {
  asked.push(command);
  return { applied: { "run-a": { step: 12 } } };
});
const view = (dead) => ({ window: 50, dead: [true, false, dead, dead] });
const entry = { id: "run-a", name: "mine", status: "running", remedies: ["reinit", "split"], ...given.entry };
entry.cures = ["split", "entropy"];
const said = () => host.querySelector("[data-testid=dead-count]").textContent;
const buttons = [...host.querySelectorAll("[data-testid^=cure-]:not(#cure-menu)")];
const state = () => buttons.map((b) => [b.textContent, b.hidden, b.disabled, b.title]);
const show = (dead, step, changes = []) => remedies.update(entry, { step }, given.view === null ? null : view(dead), { changes });
"""
TREATED = """
show(true, 10);
const before = [said(), state()];
host.querySelector("[data-testid=cure-reinit]").click();
await new Promise((resolve) => setTimeout(resolve, 50));
const asked_for = said();
show(true, 14, [{ name: "remedy", step: 12, by: "hand", moved: [[0, 2], [1, 1]] }]);
const moved = said();
show(true, 15, []);
return { before, asked, asked_for, moved, late: said() };
"""


def remedies(page: Page, body: str, **given: Any) -> Any:
    return run(page, "remedies.js", TREAT + body, {**cures_json(), **given})


def test_a_remedy_acts_once_and_says_before_which_step(page: Page) -> None:
    read = remedies(page, TREATED)
    said, buttons = read["before"]
    assert said == "3 dead codes"
    assert [(label, hidden, disabled) for label, hidden, disabled, _ in buttons] == [
        ("Reinit", False, False),
        ("Split", False, False),
        ("EMA expiry", True, False),
    ]
    assert read["asked"] == [{"verb": "cure", "runs": ["run-a"], "remedy": "reinit"}]
    assert read["asked_for"] == "✓ Reinit acts before step 12"
    assert read["moved"] == "✓ Reinit: 3 moved at step 12"
    assert read["late"] == "Reinit: nothing was dead"


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"entry": {"status": "stopped"}}, "A run that trains or is paused can be treated"),
        ({"entry": {"status": "pending"}}, "A run that trains or is paused can be treated"),
        ({"view": None}, "No batch yet"),
    ],
)
def test_a_remedy_that_cannot_act_says_why(page: Page, given, why) -> None:
    buttons = remedies(page, "show(true, 10); return state();", **given)
    assert [(disabled, title) for _, hidden, disabled, title in buttons if not hidden] == [(True, why)] * 2


def test_what_has_no_dead_codes_needs_no_remedy(page: Page) -> None:
    body = "remedies.update(entry, { step: 9 }, { window: 9, dead: [false] }, { changes: [] }); return [said(), state()[0]];"
    assert remedies(page, body) == ["no dead codes", ["Reinit", False, True, "No code is dead"]]


def test_a_fork_is_offered_the_cures_that_the_run_has_not(page: Page) -> None:
    body = (
        "show(true, 10); const menu = host.querySelector('#cure-menu');"
        "return [...menu.querySelectorAll('button')].filter((b) => !b.hidden).map((b) => b.querySelector('b').textContent);"
    )
    assert remedies(page, body) == ["Split", "Entropy λ = 0.1"]


@pytest.mark.parametrize("name", LIVE_SETTINGS)
def test_a_slider_of_the_compare_tab_stands_where_the_run_tabs_stands(page: Page, name: str) -> None:
    scale = SCALES[name]
    values = [*scale.values, *(value * 1.01 for value in scale.values[1::7]), LIVE_SETTINGS[name].high]
    body = (
        "const row = new module.WeightRow('x', { label: 'x', help: '' }, given.scale, 'p', async () => '');"
        "return given.values.map((value) => { row.show(value); return Number(row.slider.value); });"
    )
    read = run(page, "compare/weights.js", body, {"scale": list(scale.values), "values": values})
    assert read == [scale.position(value) for value in values]


def test_a_row_without_effect_says_why_and_cannot_be_moved(page: Page) -> None:
    body = """
    const row = new module.WeightRow("x", { label: "x", help: "" }, [0, 1, 2], "p", async () => "");
    const read = () => [row.slider.disabled, row.field.disabled, row.ack.textContent];
    row.idle("no effect under EMA");
    const idle = read();
    row.idle("");
    return [idle, read()];
    """
    assert run(page, "compare/weights.js", body) == [[True, True, "no effect under EMA"], [False, False, ""]]
