"""The training step on real digits: what it computes, that it never recompiles, and that it repeats itself exactly."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from explorer.config import Lambdas, RunConfig
from explorer.data import batch_indices
from explorer.model.quantizer import residual_quantize
from explorer.model.rqvae import decode, encode, to_unit
from explorer.training.step import train_step
from explorer.training.trainer import Trainer, as_live

CONFIG = RunConfig(batch_size=32, seed=3)
DEFAULT = Lambdas()


def leaves(trainer: Trainer) -> list[np.ndarray]:
    return [np.array(leaf) for leaf in jax.tree.leaves(trainer.state)]


def train(trainer: Trainer, steps: int, lambdas: Lambdas = DEFAULT) -> list[dict[str, float] | None]:
    return [trainer.step(lambdas, 1e-3) for _ in range(steps)]


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
        watched.view()
        train(watched, 1)
    train(alone, 3)
    assert_same(watched, alone)


def test_moving_live_settings_never_compiles_anew(sample) -> None:
    trainer = Trainer(CONFIG, sample)
    trainer.step(Lambdas(0.25, 1.0), 1e-3)
    compiled = train_step._cache_size()
    for commit, rate in ((0, 1), (1, 0.5), (2.5, 1e-6), (1e6, 0)):
        trainer.step(Lambdas(commit, commit), rate)
    assert train_step._cache_size() == compiled


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
    losses = trainer.step(Lambdas(0.7, 0.3), 2e-3)
    assert losses is not None
    np.testing.assert_allclose(losses["total"], total, rtol=1e-5)
    for a, b in zip(jax.tree.leaves(trainer.state.parameters), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)


def test_the_window_counts_the_codes_of_the_last_hundred_batches(sample) -> None:
    trainer = Trainer(RunConfig(batch_size=8), sample)
    train(trainer, 30)
    assert trainer.health().window == 30
    np.testing.assert_array_equal(trainer.health().counts.sum(axis=1), 30 * 8)
    train(trainer, 80)
    assert trainer.health().window == 100
    np.testing.assert_array_equal(trainer.health().counts.sum(axis=1), 100 * 8)


def test_weight_zero_removes_a_terms_gradient(sample) -> None:
    trainer = Trainer(CONFIG, sample)
    before = np.array(trainer.state.parameters.codebooks)
    trainer.step(Lambdas(1.0, 0.0), 1e-2)
    np.testing.assert_array_equal(trainer.state.parameters.codebooks, before)
    trainer.step(Lambdas(1.0, 1.0), 1e-2)
    assert np.abs(trainer.state.parameters.codebooks - before).max() > 1e-3


@pytest.mark.parametrize("poison", [np.nan, np.inf])
def test_a_step_that_is_not_finite_changes_nothing(sample, poison: float) -> None:
    trainer = Trainer(CONFIG, sample)
    train(trainer, 2)
    bad = trainer.state.parameters._replace(codebooks=trainer.state.parameters.codebooks.at[0, :, 0].set(poison))
    trainer.state = trainer.state._replace(parameters=bad)
    before = leaves(trainer)
    assert trainer.step(DEFAULT, 1e-3) is None
    assert trainer.steps == 2
    for a, b in zip(leaves(trainer), before, strict=True):
        np.testing.assert_array_equal(a, b)


def test_training_learns(sample) -> None:
    trainer = Trainer(RunConfig(batch_size=64), sample)
    before = trainer.view().probe_mse
    train(trainer, 60)
    assert trainer.view().probe_mse < 0.5 * before


def test_a_view_is_the_model_applied_to_the_probe(sample) -> None:
    trainer = Trainer(CONFIG, sample)
    train(trainer, 2)
    view = trainer.view()
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
    assert sorted(sample.probe.labels[sample.probe.shown]) == list(range(10))


def test_a_view_does_not_change_when_training_goes_on(sample) -> None:
    trainer = Trainer(CONFIG, sample)
    train(trainer, 1)
    view = trainer.view()
    copies = [view.codebooks.copy(), view.latents.copy(), view.health.counts.copy()]
    train(trainer, 5)
    for now, then in zip((view.codebooks, view.latents, view.health.counts), copies, strict=True):
        np.testing.assert_array_equal(now, then)


@pytest.mark.parametrize(("levels", "size", "batch"), [(1, 2, 1), (8, 3, 5), (3, 1024, 16)])
def test_every_shape_in_range_trains(sample, levels: int, size: int, batch: int) -> None:
    trainer = Trainer(RunConfig(levels=levels, codebook_size=size, batch_size=batch), sample)
    assert all(losses is not None for losses in train(trainer, 2))
    assert trainer.view().codebooks.shape == (levels, size, 2)


def test_live_settings_are_float32_scalars() -> None:
    live = as_live(Lambdas(1, 2), 1)
    assert {leaf.dtype for leaf in jax.tree.leaves(live)} == {np.dtype(np.float32)}
