"""One training step and one look through the probe: pure functions, each one jit."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Bool, Float, Int, UInt8

from explorer.model.quantizer import Quantized, residual_quantize, residuals
from explorer.model.rqvae import Parameters, decode, decode_logits, encode, to_unit
from explorer.training.losses import mean_squared_error, weighted_total
from explorer.training.moving_average import update
from explorer.training.reconstruction import mse
from explorer.training.state import Live, Recipe, TrainState

CHUNK = 64
"""Images that a look takes at a time: by all 512 at once it took twice as long."""


class StepOutput(NamedTuple):
    """What a step tells: unweighted terms and weighted `total`, and whether loss and gradients were finite."""

    losses: dict[str, Float[Array, ""]]
    finite: Bool[Array, ""]


class ProbeOutput(NamedTuple):
    """The probe images seen through the model; `reconstructions` are those of the shown images, in 0..255."""

    latents: Float[Array, "P D"]
    codes: Int[Array, "P L"]
    mse: Float[Array, ""]
    reconstructions: UInt8[Array, "S 28 28"]


class Pass(NamedTuple):
    """What a batch came to: unweighted terms and `total`, chosen codes, and what each level quantized."""

    losses: dict[str, Float[Array, ""]]
    codes: Int[Array, "B L"]
    residuals: Float[Array, "L B D"]


def _objective(
    parameters: Parameters, images: Float[Array, "B 28 28 1"], lambdas: dict[str, Float[Array, ""]], recipe: Recipe
) -> tuple[Float[Array, ""], Pass]:
    latents = encode(parameters, images)
    averaged = recipe.codebook_update == "ema"  # such codes take no gradient
    codebooks = jax.lax.stop_gradient(parameters.codebooks) if averaged else parameters.codebooks
    quantized = residual_quantize(latents, codebooks, recipe.way("distance"))
    logits = decode_logits(parameters, recipe.way("gradient_estimator")(latents, quantized.z_q))
    recon = recipe.way("recon_loss")
    terms = {"recon": recon(images, logits), **recipe.way("loss_form")(latents, quantized)}
    total = weighted_total(terms, lambdas)
    losses = {**terms, "total": total} if recon is mse else {**terms, "total": total, "mse": mse(images, logits)}
    return total, Pass(losses, quantized.codes, residuals(latents, quantized))


def _count(codes: Int[Array, "B L"], like: Int[Array, "L K"]) -> Int[Array, "L K"]:
    levels = jnp.arange(codes.shape[-1])
    return jnp.zeros_like(like).at[levels, codes].add(1)


@partial(jax.jit, donate_argnums=0, static_argnames="recipe")
def train_step(
    state: TrainState, batch: UInt8[Array, "B 28 28"], live: Live, recipe: Recipe
) -> tuple[TrainState, StepOutput]:
    """One step of gradient descent. If loss or a gradient is not finite the state comes back as it was."""
    gradient = jax.value_and_grad(_objective, has_aux=True)
    (_, seen), gradients = gradient(state.parameters, to_unit(batch), live.lambdas, recipe)
    leaves = [seen.losses["total"], *jax.tree.leaves(gradients)]
    finite = jnp.all(jnp.stack([jnp.all(jnp.isfinite(leaf)) for leaf in leaves]))

    def advance(state: TrainState) -> TrainState:
        optimizer = recipe.way("optimizer")()
        directions, optimizer_state = optimizer.update(gradients, state.optimizer_state, state.parameters)
        rate = live.learning_rate * recipe.way("schedule")(recipe.schedule_steps)(state.step)
        updates = jax.tree.map(lambda direction: -rate * direction, directions)
        row = state.step % state.window.shape[0]
        window = state.window.at[row].set(_count(seen.codes, state.window[0]))
        parameters, averages = optax.apply_updates(state.parameters, updates), state.averages
        if averages is not None:
            averages, codebooks = update(averages, seen.residuals, seen.codes)
            parameters = parameters._replace(codebooks=codebooks)  # pyright: ignore[reportAttributeAccessIssue]
        return TrainState(parameters, optimizer_state, state.step + 1, window, averages)  # pyright: ignore[reportArgumentType]

    return jax.lax.cond(finite, advance, lambda state: state, state), StepOutput(seen.losses, finite)


@partial(jax.jit, static_argnames="recipe")
def look(
    parameters: Parameters, images: UInt8[Array, "P 28 28"], shown: Int[Array, " S"], recipe: Recipe
) -> ProbeOutput:
    """Encode, quantize and decode the probe images: a few at a time, and each combination of codes once."""
    inputs = to_unit(images)
    latents = _by_chunks(lambda chunk: encode(parameters, chunk, differentiate=False), inputs)
    quantized = residual_quantize(latents, parameters.codebooks, recipe.way("distance"))
    outputs = _decode_each_once(parameters, quantized)
    drawn = jnp.round(outputs[shown, :, :, 0] * 255).astype(jnp.uint8)
    return ProbeOutput(latents, quantized.codes, mean_squared_error(inputs, outputs), drawn)


def _decode_each_once(parameters: Parameters, quantized: Quantized) -> Float[Array, "P 28 28 1"]:
    """Images of the same codes are decoded to the same image: of 512 some 60 to 150 differ."""
    size = len(quantized.codes)
    _, first, same = jnp.unique(quantized.codes, axis=0, return_index=True, return_inverse=True, size=size)
    distinct = jnp.max(same) + 1

    def decode_used(chunk: tuple[Int[Array, " C"], Float[Array, "C D"]]) -> Float[Array, "C 28 28 1"]:
        places, latents = chunk
        blank = jnp.zeros((len(places), 28, 28, 1))
        return jax.lax.cond(places[0] < distinct, lambda: decode(parameters, latents), lambda: blank)

    return _by_chunks(decode_used, (jnp.arange(size), quantized.z_q[first]))[same.ravel()]


def _by_chunks(function: Callable[[Any], Array], arrays: Any) -> Array:
    """`function` of CHUNK rows of the arrays at a time: what it works on stays in the processor's cache."""
    rows = len(jax.tree.leaves(arrays)[0])
    size = CHUNK if rows % CHUNK == 0 else rows
    chunks = jax.tree.map(lambda array: array.reshape(-1, size, *array.shape[1:]), arrays)
    outcome = jax.lax.map(function, chunks)
    return outcome.reshape(rows, *outcome.shape[2:])
