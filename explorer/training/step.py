"""One training step: a pure function, one jit."""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Bool, Float, Int, UInt8

from explorer.model.quantizer import Quantized, residual_quantize, residuals, sums_before
from explorer.model.rqvae import Parameters, decode_logits, encode, to_unit
from explorer.training.entropy import entropy
from explorer.training.live import Live
from explorer.training.losses import weighted_total
from explorer.training.moving_average import update
from explorer.training.recipe import Recipe
from explorer.training.reconstruction import mse
from explorer.training.state import TrainState
from explorer.training.transport import transport
from explorer.training.tuples import tuple_ids
from explorer.training.weighing import while_weighted

MOTION_DECAY = 0.99


class StepOutput(NamedTuple):
    """What a step tells: unweighted terms and weighted `total`, and whether loss and gradients were finite.

    A term that is not computed because its weight is 0 is NaN.
    """

    losses: dict[str, Float[Array, ""]]
    finite: Bool[Array, ""]


class Pass(NamedTuple):
    """What a batch came to: unweighted terms and `total`, what was made of its latents, and what each level quantized."""

    losses: dict[str, Float[Array, ""]]
    quantized: Quantized
    residuals: Float[Array, "L B D"]


def _objective(
    parameters: Parameters, images: Float[Array, "B 28 28 1"], step: Int[Array, ""], live: Live, recipe: Recipe
) -> tuple[Float[Array, ""], Pass]:
    latents = encode(parameters, images)
    codebooks = jax.lax.stop_gradient(parameters.codebooks) if recipe.averaged else parameters.codebooks
    used = recipe.way("level_dropout")(_key(live, step), len(codebooks), len(images))
    quantized = residual_quantize(latents, codebooks, recipe.way("distance"), recipe.sizes, used)
    logits = decode_logits(parameters, recipe.way("gradient_estimator")(latents, quantized.z_q))
    recon = recipe.way("recon_loss")
    terms = {
        "recon": recon(images, logits),
        **recipe.way("loss_form")(latents, quantized),
        **_spreading(latents, codebooks, quantized, live, recipe),
    }
    total = weighted_total(terms, live.lambdas)
    losses = {**terms, "total": total} if recon is mse else {**terms, "total": total, "mse": mse(images, logits)}
    return total, Pass(losses, quantized, residuals(latents, quantized))


def _spreading(
    latents: Float[Array, "B D"], codebooks: Float[Array, "L K D"], quantized: Quantized, live: Live, recipe: Recipe
) -> dict[str, Float[Array, ""]]:
    """The terms `entropy` and `transport`, which spread a batch over all codes; NaN, and not computed, at weight 0.

    Each level's residual is z_e − sg(ẑ_{l−1}): its gradient goes to the encoder and to the level's own codes, but not to the
    codes of the levels before, which have their own. Codes that are moving averages take none.
    """
    before, own = sums_before(quantized), recipe.shape.own
    images = jnp.ones(before.shape[:2]) if quantized.used is None else quantized.used.astype(jnp.float32)
    shares = images / jnp.maximum(images.sum(axis=1, keepdims=True), 1)

    def of_entropy(latents: Float[Array, "B D"], codebooks: Float[Array, "L K D"]) -> Float[Array, ""]:
        return entropy(latents - before, codebooks, shares, live.entropy_temperature, own)

    def of_transport(latents: Float[Array, "B D"], codebooks: Float[Array, "L K D"]) -> Float[Array, ""]:
        return transport(latents - before, codebooks, shares, live.transport_epsilon, own)

    return {
        "entropy": while_weighted(live.lambdas["entropy"], of_entropy, latents, codebooks),
        "transport": while_weighted(live.lambdas["transport"], of_transport, latents, codebooks),
    }


def _key(live: Live, step: Int[Array, ""]) -> Array:
    return jax.random.fold_in(jax.random.key(live.seed), step)


def _count(quantized: Quantized, like: Int[Array, "L K"]) -> Int[Array, "L K"]:
    levels = jnp.arange(quantized.codes.shape[-1])
    ones = 1 if quantized.used is None else quantized.used.T.astype(jnp.int32)
    return jnp.zeros_like(like).at[levels, quantized.codes].add(ones)


@partial(jax.jit, donate_argnums=0, static_argnames="recipe")
def train_step(
    state: TrainState, batch: UInt8[Array, "B 28 28"], live: Live, recipe: Recipe
) -> tuple[TrainState, StepOutput]:
    """One step of gradient descent. If loss or a gradient is not finite the state comes back as it was."""
    gradient = jax.value_and_grad(_objective, has_aux=True)
    (_, seen), gradients = gradient(state.parameters, to_unit(batch), state.step, live, recipe)
    finite = _finite([seen.losses["total"], *jax.tree.leaves(gradients)])

    def advance(state: TrainState) -> TrainState:
        optimizer = recipe.way("optimizer")()
        directions, optimizer_state = optimizer.update(gradients, state.optimizer_state, state.parameters)
        rate = live.learning_rate * recipe.way("schedule")(recipe.schedule_steps)(state.step)
        updates = jax.tree.map(lambda direction: -rate * direction, directions)
        parameters, averages = optax.apply_updates(state.parameters, updates), state.averages
        motion = gradients.codebooks
        if averages is not None:
            quantized = seen.quantized
            averages, codebooks = update(
                averages, seen.residuals, quantized.codes, live.ema_decay, recipe.shape, quantized.used
            )
            motion = codebooks - state.parameters.codebooks
            parameters = parameters._replace(codebooks=codebooks)  # pyright: ignore[reportAttributeAccessIssue]
        return _seen(state, seen.quantized, motion, recipe)._replace(
            parameters=parameters, optimizer_state=optimizer_state, step=state.step + 1, averages=averages
        )

    return jax.lax.cond(finite, advance, lambda state: state, state), StepOutput(seen.losses, finite)


def _finite(arrays: list[Array]) -> Bool[Array, ""]:
    """Whether all numbers are: 0 times any other is NaN. One sum takes a little less time than asking each."""
    return jnp.isfinite(jnp.sum(jnp.stack([jnp.sum(array * 0) for array in arrays])))


def _seen(state: TrainState, quantized: Quantized, motion: Float[Array, "L K D"], recipe: Recipe) -> TrainState:
    """The state with the batch's use of the codes and their motion noted."""
    row = state.step % state.window.shape[0]
    ids = tuple_ids(quantized.codes, recipe.shape.sizes, quantized.used)
    smoothed = MOTION_DECAY * state.motion + (1 - MOTION_DECAY) * jnp.linalg.norm(motion, axis=-1)
    return state._replace(
        window=state.window.at[row].set(_count(quantized, state.window[0])),
        tuples=state.tuples.at[row].set(ids),
        motion=smoothed,
    )
