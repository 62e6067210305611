"""Every way of training that can be chosen: trains, changes what it should, and repeats itself exactly."""

from dataclasses import replace
from itertools import combinations
from typing import Any

import jax
import numpy as np
import pytest

from explorer.choices import CHOICES, way
from explorer.config import Lambdas, RunConfig
from explorer.errors import ConfigError
from explorer.model.rqvae import Parameters
from explorer.training.trainer import Trainer

SMALL = RunConfig(batch_size=8, codebook_size=4)
DEFAULTS = {name: getattr(SMALL, name) for name in CHOICES}
OTHERS = [
    (name, other)
    for name, choice in CHOICES.items()
    if name != "remedy"
    for other in choice.ways
    if other != DEFAULTS[name]
]
FACTORS: dict[str, list[Any]] = {
    **{name: list(choice.ways) for name, choice in CHOICES.items()},
    "codebook_size": [4, (5, 3)],
    "latent_dim": [2, 3],
    "lambdas": [Lambdas(), Lambdas(entropy=0.1, transport=0.1)],
}
"""What a covering array is made of: every choice, and a few shapes and weights."""


def allowed(one: dict[str, Any]) -> bool:
    try:
        return bool(replace(SMALL, **one))
    except ConfigError:
        return False


def covering() -> list[dict[str, Any]]:
    """Settings that together hold every pair of ways that is allowed, found greedily."""
    pairs = {
        frozenset({(a, i), (b, j)})
        for a, b in combinations(FACTORS, 2)
        for i, x in enumerate(FACTORS[a])
        for j, y in enumerate(FACTORS[b])
        if allowed({"codebook_update": "ema", a: x, b: y})
    }
    rng, found = np.random.default_rng(0), []
    while pairs:
        drawn = [{name: int(rng.integers(len(ways))) for name, ways in FACTORS.items()} for _ in range(60)]
        drawn = [one for one in drawn if allowed({name: FACTORS[name][i] for name, i in one.items()})]
        best = max(drawn, key=lambda one: sum(pair <= one.items() for pair in pairs))
        if any(pair <= best.items() for pair in pairs):
            found.append({name: FACTORS[name][i] for name, i in best.items()})
            pairs -= {pair for pair in pairs if pair <= best.items()}
    return found


def words(ways: dict[str, Any]) -> str:
    return "-".join(str(way) for way in ways.values() if isinstance(way, str))


def trained(config: RunConfig, sample, steps: int) -> Trainer:
    trainer = Trainer(config, sample)
    for _ in range(steps):
        if remedy := trainer.due(config):
            trainer.cure(remedy, config)
        assert trainer.step(config) is not None
    return trainer


def codebooks(trainer: Trainer) -> np.ndarray:
    return np.array(trainer.state.parameters.codebooks)


@pytest.mark.slow
@pytest.mark.parametrize("ways", covering(), ids=words)
def test_every_pair_of_ways_trains_and_stays_finite(sample, ways: dict[str, Any]) -> None:
    config = replace(SMALL, remedy_every=5, dead_window=5, **ways)
    trainer = trained(config, sample, 20)
    assert all(
        np.isfinite(leaf).all() for leaf in map(np.asarray, jax.tree.leaves(trainer.state)) if leaf.dtype.kind == "f"
    )
    assert np.isfinite(trainer.view(config).probe_mse)


def test_the_one_pair_that_does_not_go_together_is_refused_at_once() -> None:
    refused = [
        {a: x, b: y}
        for a, b in combinations(FACTORS, 2)
        for x in FACTORS[a]
        for y in FACTORS[b]
        if not allowed({a: x, b: y})
    ]
    assert {"codebook_update": "gradient", "remedy": "ema_expiry"} in refused
    assert all(pair.get("remedy") == "ema_expiry" for pair in refused)
    with pytest.raises(ConfigError, match="remedy must be none, reinit or split, unless codebook_update is ema"):
        replace(SMALL, remedy="ema_expiry")


@pytest.mark.slow
@pytest.mark.parametrize(("name", "other"), OTHERS)
def test_every_way_makes_another_run_and_has_its_function(sample, name: str, other: str) -> None:
    if CHOICES[name].ways[other].function:
        assert callable(way(name, other))
    mine, plain = trained(replace(SMALL, **{name: other}), sample, 3), trained(SMALL, sample, 3)
    assert any(
        not np.array_equal(a, b)
        for a, b in zip(jax.tree.leaves(mine.state.parameters), jax.tree.leaves(plain.state.parameters), strict=True)
    )


@pytest.mark.parametrize("name", CHOICES)
def test_an_unknown_way_is_refused_with_those_that_there_are(name: str) -> None:
    with pytest.raises(ConfigError, match=f"{name} must be one of {', '.join(CHOICES[name].ways)}; got 'magic'"):
        replace(SMALL, **{name: "magic"})


def test_under_moving_averages_the_codebook_weight_has_no_effect(sample) -> None:
    config = RunConfig(batch_size=32, seed=3, codebook_update="ema")
    one, other = Trainer(config, sample), Trainer(config, sample)
    for _ in range(5):
        one.step(config)
        other.step(config.with_live({"codebook": 0}))
    np.testing.assert_array_equal(codebooks(one), codebooks(other))
    begun = codebooks(Trainer(config, sample))
    assert np.abs(codebooks(one) - begun).max() > 1e-4


@pytest.mark.slow
@pytest.mark.parametrize("init", ["data", "kmeans", "normal"])
def test_the_first_average_does_not_collapse_the_codebook(sample, init: str) -> None:
    config = replace(SMALL, batch_size=64, codebook_update="ema", codebook_init=init)
    begun = codebooks(Trainer(config, sample))
    moved = np.linalg.norm(codebooks(trained(config, sample, 1)) - begun, axis=-1)
    assert (moved <= 0.5 * np.abs(begun).max()).all()


@pytest.mark.slow
def test_codes_that_begin_on_the_data_are_all_chosen(sample) -> None:
    for init in ("data", "kmeans"):
        config = RunConfig(batch_size=128, codebook_init=init)
        counts = trained(config, sample, 3).health(config).counts
        assert (counts[0] > 0).all()


@pytest.mark.slow
def test_a_state_with_averages_goes_on_elsewhere_bit_for_bit(sample) -> None:
    config = replace(SMALL, codebook_update="ema")
    whole = trained(config, sample, 6)
    half = trained(config, sample, 3)
    rest = Trainer(config, sample, half.export(config))
    for _ in range(3):
        rest.step(config)
    for a, b in zip(jax.tree.leaves(whole.state), jax.tree.leaves(rest.state), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    ("schedule", "at"), [("constant", [1, 1, 1]), ("cosine", [1, 0.5, 0]), ("warmup", [0.1, 0.6, 1])]
)
def test_schedules_are_what_they_say(schedule: str, at: list[float]) -> None:
    multiplier = way("schedule", schedule)(10)
    np.testing.assert_allclose([multiplier(step) for step in (0, 5, 10)], at, atol=1e-6)


@pytest.mark.slow
def test_the_schedule_multiplies_the_live_learning_rate(sample) -> None:
    ended = replace(SMALL, schedule="cosine", schedule_steps=2)
    trainer = trained(ended, sample, 3)
    before = codebooks(trainer)
    trainer.step(ended.with_live({"learning_rate": 1}))
    np.testing.assert_array_equal(codebooks(trainer), before)


def test_weight_decay_shrinks_weights_but_leaves_codes_where_they_are() -> None:
    optimizer = way("optimizer", "adamw")()
    parameters = Parameters({"w": np.ones(3)}, {"w": np.ones(3)}, np.ones((2, 4, 2)))
    none = jax.tree.map(np.zeros_like, parameters)
    directions, _ = optimizer.update(none, optimizer.init(parameters), parameters)
    np.testing.assert_allclose(directions.encoder["w"], 1e-4)
    np.testing.assert_array_equal(directions.codebooks, 0)


@pytest.mark.slow
def test_beside_another_reconstruction_loss_the_squared_error_is_told(sample) -> None:
    config = replace(SMALL, recon_loss="bce")
    losses = Trainer(config, sample).step(config)
    assert losses is not None
    assert losses["recon"] > losses["mse"] > 0
