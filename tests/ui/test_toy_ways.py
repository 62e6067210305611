"""A new way of the tables is found wherever people choose: nothing of the page or the command line names the ways itself."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from actors.comparisons import Comparisons
from explorer.choices import CHOICES, Way
from explorer.config import RunConfig
from tests.ui.watching import CountingLab, run_info
from ui.actions import Actions
from ui.api import told
from ui.arguments import parse, run_config
from ui.cures import cures, offered
from ui.hub import Hub
from ui.page import build_page
from ui.payload import encode_lab
from ui.sweep_arguments import sweep_configs
from ui.tabs.compare import settings

TOYS = [("codebook_init", "circle"), ("remedy", "prayer"), ("recon_loss", "huber"), ("distance", "taxicab")]
pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")  # Gradio's, when it makes Blocks


@pytest.fixture(params=TOYS, ids=[name for _, name in TOYS])
def toy(request, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    """One more way in the table: the choice, and the way's name."""
    choice, name = request.param
    ways = CHOICES[choice].ways
    assert isinstance(ways, Mapping)
    monkeypatch.setitem(ways, name, Way("as in the toy box", "tests.ui.test_toy_ways:toy"))  # pyright: ignore[reportArgumentType]
    return choice, name


def test_a_toy_way_is_on_the_page(toy: tuple[str, str]) -> None:
    choice, name = toy
    lab: Any = CountingLab()
    comparisons = Comparisons(lab)
    page = build_page(lab, comparisons)
    comparisons.close()
    props = [component["props"] for component in page.config["components"]]
    field = next(part for part in props if part.get("elem_id") == f"field-{choice}")
    assert [f"{name} · as in the toy box", name] in [list(pair) for pair in field["choices"]]
    live = next(part["props"] for part in props if part.get("elem_id") == "live")
    assert (name in live["remedies"]) == (name in live["cures"]) == (choice == "remedy")
    compare = settings(RunConfig())
    assert compare["axes"][choice]["ways"][name] == "as in the toy box"
    assert choice in [axis for names in compare["fixed"].values() for axis in names]


def test_a_toy_way_is_taken_by_the_command_line_and_told_by_the_endpoints(toy: tuple[str, str]) -> None:
    choice, name = toy
    flag = f"--{choice.replace('_', '-')}"
    assert getattr(run_config(parse(["train", "--out", "out", flag, name])), choice) == name
    (config,) = sweep_configs(parse(["sweep", "--out", "out", flag, name]))
    assert getattr(config, choice) == name
    assert name in told("@ways@")


def test_a_toy_remedy_is_a_cure_of_every_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CHOICES["remedy"].ways, "prayer", Way("they hope"))  # pyright: ignore[reportArgumentType]
    run = run_info()
    assert offered(run) == ["reinit", "split", "prayer", "entropy"]
    assert cures()["prayer"].changes == {"remedy": "prayer"}
    (entry,) = json.loads(encode_lab(CountingLab().info(), [run]))["runs"]
    assert entry["remedies"] == ["reinit", "split", "prayer"]
    lab: Any = CountingLab()
    comparisons = Comparisons(lab)
    asked = Actions(lab, Hub(lab), comparisons).act({"verb": "cure", "runs": ["run-a"], "remedy": "hope"})
    comparisons.close()
    assert asked["error"] == "remedy must be one of none, reinit, split, ema_expiry, prayer; got 'hope'"


def test_only_runs_whose_codes_are_averages_are_offered_what_judges_by_averages() -> None:
    assert "ema_expiry" not in offered(run_info())
    averaged = RunConfig(codebook_update="ema", remedy="reinit")
    assert offered(run_info(config=averaged, live={**averaged.live, "entropy": 0.5})) == ["split", "ema_expiry"]
