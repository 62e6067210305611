"""Every way of training that can be chosen: trains, changes what it should, and repeats itself exactly."""

import sys
from dataclasses import replace
from itertools import combinations

import jax
import numpy as np
import pytest

from explorer.choices import CHOICES, way
from explorer.config import Lambdas, RunConfig
from explorer.errors import ConfigError
from explorer.training.trainer import Trainer

SMALL = RunConfig(batch_size=8, codebook_size=4)
DEFAULTS = {name: getattr(SMALL, name) for name in CHOICES}
OTHERS = [(name, other) for name, choice in CHOICES.items() for other in choice.ways if other != DEFAULTS[name]]


def covering() -> list[dict[str, str]]:
    """Configs that together hold every pair of ways, found greedily."""
    pairs = {
        frozenset({(a, x), (b, y)})
        for a, b in combinations(CHOICES, 2)
        for x in CHOICES[a].ways
        for y in CHOICES[b].ways
    }
    rng, found = np.random.default_rng(0), []
    while pairs:
        drawn = [{name: str(rng.choice(list(choice.ways))) for name, choice in CHOICES.items()} for _ in range(60)]
        best = max(drawn, key=lambda one: sum(pair <= one.items() for pair in pairs))
        if any(pair <= best.items() for pair in pairs):
            found.append(best)
            pairs -= {pair for pair in pairs if pair <= best.items()}
    return found


def trained(config: RunConfig, sample, steps: int, rate: float = 1e-3) -> Trainer:
    trainer = Trainer(config, sample)
    for _ in range(steps):
        assert trainer.step(Lambdas(), rate) is not None
    return trainer


def codebooks(trainer: Trainer) -> np.ndarray:
    return np.array(trainer.state.parameters.codebooks)


@pytest.mark.slow
@pytest.mark.parametrize("ways", covering(), ids=lambda ways: "-".join(ways.values()))
def test_every_pair_of_ways_trains_and_stays_finite(sample, ways: dict[str, str]) -> None:
    trainer = trained(replace(SMALL, **ways), sample, 20)
    assert all(
        np.isfinite(leaf).all() for leaf in map(np.asarray, jax.tree.leaves(trainer.state)) if leaf.dtype.kind == "f"
    )
    assert np.isfinite(trainer.view().probe_mse)


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
    config = replace(SMALL, codebook_update="ema")
    one, other = Trainer(config, sample), Trainer(config, sample)
    for _ in range(5):
        one.step(Lambdas(0.25, 1.0), 1e-3)
        other.step(Lambdas(0.25, 0.0), 1e-3)
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
        counts = trained(config, sample, 3).health().counts
        assert (counts[0] > 0).all()


@pytest.mark.slow
def test_a_state_with_averages_goes_on_elsewhere_bit_for_bit(sample) -> None:
    config = replace(SMALL, codebook_update="ema")
    whole = trained(config, sample, 6)
    half = trained(config, sample, 3)
    rest = Trainer(config, sample, half.export(Lambdas(), 1e-3))
    for _ in range(3):
        rest.step(Lambdas(), 1e-3)
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
    trainer.step(Lambdas(), 1.0)
    np.testing.assert_array_equal(codebooks(trainer), before)


def test_weight_decay_leaves_codes_where_they_are(sample) -> None:
    config = replace(SMALL, optimizer="adamw")
    trainer = Trainer(config, sample)
    before = codebooks(trainer)
    trainer.step(Lambdas(1.0, 0.0), 1e-2)
    np.testing.assert_array_equal(codebooks(trainer), before)


@pytest.mark.slow
def test_beside_another_reconstruction_loss_the_squared_error_is_told(sample) -> None:
    losses = Trainer(replace(SMALL, recon_loss="bce"), sample).step(Lambdas(), 1e-3)
    assert losses is not None
    assert losses["recon"] > losses["mse"] > 0


def on_a_circle(_key, _latents, shape, scale):
    angles = np.linspace(0, 2 * np.pi, shape[1], endpoint=False)
    return jax.numpy.broadcast_to(scale * np.stack([np.cos(angles), np.sin(angles)], axis=-1), shape)


@pytest.mark.slow
def test_a_function_and_an_entry_are_all_that_a_new_way_needs(sample, monkeypatch: pytest.MonkeyPatch) -> None:
    from explorer.choices import Way
    from ui.arguments import parse, run_config
    from ui.bar import choice_field

    inits = CHOICES["codebook_init"]
    entry = {"circle": Way("evenly on a circle", f"{__name__}:on_a_circle")}
    monkeypatch.setitem(sys.modules, __name__, sys.modules[on_a_circle.__module__])
    monkeypatch.setitem(CHOICES, "codebook_init", replace(inits, ways={**inits.ways, **entry}))
    config = run_config(parse(["train", "--out", "out", "--codebook-init", "circle", "--init-scale", "0.5"]))
    begun = codebooks(Trainer(replace(config, batch_size=8), sample))
    np.testing.assert_allclose(np.linalg.norm(begun, axis=-1), 0.5, rtol=1e-5)
    assert trained(replace(config, batch_size=8), sample, 2).steps == 2
    assert ("circle · evenly on a circle", "circle") in choice_field("codebook_init", "circle").choices
