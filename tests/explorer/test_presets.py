"""Presets: comparisons that can be started, each told in two sentences."""

import re
import subprocess
import sys

import pytest

from explorer.config import RunConfig
from explorer.errors import ConfigError
from explorer.presets import PRESETS, find_preset
from explorer.settings import STEPS
from explorer.sweep import differing, name_by


def test_the_gallery_has_what_the_field_teaches() -> None:
    wanted = {
        "textbook",
        "no-commitment",
        "too-much-commitment",
        "bad-start",
        "ema",
        "loss-forms",
        "cures",
        "estimators",
        "sizes",
    }
    assert wanted <= set(PRESETS)
    assert all(name == preset.name for name, preset in PRESETS.items())
    assert len({preset.title for preset in PRESETS.values()}) == len(PRESETS)


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_is_a_comparison_of_runs_that_are_named_by_what_differs(name: str) -> None:
    preset = PRESETS[name]
    configs = preset.configs()
    assert 2 <= len(configs) == len(set(configs)) <= 16
    names = preset.names
    assert len(set(names)) == len(names) == len(configs)
    assert max(map(len, names)) <= 38  # what a card of four beside one another has room for
    if not preset.called:
        assert names == [name_by(config, differing(configs)) for config in configs]
    assert STEPS.check("steps", preset.steps) == preset.steps
    assert 1 <= len(preset.title) <= 60


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_is_told_in_two_sentences(name: str) -> None:
    text = PRESETS[name].text
    assert len(re.findall(r"[.!?](?=\s|$)", text)) == 2
    assert text.endswith(".")
    assert 100 < len(text) < 420


def test_a_seed_and_a_data_set_are_those_of_all_runs_and_nothing_else_changes() -> None:
    for preset in PRESETS.values():
        plain, other = preset.configs(), preset.configs(7, "fashion_mnist")
        assert [config.seed - 7 for config in other] == [config.seed for config in plain]
        assert {config.dataset for config in other} == {"fashion_mnist"}
        told = [config.to_dict() | {"seed": 0, "dataset": ""} for config in plain]
        assert told == [config.to_dict() | {"seed": 0, "dataset": ""} for config in other]


def test_the_four_cures_stand_beside_runs_without_one_that_share_all_else() -> None:
    configs = find_preset("cures").configs()
    cures = {config.remedy for config in configs} | {"entropy" for config in configs if config.lambdas.entropy}
    assert cures == {"none", "reinit", "split", "ema_expiry", "entropy"}
    for update in ("gradient", "ema"):
        untreated = [c for c in configs if (c.codebook_update, c.remedy, c.lambdas.entropy) == (update, "none", 0)]
        assert len(untreated) == 1


def test_the_sizes_have_equal_nominal_bits() -> None:
    for config in find_preset("sizes").configs():
        assert RunConfig(levels=config.levels, codebook_size=config.codebook_size).sizes[0] ** config.levels == 256


@pytest.mark.parametrize("name", ["", "Textbook", "../x", None, 3, ["textbook"], "x" * 1000])
def test_an_unknown_preset_is_refused_and_the_known_ones_are_named(name: object) -> None:
    with pytest.raises(ConfigError, match="preset must be one of textbook, no-commitment") as refusal:
        find_preset(name)
    assert len(str(refusal.value)) < 400


@pytest.mark.parametrize("seed", [-1, 2**31 - 1, 1.5, "0", None, True, float("nan")])
def test_a_seed_that_cannot_be_is_refused(seed) -> None:
    with pytest.raises(ConfigError, match="seed must be a whole number"):
        find_preset("textbook").configs(seed)


def test_presets_and_studies_need_the_standard_library_only() -> None:
    code = "import sys, explorer.presets, explorer.study; print({'numpy', 'jax'} & set(sys.modules))"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert answer.stdout.strip() == "set()"
