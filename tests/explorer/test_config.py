"""Settings are refused at once, in words, or hold as given."""

import json
import math
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.config import Lambdas, RunConfig, check_name
from explorer.errors import ConfigError, UnknownRun
from explorer.settings import LAMBDA_SETTINGS, RUN_SETTINGS

BAD_NUMBERS = [-1, -1e-9, math.nan, math.inf, -math.inf, 1e7, "0.25", None, True, [1]]


@pytest.mark.parametrize("name", list(LAMBDA_SETTINGS))
@pytest.mark.parametrize("value", BAD_NUMBERS)
def test_a_bad_loss_weight_is_refused_with_its_name_and_range(name: str, value: object) -> None:
    with pytest.raises(ConfigError, match=rf"λ_{name} must be a number from 0 to 1,000,000; got "):
        Lambdas.from_dict({name: value})


@pytest.mark.parametrize(("name", "setting"), RUN_SETTINGS.items())
def test_every_setting_takes_its_bounds_and_nothing_beyond(name: str, setting) -> None:
    for value in (setting.low, setting.high):
        assert getattr(RunConfig.from_dict({name: value}), name) == value
    for value in (setting.low - 1, setting.high + 1, math.nan, "many", None):
        with pytest.raises(ConfigError, match=f"^{name} must be .*; got "):
            RunConfig.from_dict({name: value})


@given(
    st.floats(0, 1e6),
    st.floats(0, 1e6),
    st.integers(0, 2**31 - 1),
    st.integers(1, 8),
    st.integers(2, 1024),
    st.floats(0, 10),
)
def test_a_config_survives_json(commit, codebook, seed, levels, size, rate) -> None:
    config = RunConfig(
        seed=seed, levels=levels, codebook_size=size, learning_rate=rate, lambdas=Lambdas(commit, codebook)
    )
    assert RunConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


@pytest.mark.parametrize("values", [{"lambda": 1}, {"lambdas": {"comit": 1}}, {"lambdas": 3}, [], "x", {1: 2}])
def test_unknown_names_are_refused_and_the_known_ones_listed(values: object) -> None:
    with pytest.raises(ConfigError, match=r"made of .*(codebook|seed|settings)"):
        RunConfig.from_dict(values)


@pytest.mark.parametrize("name", ["", "MNIST", "../etc/passwd", "mnist ", "a" * 65, 3, None, "mnist;rm"])
def test_a_data_set_is_named_like_one_of_tfds(name: object) -> None:
    with pytest.raises(ConfigError, match="dataset must be the name of a TFDS data set"):
        RunConfig.from_dict({"dataset": name})


def test_updating_some_weights_leaves_the_others() -> None:
    assert Lambdas(0.1, 2.0).updated({"commit": 4}) == Lambdas(4.0, 2.0)


def test_whole_numbers_become_floats_so_that_nothing_compiles_anew() -> None:
    assert isinstance(Lambdas(1, 2).commit, float)
    assert isinstance(RunConfig(learning_rate=1).learning_rate, float)


def test_a_long_value_is_shortened_in_the_message() -> None:
    with pytest.raises(ConfigError) as refused:
        RunConfig(dataset="x" * 10_000)
    assert len(str(refused.value)) < 200


@pytest.mark.parametrize("name", ["", "   ", "x" * 61, "two\nlines", "\x00", 7, None])
def test_a_name_is_short_and_printable(name: object) -> None:
    with pytest.raises(ConfigError, match="name must be 1 to 60 printable characters"):
        check_name(name)


@pytest.mark.parametrize("error", [ConfigError("seed", -1, "a whole number"), UnknownRun("x", ["run-1"])])
def test_errors_keep_their_words_across_processes(error: Exception) -> None:
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is type(error)
    assert str(copy) == str(error)
