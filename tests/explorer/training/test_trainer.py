"""The training step on real digits: what it computes, that it never recompiles, and that it repeats itself exactly."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from explorer.config import RunConfig
from explorer.data import batch_indices
from explorer.model.quantizer import residual_quantize
from explorer.model.rqvae import decode, encode, to_unit
from explorer.settings import LIVE_SETTINGS
from explorer.training.live import as_live
from explorer.training.recipe import Recipe
from explorer.training.state import shapes_of
from explorer.training.step import train_step
from explorer.training.trainer import Trainer

CONFIG = RunConfig(batch_size=32, seed=3)
BOTH = {"entropy": 0.1, "transport": 0.1}


def leaves(trainer: Trainer) -> list[np.ndarray]:
    return [np.array(leaf) for leaf in jax.tree.leaves(trainer.state)]


def train(trainer: Trainer, steps: int, **live: float) -> list[dict[str, float]]:
    """Losses of the steps, but for what was not computed."""
    now, told = trainer.config.with_live(live), []
    for _ in range(steps):
        losses = trainer.step(now)
        assert losses is not None
        told.append({name: loss for name, loss in losses.items() if not np.isnan(loss)})
    return told


def assert_same(a: Trainer, b: Trainer) -> None:
    for x, y in zip(leaves(a), leaves(b), strict=True):
        np.testing.assert_array_equal(x, y)


def test_two_trainers_of_one_config_are_bit_identical(sample) -> None:
    a, b = Trainer(CONFIG, sample), Trainer(CONFIG, sample)
    assert train(a, 6) == train(b, 6)
    assert_same(a, b)


def test_another_seed_is_another_run(sample) -> None:
    other = Trainer(RunConfig(batch_size=32, seed=4), sample)
    assert train(Trainer(CONFIG, sample), 1) != train(other, 1)


def test_reset_goes_back_to_the_same_beginning(sample) -> None:
    trainer = Trainer(CONFIG, sample)
    first = train(trainer, 3)
    trainer.reset()
    assert trainer.steps == 0
    assert train(trainer, 3) == first


def test_looking_and_warming_up_change_nothing(sample) -> None:
    watched, alone = Trainer(CONFIG, sample), Trainer(CONFIG, sample)
    watched.warm_up()
    for _ in range(3):
        watched.view(CONFIG)
        train(watched, 1)
    train(alone, 3)
    assert_same(watched, alone)


def test_moving_any_live_setting_never_compiles_anew_nor_does_another_seed(sample) -> None:
    trainer = Trainer(CONFIG, sample)
    train(trainer, 1)
    compiled = train_step._cache_size()
    for name, setting in LIVE_SETTINGS.items():
        train(trainer, 1, **{name: min(setting.high, 0.5) if not setting.whole else 2})
    train(trainer, 1, **BOTH)
    train(Trainer(RunConfig(batch_size=32, seed=77, learning_rate=1, remedy="split"), sample), 1)
    assert train_step._cache_size() == compiled


def test_terms_of_weight_zero_are_not_computed_and_have_no_gradient(sample) -> None:
    one, other, third = (Trainer(CONFIG, sample) for _ in range(3))
    told = train(one, 3)
    assert [set(losses) for losses in told] == [{"recon", "commit", "codebook", "total"}] * 3
    told = train(other, 3, entropy_temperature=7, transport_epsilon=3)
    assert_same(one, other)
    told = train(third, 3, **BOTH)
    assert [set(losses) for losses in told] == [{"recon", "commit", "codebook", "entropy", "transport", "total"}] * 3
    total = sum(told[0][name] * weight for name, weight in {"commit": 0.25, "codebook": 1, **BOTH}.items())
    np.testing.assert_allclose(told[0]["total"], told[0]["recon"] + total, rtol=1e-5)
    assert np.abs(third.state.parameters.codebooks - one.state.parameters.codebooks).max() > 1e-4


def test_with_either_spreading_term_dead_codes_move(sample) -> None:
    for name in BOTH:
        trainer = Trainer(CONFIG, sample)
        train(trainer, 1)
        begun = np.array(trainer.state.parameters.codebooks)
        dead = trainer.health(CONFIG).counts == 0
        assert dead.any()
        train(trainer, 1, **{name: 1})
        moved = np.abs(np.asarray(trainer.state.parameters.codebooks) - begun).max(axis=-1)
        assert (moved[dead] > 1e-5).all()


def test_the_default_step_draws_nothing_by_chance() -> None:
    recipe = Recipe.of(CONFIG)
    state = shapes_of(CONFIG)
    batch = jax.ShapeDtypeStruct((32, 28, 28), np.uint8)
    default = train_step.lower(state, batch, as_live(CONFIG), recipe).as_text()
    assert "threefry" not in default
    assert "rng" not in default


@pytest.mark.slow
def test_a_step_is_adam_on_the_gradient_of_the_formula(sample) -> None:
    """The same step, written again: plain loss, optax.adam with a fixed rate."""
    trainer = Trainer(CONFIG, sample)
    parameters = jax.tree.map(jnp.array, trainer.state.parameters)
    indices = batch_indices(CONFIG.seed, 0, len(sample.train_images), CONFIG.batch_size)
    images = to_unit(jnp.asarray(sample.train_images[indices]))

    def objective(parameters):
        z = encode(parameters, images)
        q = residual_quantize(z, parameters.codebooks).z_q
        y = decode(parameters, z + jax.lax.stop_gradient(q - z))
        commit = jnp.mean((z - jax.lax.stop_gradient(q)) ** 2)
        codebook = jnp.mean((jax.lax.stop_gradient(z) - q) ** 2)
        return jnp.mean((images - y) ** 2) + 0.7 * commit + 0.3 * codebook

    adam = optax.adam(2e-3)
    total, gradient = jax.value_and_grad(objective)(parameters)
    expected = optax.apply_updates(parameters, adam.update(gradient, adam.init(parameters))[0])
    (losses,) = train(trainer, 1, commit=0.7, codebook=0.3, learning_rate=2e-3)
    np.testing.assert_allclose(losses["total"], total, rtol=1e-5)
    for a, b in zip(jax.tree.leaves(trainer.state.parameters), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)


def test_the_window_counts_the_codes_of_the_last_batches(sample) -> None:
    trainer = Trainer(CONFIG, sample)
    train(trainer, 30)
    for window, batches in ((100, 30), (7, 7), (1, 1)):
        seen = trainer.health(CONFIG.with_live({"dead_window": window}))
        assert seen.window == batches
        np.testing.assert_array_equal(seen.counts.sum(axis=1), batches * 32)
    train(trainer, 80)
    assert trainer.health(CONFIG).window == 100
    np.testing.assert_array_equal(trainer.health(CONFIG).counts.sum(axis=1), 100 * 32)
    few = trainer.health(CONFIG.with_live({"dead_window": 1, "dead_threshold": 0.25}))
    np.testing.assert_array_equal(few.dead, few.counts < 8)
    assert few.threshold == 0.25


def test_a_view_tells_distinct_tuples_of_the_window_and_how_codes_move(sample) -> None:
    trainer = Trainer(CONFIG, sample)
    assert trainer.view(CONFIG).tuples == 0
    train(trainer, 3)
    view = trainer.view(CONFIG)
    few = trainer.view(CONFIG.with_live({"dead_window": 1}))
    assert 1 <= few.tuples <= 32
    assert few.tuples <= view.tuples <= np.prod([np.count_nonzero(c) for c in view.health.counts])
    used = view.health.counts > 0
    assert (view.motion[used] > 0).all()
    np.testing.assert_array_equal(view.motion[~used], 0)
    assert view.explained == 1
    np.testing.assert_array_equal(view.basis, np.eye(2))


def test_weight_zero_removes_a_terms_gradient(sample) -> None:
    trainer = Trainer(CONFIG, sample)
    before = np.array(trainer.state.parameters.codebooks)
    train(trainer, 1, codebook=0, learning_rate=1e-2)
    np.testing.assert_array_equal(trainer.state.parameters.codebooks, before)
    train(trainer, 1, learning_rate=1e-2)
    assert np.abs(trainer.state.parameters.codebooks - before).max() > 1e-3


@pytest.mark.parametrize("poison", [np.nan, np.inf])
def test_a_step_that_is_not_finite_changes_nothing(sample, poison: float) -> None:
    trainer = Trainer(CONFIG, sample)
    train(trainer, 2)
    bad = trainer.state.parameters._replace(codebooks=trainer.state.parameters.codebooks.at[0, :, 0].set(poison))
    trainer.state = trainer.state._replace(parameters=bad)
    before = leaves(trainer)
    assert trainer.step(CONFIG) is None
    assert trainer.steps == 2
    for a, b in zip(leaves(trainer), before, strict=True):
        np.testing.assert_array_equal(a, b)


def test_training_learns(sample) -> None:
    trainer = Trainer(CONFIG, sample)
    before = trainer.view(CONFIG).probe_mse
    train(trainer, 80)
    assert trainer.view(CONFIG).probe_mse < 0.5 * before


def test_a_view_is_the_model_applied_to_the_probe(sample) -> None:
    trainer = Trainer(CONFIG, sample)
    train(trainer, 2)
    view = trainer.view(CONFIG)
    parameters = trainer.state.parameters
    inputs = to_unit(jnp.asarray(sample.probe.images))
    z = encode(parameters, inputs)
    quantized = residual_quantize(z, parameters.codebooks)
    outputs = np.asarray(decode(parameters, quantized.z_q))
    np.testing.assert_allclose(view.latents, z, atol=1e-5)
    assert (view.codes == quantized.codes).mean() > 0.99
    np.testing.assert_allclose(view.probe_mse, np.mean((outputs - np.asarray(inputs)) ** 2), rtol=1e-3)
    shown = outputs[sample.probe.shown, :, :, 0] * 255
    assert np.abs(view.reconstructions - shown).max() <= 1.5
    np.testing.assert_array_equal(view.by_level[-1], view.reconstructions)
    coarse = np.asarray(decode(parameters, quantized.sums[0, sample.probe.shown]))[..., 0] * 255
    assert np.abs(view.by_level[0] - coarse).max() <= 1.5
    left = np.concatenate([np.asarray(z)[None], np.asarray(z - quantized.sums)]).astype(np.float64)
    energy = (left**2).sum(axis=-1).mean(axis=-1)
    np.testing.assert_allclose(view.residual_ratio, energy[1:] / energy[:-1], rtol=1e-3)
    assert sorted(sample.probe.labels[sample.probe.shown]) == list(range(10))


def test_a_view_does_not_change_when_training_goes_on(sample) -> None:
    trainer = Trainer(CONFIG, sample)
    train(trainer, 1)
    view = trainer.view(CONFIG)
    copies = [view.codebooks.copy(), view.latents.copy(), view.health.counts.copy()]
    train(trainer, 5)
    for now, then in zip((view.codebooks, view.latents, view.health.counts), copies, strict=True):
        np.testing.assert_array_equal(now, then)


def check_shape(sample, config: RunConfig) -> None:
    """A run of the shape trains, and what is no code stays where it is, unchosen."""
    trainer = Trainer(config, sample)
    train(trainer, 4, **BOTH)
    view = trainer.view(config)
    assert view.codebooks.shape == config.codebooks_shape
    own = np.arange(config.codebooks_shape[1]) < np.array(config.sizes)[:, None]
    np.testing.assert_array_equal(view.codebooks[~own], 0)
    np.testing.assert_array_equal(view.health.counts[~own], 0)
    np.testing.assert_array_equal(view.motion[~own], 0)
    moments = [leaf for leaf in leaves(trainer) if leaf.shape == config.codebooks_shape]
    assert len(moments) > 1
    for moment in moments:
        np.testing.assert_array_equal(moment[~own], 0)
    np.testing.assert_allclose(view.basis.T @ view.basis, np.eye(2), atol=1e-5)


def test_a_run_of_unequal_levels_in_many_dimensions_trains_and_padding_stays_nothing(sample) -> None:
    check_shape(sample, RunConfig(levels=3, codebook_size=(8, 2, 5), batch_size=8, latent_dim=5))


@pytest.mark.slow
@pytest.mark.parametrize(("levels", "size", "batch", "dims"), [(1, 2, 1, 2), (8, 3, 5, 16), (3, 1024, 16, 2)])
def test_every_shape_in_range_trains(sample, levels: int, size: int, batch: int, dims: int) -> None:
    check_shape(sample, RunConfig(levels=levels, codebook_size=size, batch_size=batch, latent_dim=dims))


@pytest.mark.slow
def test_under_level_dropout_a_level_counts_what_used_it_and_a_seed_draws_as_it_did(sample) -> None:
    config = RunConfig(batch_size=32, levels=3, level_dropout="uniform", codebook_update="ema", loss_form="per_level")
    one, other = Trainer(config, sample), Trainer(config, sample)
    assert train(one, 30, **BOTH) == train(other, 30, **BOTH)
    assert_same(one, other)
    counts = one.health(config).counts.sum(axis=1)
    assert counts[0] == 30 * 32
    np.testing.assert_allclose(counts / counts[0], [1, 2 / 3, 1 / 3], atol=0.08)
    whole = (np.asarray(one.state.tuples)[:30] != 2**32 - 1).sum()
    assert whole == counts[2]
    assert (one.view(config).codes.shape) == (512, 3)


def test_a_state_goes_on_elsewhere_bit_for_bit_with_the_live_settings_of_then(sample) -> None:
    whole, half = Trainer(CONFIG, sample), Trainer(CONFIG, sample)
    train(whole, 6)
    train(half, 3)
    state = half.export(CONFIG.with_live({"commit": 2}))
    assert state.config == CONFIG.with_live({"commit": 2})
    rest = Trainer(CONFIG, sample, state)
    train(rest, 3)
    assert_same(whole, rest)


def test_a_state_of_another_batch_size_is_taken_up_without_its_tuples(sample) -> None:
    trainer = Trainer(CONFIG, sample)
    train(trainer, 2)
    state = trainer.export(CONFIG)
    larger = Trainer(RunConfig(batch_size=64, seed=3), sample, state)
    assert larger.state.tuples.shape == (100, 64)
    np.testing.assert_array_equal(larger.state.window, trainer.state.window)
    assert larger.steps == 2


def test_live_settings_are_scalars_of_one_kind() -> None:
    live = as_live(CONFIG.with_live({"commit": 1, "learning_rate": 1}))
    assert {leaf.dtype for leaf in jax.tree.leaves(live._replace(seed=None))} == {np.dtype(np.float32)}
    assert live.seed.dtype == np.uint32
