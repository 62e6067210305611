"""Several steps in one dispatch, as on a GPU: the same steps, told of one by one, and not one beyond one that is not finite."""

import gc

import jax
import numpy as np
import pytest

import explorer.training.trainer
from explorer.config import RunConfig
from explorer.data import Dataset, batch_indices
from explorer.training.chunk import train_steps
from explorer.training.resident import on_device
from explorer.training.trainer import PIECE, Trained, Trainer
from tests.explorer.training.test_trainer import BOTH, assert_same, leaves, train

CONFIG = RunConfig(batch_size=8, codebook_size=8, seed=3)
WAYS = [{}, {"codebook_update": "ema"}, {"level_dropout": "uniform"}, {"recon_loss": "bce", "schedule": "cosine"}]


def both(sample, config: RunConfig = CONFIG) -> tuple[Trainer, Trainer]:
    return Trainer(config, sample, resident=True), Trainer(config, sample, resident=False)


def in_chunks(trainer: Trainer, *lengths: int, **live: float) -> list[Trained]:
    now = trainer.config.with_live(live)
    return [trained for steps in lengths for trained in trainer.train(now, steps)]


def poison(trainer: Trainer) -> None:
    parameters = trainer.state.parameters
    bad = parameters._replace(codebooks=parameters.codebooks.at[0, :, 0].set(np.nan))
    trainer.state = trainer.state._replace(parameters=bad)


@pytest.mark.parametrize("ways", WAYS, ids=lambda ways: "-".join(ways) or "default")
def test_chunks_of_any_length_go_through_the_states_of_single_steps(sample, ways: dict) -> None:
    chunked, single = both(sample, RunConfig(batch_size=8, codebook_size=8, seed=3, **ways))
    told = in_chunks(chunked, 1, 7, 2 * PIECE + 3)
    losses = train(single, 8 + 2 * PIECE + 3)
    assert [trained.losses for trained in told] == losses
    assert chunked.steps == single.steps
    assert_same(chunked, single)


def test_a_chunk_that_goes_into_the_next_epoch_sees_the_batches_of_single_steps(sample) -> None:
    few = Dataset(sample.name, sample.source, sample.train_images[:40], sample.train_labels[:40], sample.probe)
    chunked, single = both(few)
    in_chunks(chunked, 13)
    train(single, 13)
    assert_same(chunked, single)


def test_live_settings_of_a_chunk_are_those_of_its_steps(sample) -> None:
    chunked, single = both(sample)
    told = in_chunks(chunked, 3) + in_chunks(chunked, 4, commit=2, learning_rate=1e-2, **BOTH)
    losses = train(single, 3) + train(single, 4, commit=2, learning_rate=1e-2, **BOTH)
    assert [trained.losses for trained in told] == losses
    assert_same(chunked, single)


@pytest.mark.parametrize("window", [100, 5])
def test_each_step_of_a_chunk_tells_the_health_that_a_single_step_leaves(sample, window: int) -> None:
    chunked, single = both(sample)
    now = CONFIG.with_live({"dead_window": window})
    for trainer in (chunked, single):
        trainer.state = trainer.state._replace(born=trainer.state.born.at[0, 1].set(0))
    for ours, theirs in zip(chunked.train(now, 2 * PIECE), single.train(now, 2 * PIECE), strict=True):
        for mine, other in ((ours.health, theirs.health), (ours.health, single.health(now))):
            np.testing.assert_array_equal(mine.counts, other.counts)
            np.testing.assert_array_equal(mine.dead, other.dead)
            np.testing.assert_array_equal(mine.perplexity, other.perplexity)
            assert mine.window == other.window


@pytest.mark.parametrize("piece", [PIECE, 3])
def test_a_chunk_ends_before_the_step_that_is_not_finite_with_the_state_before_it(
    sample, monkeypatch, piece: int
) -> None:
    """Gradient descent with a commitment as heavy as that overflows after a few steps; far more are dispatched."""
    monkeypatch.setattr(explorer.training.trainer, "PIECE", piece)
    config = RunConfig(batch_size=8, codebook_size=8, seed=3, optimizer="sgd", learning_rate=1.0)
    chunked, single = both(sample, config)
    now = config.with_live({"commit": 10.0})
    losses = []
    while len(losses) < 50 and (last := single.step(now)) is not None:
        losses.append(last)
    assert 3 < len(losses) < 16
    told = list(chunked.train(now, 50))
    assert [trained.losses for trained in told] == losses
    assert chunked.steps == single.steps == len(losses)
    assert_same(chunked, single)


def only_blank_images_are_finite(sample) -> Trainer:
    """One image a step, half of them blank: those alone train, because a digit overflows the first kernel."""
    images = sample.train_images[:16].copy()
    images[:8] = 0
    mixed = Dataset(sample.name, sample.source, images, sample.train_labels[:16], sample.probe)
    trainer = Trainer(RunConfig(batch_size=1, codebook_size=4, seed=5), mixed, resident=True)
    encoder = trainer.state.parameters.encoder["params"]
    encoder["Conv_0"]["kernel"] = encoder["Conv_0"]["kernel"] * 1e30
    return trainer


@pytest.mark.parametrize("piece", [1, 4, PIECE])
def test_nothing_that_was_dispatched_is_trained_after_a_step_that_is_not_finite(
    sample, monkeypatch, piece: int
) -> None:
    monkeypatch.setattr(explorer.training.trainer, "PIECE", piece)
    trainer = only_blank_images_are_finite(sample)
    blank = [batch_indices(5, step, 16, 1)[0] < 8 for step in range(16)]
    first = blank.index(False)
    assert first == 2
    assert any(blank[first:])
    assert len(list(trainer.train(trainer.config, 16))) == trainer.steps == trainer.state.step == first


def test_a_chunk_whose_first_step_is_not_finite_changes_nothing_and_tells_nothing(sample) -> None:
    chunked, _ = both(sample)
    in_chunks(chunked, 2)
    poison(chunked)
    before = leaves(chunked)
    assert list(chunked.train(CONFIG, 3 * PIECE)) == []
    assert chunked.step(CONFIG) is None
    assert chunked.steps == 2
    for a, b in zip(leaves(chunked), before, strict=True):
        np.testing.assert_array_equal(a, b)


def test_chunks_of_all_lengths_and_live_settings_are_compiled_once(sample) -> None:
    chunked, _ = both(sample)
    chunked.warm_up()
    compiled = train_steps._cache_size()
    in_chunks(chunked, 1, 2, PIECE, PIECE + 5)
    in_chunks(chunked, 3, commit=2, dead_window=7)
    assert train_steps._cache_size() == compiled


def test_warming_up_changes_nothing(sample) -> None:
    warm, cold = Trainer(CONFIG, sample, resident=True), Trainer(CONFIG, sample, resident=True)
    warm.warm_up()
    assert_same(warm, cold)


def test_the_images_are_on_the_device_once_for_all_who_train_on_them_and_go_with_the_last(sample) -> None:
    images = sample.train_images[:100].copy()
    first, again = on_device(images), on_device(images.copy())
    assert first is again
    np.testing.assert_array_equal(first, images)
    assert on_device(images[1:]) is not first
    gc.collect()
    arrays = len(jax.live_arrays())
    del first, again
    gc.collect()
    assert len(jax.live_arrays()) == arrays - 1


def test_on_a_cpu_a_run_trains_step_by_step(sample) -> None:
    assert not Trainer(CONFIG, sample).resident
