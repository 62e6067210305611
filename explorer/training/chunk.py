"""Several training steps in one dispatch, on images that are on the device already: for a GPU, which waits for no host then."""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, UInt8

from explorer.training.live import Live
from explorer.training.recipe import Recipe
from explorer.training.state import TrainState, choices
from explorer.training.step import train_step


class Told(NamedTuple):
    """What the steps of a dispatch told: rows 0 to `done` - 1 are its steps, what is beyond them means nothing.

    `counts` is each code's choices in the last batches, after each step. Not `finite`: the step after these was not.
    """

    losses: dict[str, Float[Array, " N"]]
    counts: Int[Array, "N L K"]
    done: Int[Array, ""]
    finite: Bool[Array, ""]


@partial(jax.jit, donate_argnums=0, static_argnames="recipe")
def train_steps(
    state: TrainState,
    going: Bool[Array, ""],
    images: UInt8[Array, "M 28 28"],
    indices: Int[Array, "N B"],
    steps: Int[Array, ""],
    window: Int[Array, ""],
    live: Live,
    recipe: Recipe,
) -> tuple[TrainState, Told]:
    """`train_step` on the images of the first `steps` rows of indices, one row after the other; `window` batches are counted.

    It ends before a step that is not finite, with the state before that step; unless it is `going` it does not begin. The
    number of steps is traced: one compiled loop serves every number, which `lax.scan` would not, nor would it end early.
    """

    def goes_on(carry: tuple[TrainState, Told]) -> Bool[Array, ""]:
        return carry[1].finite & (carry[1].done < steps)

    def one_more(carry: tuple[TrainState, Told]) -> tuple[TrainState, Told]:
        state, told = carry
        state, output = train_step(state, images[indices[told.done]], live, recipe)
        losses = {name: told.losses[name].at[told.done].set(value) for name, value in output.losses.items()}
        counts = told.counts.at[told.done].set(choices(state, window))
        return state, Told(losses, counts, told.done + output.finite.astype(jnp.int32), output.finite)

    _, output = jax.eval_shape(partial(train_step, recipe=recipe), state, images[indices[0]], live)
    losses = {name: jnp.zeros(len(indices)) for name in output.losses}
    counts = jnp.zeros((len(indices), *state.window.shape[1:]), state.window.dtype)
    return jax.lax.while_loop(goes_on, one_more, (state, Told(losses, counts, jnp.zeros((), jnp.int32), going)))
