"""One training step and one look through the probe: pure functions, each one jit."""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Bool, Float, Int, UInt8

from explorer.model.quantizer import residual_quantize, straight_through
from explorer.model.rqvae import Parameters, decode, encode, to_unit
from explorer.training.losses import loss_terms, mean_squared_error, weighted_total
from explorer.training.state import Live, TrainState, optimizer


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
    """Encode, quantize and decode the probe images."""
    inputs = to_unit(images)
    latents = encode(parameters, inputs, differentiate=False)
    quantized = residual_quantize(latents, parameters.codebooks)
    outputs = decode(parameters, quantized.z_q, differentiate=False)
    drawn = jnp.round(outputs[shown, :, :, 0] * 255).astype(jnp.uint8)
    return ProbeOutput(latents, quantized.codes, mean_squared_error(inputs, outputs), drawn)
