"""The transport term: what it costs to share a batch out among all codes alike; FORMULAS: Losses, transport."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from explorer.model.quantizer import squared_distances
from explorer.training.entropy import logarithm

ITERATIONS = 20


def sinkhorn(
    costs: Float[Array, "L K B"],
    codes: Float[Array, "L K"],
    images: Float[Array, "L B"],
    epsilon: Float[Array, ""] | float,
    iterations: int = ITERATIONS,
) -> Float[Array, "L K B"]:
    """The plan P = exp(f + g − C/ε) with these shares of codes and images as its sums (Cuturi 2013, algorithm 1, in logarithms).

    It ends with the codes: their sums are exact however few the iterations, so that each code has its whole share.
    """
    scaled, log_codes, log_images = costs / epsilon, logarithm(codes), logarithm(images)

    def improve(_: int, f_g: tuple[Array, Array]) -> tuple[Array, Array]:
        g = log_images - jax.nn.logsumexp(f_g[0][:, :, None] - scaled, axis=1)
        return log_codes - jax.nn.logsumexp(g[:, None, :] - scaled, axis=2), g

    f, g = jax.lax.fori_loop(0, iterations, improve, (jnp.zeros_like(codes), jnp.zeros_like(images)))
    plan = jnp.exp(f[:, :, None] + g[:, None, :] - scaled)
    return jnp.where(images[:, None, :] > 0, plan, 0)  # a level that no image uses has no plan


def transport(
    residuals: Float[Array, "L B D"],
    codebooks: Float[Array, "L K D"],
    shares: Float[Array, "L B"],
    epsilon: Float[Array, ""] | float,
    own: Bool[np.ndarray, "L K"] | None = None,
) -> Float[Array, ""]:
    """Mean over levels of ⟨P, C⟩, C = ‖r − e‖², P the entropic plan from a batch's residuals to its level's codes alike.

    `shares` says what each image counts at each level: 1/B, or 0 where the level is left out. `own` says which rows are
    codes (None: all).

    P is detached. By the envelope theorem P itself is the gradient of the regularised optimum min ⟨P, C⟩ + ε·KL(P ‖ a⊗b) by
    C, so the term descends on that optimum; a gradient through the iterations would be one of ⟨P, C⟩ alone, which P does not
    minimise, and would have to keep all of them. Every code is pulled with its 1/K of the batch, dead ones too.
    """
    costs = squared_distances(codebooks, residuals)
    codes = np.ones(codebooks.shape[:2], np.float32) if own is None else own.astype(np.float32)
    alike = jnp.asarray(codes / codes.sum(axis=-1, keepdims=True))
    plan = sinkhorn(jax.lax.stop_gradient(costs), alike, shares, epsilon)
    return jnp.mean(jnp.sum(jax.lax.stop_gradient(plan) * costs, axis=(1, 2)))
