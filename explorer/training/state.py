"""What training carries from step to step."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple, Self

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PRNGKeyArray, UInt8

from explorer.choices import CHOICES, way
from explorer.config import RunConfig
from explorer.errors import ConfigError
from explorer.model.quantizer import residual_quantize
from explorer.model.rqvae import Parameters, encode, init_parameters, to_unit
from explorer.training.health import WINDOW_BATCHES
from explorer.training.moving_average import Averages, begin


class TrainState(NamedTuple):
    """Parameters, optimiser moments, completed steps, and each code's count in each of the last 100 batches.

    `averages` there are only of codes that are moving averages. The batch of step s (from 0) is counted in row s mod 100
    of `window`.
    """

    parameters: Parameters
    optimizer_state: Any
    step: Int[Array, ""]
    window: Int[Array, "W L K"]
    averages: Averages | None = None


@dataclass(frozen=True, slots=True)
class Recipe:
    """The choices of a config that are compiled into its steps, and its codebooks' shape (L, K, D)."""

    codebooks_shape: tuple[int, int, int]
    batch_size: int
    schedule_steps: int
    ways: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, config: RunConfig) -> Self:
        """That of a config."""
        shape = (config.levels, config.codebook_size, config.latent_dim)
        horizon = config.schedule_steps if config.schedule != "constant" else 0
        ways = tuple((name, getattr(config, name)) for name in CHOICES)
        return cls(shape, config.batch_size, horizon, ways)

    def way(self, choice: str) -> Callable[..., Any]:
        """The function of the way that was chosen."""
        return way(choice, dict(self.ways)[choice])

    @property
    def codebook_update(self) -> str:
        """How codes follow the encoder's outputs."""
        return dict(self.ways)["codebook_update"]


class Live(NamedTuple):
    """The live settings as traced numbers: another value never recompiles."""

    lambdas: dict[str, Float[Array, ""]]
    learning_rate: Float[Array, ""]


def init_state(config: RunConfig, images: UInt8[np.ndarray, "N 28 28"]) -> TrainState:
    """The state before the first step: a function of the config and, where codes begin on the data, of the first `images`."""
    return _init_state(jax.random.key(config.seed), images, np.float32(config.init_scale), Recipe.of(config))


def from_leaves(config: RunConfig, leaves: Sequence[np.ndarray]) -> TrainState:
    """A state made of the arrays of another, in jax's tree order. Raises ConfigError if they are of other shapes."""
    expected = jax.eval_shape(lambda: init_state(config, np.zeros((1, 28, 28), np.uint8)))
    shapes = [leaf.shape for leaf in jax.tree.leaves(expected)]
    if shapes != [leaf.shape for leaf in leaves]:
        allowed = "those of the run that it goes on from: its codebooks have their shape"
        raise ConfigError("levels, codebook size and latent dimension", (config.levels, config.codebook_size), allowed)
    return jax.tree.unflatten(jax.tree.structure(expected), [jnp.array(leaf) for leaf in leaves])


@partial(jax.jit, static_argnames="recipe")
def _init_state(
    key: PRNGKeyArray, images: UInt8[Array, "N 28 28"], scale: Float[Array, ""], recipe: "Recipe"
) -> TrainState:
    images = to_unit(images)
    parameters = init_parameters(key, recipe.codebooks_shape, images, recipe.way("codebook_init"), scale)
    window = jnp.zeros((WINDOW_BATCHES, *recipe.codebooks_shape[:2]), jnp.int32)
    averages = None
    if recipe.codebook_update == "ema":
        averages = begin(parameters.codebooks, _batch_counts(parameters, images, recipe))
    moments = recipe.way("optimizer")().init(parameters)
    return TrainState(parameters, moments, jnp.zeros((), jnp.int32), window, averages)


def _batch_counts(parameters: Parameters, images: Float[Array, "N 28 28 1"], recipe: "Recipe") -> Float[Array, "L K"]:
    """How often a batch would choose each code, by what the images choose."""
    latents = encode(parameters, images, differentiate=False)
    codes = residual_quantize(latents, parameters.codebooks, recipe.way("distance")).codes
    share = jax.nn.one_hot(codes, recipe.codebooks_shape[1]).mean(axis=0)
    return share * recipe.batch_size
