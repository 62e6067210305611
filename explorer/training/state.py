"""What training carries from step to step."""

from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, Int, PRNGKeyArray

from explorer.config import RunConfig
from explorer.errors import ConfigError
from explorer.model.rqvae import Parameters, init_parameters
from explorer.training.health import WINDOW_BATCHES


class TrainState(NamedTuple):
    """Parameters, optimiser moments, completed steps, and each code's count in each of the last 100 batches.

    The batch of step s (from 0) is counted in row s mod 100 of `window`.
    """

    parameters: Parameters
    optimizer_state: Any
    step: Int[Array, ""]
    window: Int[Array, "W L K"]


class Live(NamedTuple):
    """The live settings as traced numbers: another value never recompiles."""

    lambdas: dict[str, Float[Array, ""]]
    learning_rate: Float[Array, ""]


def optimizer() -> optax.GradientTransformation:
    """Adam's direction (Kingma & Ba 2015, optax defaults), to be scaled by the live learning rate."""
    return optax.scale_by_adam()


def init_state(config: RunConfig) -> TrainState:
    """The state before the first step: a function of the config alone."""
    shape = (config.levels, config.codebook_size, config.latent_dim)
    return _init_state(jax.random.key(config.seed), shape)


def from_leaves(config: RunConfig, leaves: Sequence[np.ndarray]) -> TrainState:
    """A state made of the arrays of another, in jax's tree order. Raises ConfigError if they are of other shapes."""
    expected = jax.eval_shape(lambda: init_state(config))
    shapes = [leaf.shape for leaf in jax.tree.leaves(expected)]
    if shapes != [leaf.shape for leaf in leaves]:
        allowed = "those of the run that it goes on from: its codebooks have their shape"
        raise ConfigError("levels, codebook size and latent dimension", (config.levels, config.codebook_size), allowed)
    return jax.tree.unflatten(jax.tree.structure(expected), [jnp.array(leaf) for leaf in leaves])


@partial(jax.jit, static_argnums=1)
def _init_state(key: PRNGKeyArray, codebooks_shape: tuple[int, int, int]) -> TrainState:
    parameters = init_parameters(key, codebooks_shape)
    window = jnp.zeros((WINDOW_BATCHES, *codebooks_shape[:2]), jnp.int32)
    return TrainState(parameters, optimizer().init(parameters), jnp.zeros((), jnp.int32), window)
