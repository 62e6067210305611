"""The cluster's files agree with one another: what can be set, what is explained, what is reported and shown."""

import json
import re

import pytest

from .stack import ROOT

COMPOSE = [ROOT / "docker-compose.yml", ROOT / "docker-compose.gpu.yml"]
USE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")


def used() -> dict[str, set[str]]:
    """Each variable of the compose files with the values that it has where it is not set."""
    found: dict[str, set[str]] = {}
    for path in COMPOSE:
        for name, kind, default in USE.findall(path.read_text()):
            found.setdefault(name, set()).update({default} if kind == "-" else ())
    return found


def explained() -> dict[str, str]:
    """Each line of .env.example; every one comes after a comment."""
    lines = (ROOT / ".env.example").read_text().splitlines()
    settings = [line.partition("=") for line in lines if line and not line.startswith("#")]
    return {name: value for name, _, value in settings}


def test_every_setting_of_the_compose_files_is_explained_and_no_other() -> None:
    assert explained().keys() == used().keys()


@pytest.mark.parametrize("name", sorted(used()))
def test_what_a_setting_is_where_nobody_sets_it_is_what_the_example_says(name: str) -> None:
    assert used()[name] <= {explained()[name]}


def test_all_that_runs_report_is_described_and_drawn_and_nothing_else() -> None:
    from actors.ray_metrics import FIGURES

    reported = {f"ray_{name}" for name in FIGURES}
    described = set(re.findall(r"`(ray_rqvae_\w+)`", (ROOT / "docs" / "cluster" / "metrics.md").read_text()))
    dashboard = json.loads((ROOT / "docs" / "cluster" / "dashboard.json").read_text())
    expressions = " ".join(target["expr"] for panel in dashboard["panels"] for target in panel["targets"])
    assert described == reported
    assert set(re.findall(r"ray_rqvae_\w+", expressions)) == reported
