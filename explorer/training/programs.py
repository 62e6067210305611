"""The compiled functions of a run, and how they are kept: what was traced and compiled once is only loaded later.

Loading takes a tenth of the time of tracing, which JAX's own cache does not save, and none of the memory of compiling.
"""

import pickle
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple, Self

import jax
import jax.numpy as jnp
import numpy as np
from jax.experimental.serialize_executable import deserialize_and_load, serialize

from explorer.config import RunConfig
from explorer.data import LABELS, PROBE_SIZE, Dataset
from explorer.training.live import Live, as_live
from explorer.training.look import ProbeOutput, look
from explorer.training.recipe import Recipe
from explorer.training.state import SEEN, SIDE, TrainState, begin_state, beginning, shapes_of
from explorer.training.step import StepOutput, train_step


class Programs(NamedTuple):
    """What a recipe compiles to. They take arrays of one shape and kind each, and compute the same bits however they came.

    `can_look`: whether `look` is there; while it is not, because it is being compiled, calling it waits.
    """

    step: Callable[[TrainState, np.ndarray, Live], tuple[TrainState, StepOutput]]
    begin: Callable[..., TrainState]
    look: Callable[..., ProbeOutput]
    can_look: Callable[[], bool] = lambda: True

    @classmethod
    def traced(cls, recipe: Recipe) -> Self:
        """Compiled when they are first called, for whatever shape they are called with."""
        assign, sizes = recipe.way("distance"), recipe.sizes
        return cls(
            partial(train_step, recipe=recipe),
            partial(begin_state, recipe=recipe.parts["begin"]),
            partial(look, assign=assign, sizes=sizes),
        )


def fits(dataset: Dataset) -> bool:
    """Whether kept programs can take this data set's images: their numbers are compiled into them."""
    probe = dataset.probe
    return (
        len(dataset.train_images) >= SEEN
        and dataset.train_images.shape[1:] == (SIDE, SIDE)
        and (len(probe.images), len(probe.shown)) == (PROBE_SIZE, LABELS)
    )


def lowered(config: RunConfig, name: str) -> jax.stages.Lowered:
    """The function of that name of a config's `Programs`, traced and ready to be compiled."""
    recipe, state = Recipe.of(config), shapes_of(config)
    if name == "step":
        return train_step.lower(state, _images(config.batch_size), as_live(config), recipe=recipe)
    if name == "begin":
        return begin_state.lower(*beginning(config, _images(SEEN)), recipe=recipe.parts[name])
    shown = jax.ShapeDtypeStruct((LABELS,), jnp.int32)
    return look.lower(state.parameters, _images(PROBE_SIZE), shown, assign=recipe.way("distance"), sizes=recipe.sizes)


def loads(kept: bytes) -> Callable[..., Any]:
    """A function that was kept, on the same kind of machine. Raises whatever is wrong with `kept`."""
    return deserialize_and_load(*pickle.loads(kept))


def dumps(compiled: jax.stages.Compiled) -> bytes:
    """What `loads` takes back, if JAX's own cache was off: of what comes from there parts are left out (0.10.2)."""
    return pickle.dumps(serialize(compiled))


def _images(number: int) -> jax.ShapeDtypeStruct:
    return jax.ShapeDtypeStruct((number, SIDE, SIDE), jnp.uint8)
