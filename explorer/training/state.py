"""What training carries from step to step."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, UInt8, UInt32

from explorer.config import RunConfig
from explorer.errors import ConfigError
from explorer.model.quantizer import residual_quantize
from explorer.model.rqvae import Parameters, encode_many, init_parameters, to_unit
from explorer.training.health import WINDOW_BATCHES
from explorer.training.moving_average import Averages, begin
from explorer.training.recipe import Recipe
from explorer.training.tuples import NO_TUPLE

SEEN = 2048
"""Images, the first of the run's own order, on which codes begin that begin on the data."""
SIDE = 28
NEVER = -(10**9)
"""The step at which a code was born that no remedy has moved."""


class TrainState(NamedTuple):
    """Parameters, optimiser moments, completed steps, and what is known of the codes' use and motion.

    `averages` there are only of codes that are moving averages. The batch of step s (from 0) is in row s mod 100 of `window`,
    each code's count, and of `tuples`, a number for each image's tuple of codes. `motion` is each code's gradient norm or,
    under moving averages, the length of its move, averaged over steps from 0 on. `born` is after how many steps a remedy moved
    a code last.
    """

    parameters: Parameters
    optimizer_state: Any
    step: Int[Array, ""]
    window: Int[Array, "W L K"]
    averages: Averages | None
    tuples: UInt32[Array, "W B"]
    motion: Float[Array, "L K"]
    born: Int[Array, "L K"]


def from_leaves(config: RunConfig, leaves: Sequence[np.ndarray]) -> TrainState:
    """A state made of the arrays of another, in jax's tree order. Raises ConfigError if they are of other shapes.

    Tuples of a run with another batch size are forgotten.
    """
    expected = shapes_of(config)
    shapes, given = ([leaf.shape for leaf in all_leaves] for all_leaves in (jax.tree.leaves(expected), leaves))
    place = len(shapes) - 3
    if len(given) == len(shapes) and given[place] != shapes[place] and given[place][:1] == shapes[place][:1]:
        leaves = [*leaves[:place], np.full(shapes[place], NO_TUPLE), *leaves[place + 1 :]]
        given[place] = shapes[place]
    if shapes != given:
        allowed = "those of the run that it goes on from: its codebooks have their shape"
        raise ConfigError("levels, codebook size and latent dimension", (config.levels, config.codebook_size), allowed)
    return jax.tree.unflatten(jax.tree.structure(expected), [_own(leaf) for leaf in leaves])


def choices(state: TrainState, batches: Int[Array, ""]) -> Int[Array, "L K"]:
    """How often each code was chosen in the last `batches` batches, as many as the window has."""
    rows = state.window.shape[0]
    age = (state.step - 1 - jnp.arange(rows)) % rows
    within = age < jnp.minimum(batches, state.step)
    return jnp.sum(jnp.where(within[:, None, None], state.window, 0), axis=0)


def shapes_of(config: RunConfig) -> TrainState:
    """Shape and kind of every array of a state."""
    images = jax.ShapeDtypeStruct((SEEN, SIDE, SIDE), jnp.uint8)
    begun = begin_state.eval_shape(*beginning(config, images), recipe=Recipe.of(config).parts["begin"])
    return begun._replace(tuples=jax.ShapeDtypeStruct((WINDOW_BATCHES, config.batch_size), jnp.uint32))


def beginning(config: RunConfig, images: Any) -> tuple[np.uint32, Any, np.float32, np.float32]:
    """What `begin_state` takes: of the config, and of the first `images` (N, 28, 28), which codes may begin on."""
    return np.uint32(config.seed), images, np.float32(config.init_scale), np.float32(config.batch_size)


def with_tuples(begun: TrainState, batch_size: int) -> TrainState:
    """The state before the first step of batches of that size: what `begin_state` made, which is for all sizes."""
    return begun._replace(tuples=_own(np.full((WINDOW_BATCHES, batch_size), NO_TUPLE)))


def _own(array: np.ndarray) -> Array:
    """A copy that a step may take as its own; `jnp.array` would compile a program for each shape."""
    return jax.device_put(array, may_alias=False)


def _begin(
    seed: UInt32[Array, ""],
    images: UInt8[Array, "N 28 28"],
    scale: Float[Array, ""],
    batch: Float[Array, ""],
    recipe: Recipe,
) -> TrainState:
    """The state before the first step: a function of the config and, where codes begin on the data, of the first images.

    `batch`: how many images a batch has. The state's `tuples` have none yet.
    """
    images = to_unit(images)
    shape = recipe.shape
    parameters = init_parameters(jax.random.key(seed), shape, images, recipe.way("codebook_init"), scale)
    levels, size, _ = shape.padded
    averages = None
    if recipe.averaged:
        averages = begin(parameters.codebooks, batch * _shares(parameters, images, recipe), shape)
    return TrainState(
        parameters,
        recipe.way("optimizer")().init(parameters),
        jnp.zeros((), jnp.int32),
        jnp.zeros((WINDOW_BATCHES, levels, size), jnp.int32),
        averages,
        jnp.zeros((WINDOW_BATCHES, 0), jnp.uint32),
        jnp.zeros((levels, size)),
        jnp.full((levels, size), NEVER),
    )


# It runs once: so it is compiled with less care, sooner and to the same bits.
SOON = {"xla_backend_optimization_level": 1, "xla_cpu_use_fusion_emitters": False}
begin_state = jax.jit(_begin, static_argnames="recipe", compiler_options=SOON)


def _shares(parameters: Parameters, images: Float[Array, "N 28 28 1"], recipe: Recipe) -> Float[Array, "L K"]:
    """The share of the images that choose each code."""
    latents = encode_many(parameters, images)
    codes = residual_quantize(latents, parameters.codebooks, recipe.way("distance"), recipe.sizes).codes
    return jax.nn.one_hot(codes, recipe.shape.padded[1]).mean(axis=0)
