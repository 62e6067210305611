"""The compiled functions of a run, and how they are kept: what was traced and compiled once is only loaded later.

Loading takes a tenth of the time of tracing, which JAX's own cache does not save, and none of the memory of compiling.
"""

import pickle
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import NamedTuple, Self

import jax
import jax.numpy as jnp
import numpy as np
from jax.experimental.serialize_executable import deserialize_and_load, serialize

from explorer.config import RunConfig
from explorer.data import LABELS, PROBE_SIZE, Dataset
from explorer.training.live import Live, as_live
from explorer.training.look import ProbeOutput, look
from explorer.training.recipe import Recipe
from explorer.training.state import TrainState, begin_state, beginning
from explorer.training.step import StepOutput, train_step

SEEN = 2048
"""Images, the first of the run's own order, on which codes begin that begin on the data."""
SIDE = 28


class Programs(NamedTuple):
    """What a recipe compiles to. They take arrays of one shape and kind each, and compute the same bits however they came."""

    step: Callable[[TrainState, np.ndarray, Live], tuple[TrainState, StepOutput]]
    begin: Callable[..., TrainState]
    look: Callable[..., ProbeOutput]

    @classmethod
    def traced(cls, recipe: Recipe) -> Self:
        """Compiled when they are first called, for whatever shape they are called with."""
        assign, sizes = recipe.way("distance"), recipe.sizes
        return cls(
            partial(train_step, recipe=recipe),
            partial(begin_state, recipe=recipe),
            partial(look, assign=assign, sizes=sizes),
        )

    @classmethod
    def loads(cls, kept: bytes) -> Self:
        """Those that were kept, on the same kind of machine. Raises whatever is wrong with `kept`."""
        return cls(*(deserialize_and_load(*program) for program in pickle.loads(kept)))


def fits(dataset: Dataset) -> bool:
    """Whether kept programs can take this data set's images: their numbers are compiled into them."""
    probe = dataset.probe
    return (
        len(dataset.train_images) >= SEEN
        and dataset.train_images.shape[1:] == (SIDE, SIDE)
        and (len(probe.images), len(probe.shown)) == (PROBE_SIZE, LABELS)
    )


def lowered(recipe: Recipe) -> Iterator[jax.stages.Lowered]:
    """The functions of `Programs`, in its order, traced and ready to be compiled; what takes longest comes first."""
    seen, batch, probe = (_images(number) for number in (SEEN, recipe.batch_size, PROBE_SIZE))
    begun = begin_state.trace(*beginning(RunConfig(), seen), recipe=recipe)
    state: TrainState = begun.out_info
    yield train_step.lower(state, batch, as_live(RunConfig()), recipe=recipe)
    yield begun.lower()
    shown = jax.ShapeDtypeStruct((LABELS,), jnp.int32)
    yield look.lower(state.parameters, probe, shown, assign=recipe.way("distance"), sizes=recipe.sizes)


def dumps(compiled: Iterable[jax.stages.Compiled]) -> bytes:
    """What `Programs.loads` takes back, if JAX's own cache was off: of what comes from there parts are left out (0.10.2)."""
    return pickle.dumps([serialize(program) for program in compiled])


def _images(number: int) -> jax.ShapeDtypeStruct:
    return jax.ShapeDtypeStruct((number, SIDE, SIDE), jnp.uint8)
