"""What remedies do to a level, to the state, and that what they did is not undone."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer.choices import way
from explorer.config import RunConfig
from explorer.model.rqvae import Parameters
from explorer.model.shape import Shape
from explorer.training.moving_average import Averages, update
from explorer.training.remedies import Level, Treated, _begun_anew, _cure, ema_expiry, reinit, split
from explorer.training.state import NEVER, TrainState
from explorer.training.trainer import Trainer

CONFIG = RunConfig(batch_size=32, seed=3)
EMA = replace(CONFIG, codebook_update="ema")
SIZE = 8


def level(seed: int, dead: int, batch: int = 20) -> Level:
    """One whose first-drawn codes are dead."""
    rng = np.random.default_rng(seed)
    counts = rng.integers(50, 500, SIZE)
    counts[rng.permutation(SIZE)[:dead]] = 0
    arrays = (jnp.asarray(a, jnp.float32) for a in (rng.normal(size=(SIZE, 2)), rng.normal(size=(batch, 2))))
    return Level(
        jax.random.key(seed),
        *arrays,
        counts=jnp.asarray(counts),
        dead=jnp.asarray(counts == 0),
        mass=jnp.asarray(counts / 100, jnp.float32),
        fair=batch / SIZE,
        threshold=jnp.float32(0.01),
    )


reinit_, split_, ema_expiry_ = (jax.jit(remedy) for remedy in (reinit, split, ema_expiry))


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10**6), st.integers(0, SIZE))
def test_reinit_puts_each_dead_code_on_a_residual_of_its_own_and_leaves_the_others(seed: int, dead: int) -> None:
    before = level(seed, dead)
    after = reinit_(before)
    np.testing.assert_array_equal(after.moved, before.dead)
    np.testing.assert_array_equal(after.codes[~after.moved], before.codes[~after.moved])
    places = {tuple(place) for place in np.asarray(after.codes[after.moved]).tolist()}
    assert len(places) == dead
    assert places <= {tuple(place) for place in np.asarray(before.residuals).tolist()}
    np.testing.assert_allclose(after.mass[after.moved], 20 / SIZE)


def test_reinit_takes_images_that_something_is_left_of_while_there_are_enough() -> None:
    before = level(0, 5)
    before = before._replace(residuals=before.residuals.at[5:].set(0))
    assert (np.abs(reinit_(before).codes).max(axis=-1) > 0).all()
    np.testing.assert_array_equal(reinit_(before._replace(residuals=0 * before.residuals)).codes[before.dead], 0)


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10**6), st.integers(0, SIZE))
def test_split_puts_each_dead_code_beside_a_most_used_one_of_its_own(seed: int, dead: int) -> None:
    before = level(seed, dead)
    after = split_(before)
    pairs = min(dead, SIZE - dead)
    counts, codes = np.asarray(before.counts), np.asarray(before.codes, np.float64)
    parents = np.argsort(-np.where(before.dead, -1, counts), kind="stable")[:pairs]
    children = np.flatnonzero(before.dead)[:pairs]
    assert set(np.flatnonzero(after.moved)) == {*parents, *children}
    np.testing.assert_array_equal(after.codes[~after.moved], before.codes[~after.moved])
    for parent, child in zip(parents, children, strict=True):
        middle = (np.asarray(after.codes[parent], np.float64) + np.asarray(after.codes[child])) / 2
        np.testing.assert_allclose(middle, codes[parent], atol=1e-5)
        apart = np.linalg.norm(after.codes[child] - codes[parent])
        alive = [k for k in np.flatnonzero(~np.asarray(before.dead)) if k != parent]
        if alive:
            np.testing.assert_allclose(
                apart, 0.05 * np.linalg.norm(codes[alive] - codes[parent], axis=1).min(), rtol=1e-2
            )
        assert apart > 0
        np.testing.assert_allclose(np.asarray(after.mass)[[parent, child]], counts[parent] / 200, rtol=1e-5)
    np.testing.assert_allclose(np.sum(after.mass), np.sum(before.mass), rtol=1e-5)


def test_expiry_is_of_codes_whose_average_is_rare_whatever_the_window_says() -> None:
    before = level(1, 3)._replace(mass=jnp.asarray([1, 0.02, 1, 0.03, 9, 9, 0, 9.0]))
    after = ema_expiry_(before)
    assert np.flatnonzero(after.moved).tolist() == [1, 6]  # below 0.01 · 20 / 8
    np.testing.assert_allclose(after.mass[jnp.asarray([1, 6])], 2.5)


def test_a_remedy_draws_the_same_from_the_same_key_and_otherwise_from_another() -> None:
    one, other = reinit_(level(5, 4)), reinit_(level(5, 4)._replace(key=jax.random.key(6)))
    np.testing.assert_array_equal(one.codes, reinit_(level(5, 4)).codes)
    assert not np.array_equal(one.codes, other.codes)


def small_state(optimizer: optax.GradientTransformation, averages: bool) -> TrainState:
    rng = np.random.default_rng(0)
    books = jnp.asarray(rng.normal(size=(2, 4, 2)), jnp.float32)
    parameters = Parameters({"w": jnp.ones(3)}, {"w": jnp.ones(3)}, books)
    _, moments = optimizer.update(jax.tree.map(jnp.ones_like, parameters), optimizer.init(parameters), parameters)
    kept = Averages(jnp.full((2, 4), 2.0), 2 * books) if averages else None
    return TrainState(
        parameters,
        moments,
        jnp.int32(7),
        jnp.ones((100, 2, 4), jnp.int32),
        kept,
        jnp.zeros((100, 8), jnp.uint32),
        jnp.ones((2, 4)),
        jnp.full((2, 4), NEVER),
    )


MOVED = np.array([[False, True, False, False], [True, False, False, True]])
TREATED = Treated(jnp.full((2, 4, 2), 9.0), jnp.asarray(MOVED), jnp.full((2, 4), 3.0))


@pytest.mark.parametrize("name", ["adam", "adamw", "sgd"])
def test_moved_codes_lose_their_moments_and_counts_and_nothing_else_changes(name: str) -> None:
    before = small_state(way("optimizer", name)(), averages=False)
    after = _begun_anew(before, TREATED)
    books = [(a, b) for a, b in zip(*map(jax.tree.leaves, (before, after)), strict=True) if a.shape == (2, 4, 2)]
    assert len(books) == (2 if name == "sgd" else 3)
    for old, new in books:
        np.testing.assert_array_equal(np.asarray(new)[~MOVED], np.asarray(old)[~MOVED])
    np.testing.assert_array_equal(after.parameters.codebooks[MOVED], 9)
    for _, moments in books[1:]:
        np.testing.assert_array_equal(np.asarray(moments)[MOVED], 0)
        assert (np.asarray(moments)[~MOVED] != 0).all()
    np.testing.assert_array_equal(after.window.sum(axis=0), np.where(MOVED, 0, 100))
    np.testing.assert_array_equal(after.born, np.where(MOVED, 7, NEVER))
    encoder = [(x.optimizer_state, x.parameters.encoder, x.parameters.decoder) for x in (before, after)]
    for old, new in zip(*map(jax.tree.leaves, encoder), strict=True):
        if old.shape != (2, 4, 2):
            np.testing.assert_array_equal(old, new)


def test_the_next_average_leaves_moved_codes_where_they_were_put() -> None:
    state = _begun_anew(small_state(optax.trace(0.9), averages=True), TREATED)
    averages = state.averages
    assert averages is not None
    np.testing.assert_array_equal(averages.counts, np.where(MOVED, 3, 2))
    nobody = jnp.zeros((2, 5), bool)
    _, codebooks = update(averages, jnp.zeros((2, 5, 2)), jnp.zeros((5, 2), jnp.int32), 0.99, Shape((4, 4), 2), nobody)
    np.testing.assert_allclose(codebooks, state.parameters.codebooks, rtol=1e-3)


def trained(config: RunConfig, sample, steps: int) -> Trainer:
    trainer = Trainer(config, sample)
    for _ in range(steps):
        assert trainer.step(config) is not None
    return trainer


def bits(trainer: Trainer) -> list[np.ndarray]:
    return [np.array(leaf) for leaf in jax.tree.leaves(trainer.state)]


@pytest.mark.parametrize(("config", "remedy"), [(CONFIG, "reinit"), (CONFIG, "split"), (EMA, "reinit"), (EMA, "split")])
def test_revived_codes_are_alive_after_the_next_step_and_not_far_from_where_they_were_put(
    sample, config, remedy
) -> None:
    trainer = trained(config, sample, 12)
    before, health = np.array(trainer.state.parameters.codebooks), trainer.health(config)
    assert health.dead.any()
    cured = trainer.cure(remedy, config)
    assert cured is not None
    rows = tuple(np.array(cured.codes).T)
    touched = np.zeros_like(health.dead)
    touched[rows] = True
    assert health.dead[rows].any()
    if remedy == "reinit":
        np.testing.assert_array_equal(touched, health.dead)
    after = np.array(trainer.state.parameters.codebooks)
    np.testing.assert_array_equal(cured.old, before[rows])
    np.testing.assert_array_equal(cured.new, after[rows])
    np.testing.assert_array_equal(after[~touched], before[~touched])
    assert not trainer.health(config).dead[rows].any()
    assert trainer.step(config) is not None
    assert not trainer.health(config).dead[rows].any()
    settled = np.array(trainer.state.parameters.codebooks)[rows]
    assert np.linalg.norm(settled - cured.new, axis=-1).max() < (0.02 if config is CONFIG else 0.2)
    if remedy == "reinit":  # each was put where the coming batch has an image: it was chosen
        assert (np.asarray(trainer.state.window)[12][rows] > 0).all()


def test_where_nothing_is_dead_nothing_changes_bit_for_bit(sample) -> None:
    trainer = trained(EMA, sample, 3)
    now = EMA.with_live({"dead_threshold": 0})
    before = bits(trainer)
    for remedy in ("reinit", "split", "ema_expiry"):
        assert trainer.cure(remedy, now) is None
    for a, b in zip(before, bits(trainer), strict=True):
        np.testing.assert_array_equal(a, b)


def test_remedies_repeat_themselves_and_are_compiled_once(sample) -> None:
    one, other = (trained(CONFIG, sample, 5) for _ in range(2))
    first, second = one.cure("reinit", CONFIG), other.cure("reinit", CONFIG)
    compiled = _cure._cache_size()
    assert first is not None
    assert second is not None
    assert first.codes == second.codes
    for a, b in zip(bits(one), bits(other), strict=True):
        np.testing.assert_array_equal(a, b)
    third = trained(CONFIG, sample, 5)
    third.cure("reinit", CONFIG.with_live({"dead_threshold": 0.3, "dead_window": 3}))
    assert _cure._cache_size() == compiled


@pytest.mark.slow
def test_expiry_waits_until_the_average_is_rare_and_then_gives_the_fair_mass(sample) -> None:
    config = EMA.with_live({"ema_decay": 0.5, "dead_threshold": 0.05})
    trainer = trained(config, sample, 12)
    rare = np.asarray(trainer.state.averages.counts) < 0.05 * 32 / 16
    cured = trainer.cure("ema_expiry", config)
    assert cured is not None
    assert set(cured.codes) == {(int(level), int(code)) for level, code in np.argwhere(rare)}
    np.testing.assert_allclose(np.asarray(trainer.state.averages.counts)[rare], 2)


def test_a_runs_own_remedy_is_due_every_so_many_steps_but_not_at_the_start(sample) -> None:
    config = replace(CONFIG, remedy="split", remedy_every=3)
    trainer = Trainer(config, sample)
    due = []
    for _ in range(8):
        due.append(trainer.due(config))
        trainer.step(config)
    assert due == ["", "", "", "split", "", "", "split", ""]
    assert trainer.due(config.with_live({"remedy_every": 4})) == "split"
    assert Trainer(CONFIG, sample).due(CONFIG) == ""


def test_padding_is_never_revived(sample) -> None:
    config = RunConfig(levels=3, codebook_size=(8, 2, 5), batch_size=8, latent_dim=5)
    trainer = trained(config, sample, 3)
    cured = trainer.cure("reinit", config.with_live({"dead_threshold": 0.5}))
    assert cured is not None
    assert all(code < config.sizes[number] for number, code in cured.codes)
    own = np.arange(8) < np.array(config.sizes)[:, None]
    np.testing.assert_array_equal(np.asarray(trainer.state.parameters.codebooks)[~own], 0)
