"""Studies: runs of every variant and seed, and figures with their spread over the seeds."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer import figures
from explorer.errors import ConfigError
from explorer.study import STUDIES, Outcome, Spread, find_study, markdown, spreads

STUDY = STUDIES["codebooks"]


def test_the_study_has_each_update_rule_and_each_cure() -> None:
    runs = STUDY.runs([0, 1, 2])
    configs = {config for _, config in runs}
    assert len(runs) == len(configs) == 3 * len(STUDY.variants)
    met = {(config.codebook_update, config.remedy) for config in configs}
    assert met >= {(update, cure) for update in ("gradient", "ema") for cure in ("none", "reinit", "split")}
    assert ("ema", "ema_expiry") in met
    assert any(config.lambdas.entropy for config in configs)
    assert any(config.lambdas.transport for config in configs)


def test_the_runs_of_one_seed_come_before_those_of_the_next() -> None:
    assert [config.seed for _, config in STUDY.runs([5, 3])] == [5] * len(STUDY.variants) + [3] * len(STUDY.variants)


@pytest.mark.parametrize(
    ("seeds", "message"),
    [
        ([], "at least one"),
        ([0, 0], "each once"),
        ([-1], "seed"),
        ([2**31], "seed"),
        (range(50), "at most 7: the study has 9"),
    ],
)
def test_seeds_that_cannot_be_are_refused(seeds, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        STUDY.runs(list(seeds))


@pytest.mark.parametrize("name", ["", "codebook", None, 1, ["codebooks"]])
def test_an_unknown_study_is_refused_and_the_known_ones_are_named(name: object) -> None:
    with pytest.raises(ConfigError, match="study must be one of codebooks"):
        find_study(name)


@given(st.lists(st.floats(0, 1000), min_size=1, max_size=9))
def test_a_spread_is_the_mean_and_the_range(values: list[float]) -> None:
    spread = Spread.of(values)
    np.testing.assert_allclose(spread.mean, np.mean(values), rtol=1e-12, atol=1e-12)
    assert (spread.low, spread.high) == (min(values), max(values))


def test_a_spread_of_nothing_is_a_dash_and_of_one_value_that_value() -> None:
    assert math.isnan(Spread.of([]).mean)
    assert Spread.of([]).words(2) == "–"
    assert Spread.of([0.5]).words(2) == "0.50"
    assert Spread.of([0.5, 0.7]).words(1) == "0.6 (0.5–0.7)"


OUTCOMES = [
    Outcome("gradient", 0, 0.0440, 21, 9.0),
    Outcome("gradient", 1, 0.0460, 23, 11.0),
    Outcome("ema", 0, 0.0410, 30, 14.0),
]


def test_figures_are_those_of_the_variant_alone() -> None:
    told = spreads(OUTCOMES, "gradient")
    assert told["active"] == Spread(22.0, 21.0, 23.0)
    assert told["perplexity"] == Spread(10.0, 9.0, 11.0)


def test_the_table_has_a_line_a_variant_with_the_best_in_bold_and_dashes_where_no_run_finished() -> None:
    lines = markdown(STUDY, OUTCOMES).splitlines()
    assert len(lines) == 2 + len(STUDY.variants)
    by_variant = {line.split(" | ")[0].strip("| "): line for line in lines[2:]}
    assert by_variant["gradient"] == "| gradient | 0.0450 (0.0440–0.0460) | 22.0 (21.0–23.0) | 10.0 (9.0–11.0) | 2 |"
    assert by_variant["ema"] == "| ema | **0.0410** | 30.0 | 14.0 | 1 |"
    assert by_variant["ema+split"] == "| ema+split | – | – | – | 0 |"
    assert sum("**" in line for line in lines) == 1


@pytest.mark.parametrize("outcomes", [[], OUTCOMES[:1], OUTCOMES])
def test_the_figure_has_a_dot_for_each_seed(outcomes: list[Outcome]) -> None:
    figure = figures.study(STUDY, outcomes, 3000)
    for name in ("mse", "active", "perplexity"):
        (axes,) = [axes for axes in figure.axes if axes.get_label() == name]
        dots = [xy for collection in axes.collections for xy in np.asarray(collection.get_offsets()).tolist()]
        assert sorted(x for x, _ in dots) == sorted(float(getattr(outcome, name)) for outcome in outcomes)
    figure.canvas.draw()
