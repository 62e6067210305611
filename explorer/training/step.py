"""One training step and one look through the probe: pure functions, each one jit."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Bool, Float, Int, UInt8

from explorer.model.quantizer import Quantized, residual_quantize, straight_through
from explorer.model.rqvae import Parameters, decode, encode, to_unit
from explorer.training.losses import loss_terms, mean_squared_error, weighted_total
from explorer.training.state import Live, TrainState, optimizer

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


def _objective(
    parameters: Parameters, images: Float[Array, "B 28 28 1"], lambdas: dict[str, Float[Array, ""]]
) -> tuple[Float[Array, ""], tuple[dict[str, Float[Array, ""]], Int[Array, "B L"]]]:
    latents = encode(parameters, images)
    quantized = residual_quantize(latents, parameters.codebooks)
    outputs = decode(parameters, straight_through(latents, quantized.z_q))
    terms = loss_terms(images, outputs, latents, quantized.z_q)
    total = weighted_total(terms, lambdas)
    return total, ({**terms, "total": total}, quantized.codes)


def _count(codes: Int[Array, "B L"], like: Int[Array, "L K"]) -> Int[Array, "L K"]:
    levels = jnp.arange(codes.shape[-1])
    return jnp.zeros_like(like).at[levels, codes].add(1)


@partial(jax.jit, donate_argnums=0)
def train_step(state: TrainState, batch: UInt8[Array, "B 28 28"], live: Live) -> tuple[TrainState, StepOutput]:
    """One step of gradient descent. If loss or a gradient is not finite the state comes back as it was."""
    gradient = jax.value_and_grad(_objective, has_aux=True)
    (_, (losses, codes)), gradients = gradient(state.parameters, to_unit(batch), live.lambdas)
    leaves = [losses["total"], *jax.tree.leaves(gradients)]
    finite = jnp.all(jnp.stack([jnp.all(jnp.isfinite(leaf)) for leaf in leaves]))

    def advance(state: TrainState) -> TrainState:
        directions, optimizer_state = optimizer().update(gradients, state.optimizer_state)
        updates = jax.tree.map(lambda direction: -live.learning_rate * direction, directions)
        row = state.step % state.window.shape[0]
        window = state.window.at[row].set(_count(codes, state.window[0]))
        parameters = optax.apply_updates(state.parameters, updates)
        return TrainState(parameters, optimizer_state, state.step + 1, window)  # pyright: ignore[reportArgumentType]

    return jax.lax.cond(finite, advance, lambda state: state, state), StepOutput(losses, finite)


@jax.jit
def look(parameters: Parameters, images: UInt8[Array, "P 28 28"], shown: Int[Array, " S"]) -> ProbeOutput:
    """Encode, quantize and decode the probe images: a few at a time, and each combination of codes once."""
    inputs = to_unit(images)
    latents = _by_chunks(lambda chunk: encode(parameters, chunk, differentiate=False), inputs)
    quantized = residual_quantize(latents, parameters.codebooks)
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
