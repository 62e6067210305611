"""A function and an entry are all that a new way needs: toy ones, as in CONTRIBUTING."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from explorer.choices import CHOICES, Way
from explorer.config import RunConfig
from explorer.training import remedies
from explorer.training.losses import mean_squared_error
from explorer.training.remedies import Level, Treated
from explorer.training.trainer import Trainer


def circle(_key, _latents, shape, scale):
    angles = jnp.linspace(0, 2 * jnp.pi, max(shape.sizes), endpoint=False)
    ring = jnp.stack([jnp.cos(angles), jnp.sin(angles)] + [0 * angles] * (shape.dim - 2), axis=-1)
    return jnp.broadcast_to(scale * ring, shape.padded)


def first_level(latents, quantized):
    first = quantized.vectors[0]
    return {
        "commit": mean_squared_error(latents, jax.lax.stop_gradient(first)),
        "codebook": mean_squared_error(jax.lax.stop_gradient(latents), first),
    }


def to_centre(level: Level) -> Treated:
    codes = jnp.where(level.dead[:, None], level.residuals.mean(axis=0), level.codes)
    return Treated(codes, level.dead, jnp.full_like(level.mass, level.fair))


TOYS = {"codebook_init": circle, "loss_form": first_level, "remedy": to_centre}


@pytest.fixture
def toys(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The toy ways, in the tables by their functions' names."""
    for choice, function in TOYS.items():
        monkeypatch.setattr(remedies, function.__name__, function, raising=False)
        entry = {function.__name__: Way("a toy", f"explorer.training.remedies:{function.__name__}")}
        ways = {**CHOICES[choice].ways, **entry}
        monkeypatch.setitem(CHOICES, choice, replace(CHOICES[choice], ways=ways))
    return {choice: function.__name__ for choice, function in TOYS.items()}


@pytest.mark.slow
def test_a_function_and_an_entry_make_an_initialisation_a_loss_and_a_remedy(sample, toys: dict[str, str]) -> None:
    config = RunConfig(batch_size=8, codebook_size=4, init_scale=0.5, remedy_every=2, **toys)  # pyright: ignore
    trainer = Trainer(config, sample)
    begun = np.array(trainer.state.parameters.codebooks)
    np.testing.assert_allclose(np.linalg.norm(begun, axis=-1), 0.5, rtol=1e-5)
    for _ in range(2):
        assert trainer.step(config) is not None
    moved = np.abs(np.asarray(trainer.state.parameters.codebooks) - begun).max(axis=-1)
    assert moved[0].max() > 1e-4
    np.testing.assert_array_equal(moved[1], 0)  # the toy loss leaves level 2 alone
    assert trainer.due(config) == "to_centre"
    dead = trainer.health(config).dead
    cured = trainer.cure("to_centre", config)
    assert cured is not None
    assert set(cured.codes) == {(int(level), int(code)) for level, code in np.argwhere(dead)}
    assert len(np.unique(cured.new[[level == 0 for level, _ in cured.codes]], axis=0)) == 1
