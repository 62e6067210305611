"""The plainest training step in Flax for the same model, nothing tuned: python plain_flax.py THREADS.

Says how many operations such a step takes, as XLA counts them in this program.
"""

import os
import sys
from functools import partial
from typing import Any

os.environ |= {"NPROC": sys.argv[1], "JAX_PLATFORMS": "cpu"}  # read when jax is imported

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import linen as nn
from windows import serve

BATCH, LEVELS, CODES, DIMENSIONS = 128, 2, 16, 2


class Model(nn.Module):
    """Encoder, residual quantizer, decoder."""

    def setup(self) -> None:
        """Name the layers."""
        self.encoder = nn.Sequential(
            [
                nn.Conv(32, (3, 3), strides=2),
                nn.relu,
                nn.Conv(64, (3, 3), strides=2),
                nn.relu,
                lambda x: x.reshape(len(x), -1),
                nn.Dense(128),
                nn.relu,
                nn.Dense(DIMENSIONS),
            ]
        )
        self.decoder = nn.Sequential(
            [
                nn.Dense(128),
                nn.relu,
                nn.Dense(7 * 7 * 64),
                lambda x: x.reshape(-1, 7, 7, 64),
                nn.ConvTranspose(32, (3, 3), strides=(2, 2)),
                nn.relu,
                nn.ConvTranspose(1, (3, 3), strides=(2, 2)),
                nn.sigmoid,
            ]
        )
        self.codebooks = self.param("codebooks", nn.initializers.normal(0.3), (LEVELS, CODES, DIMENSIONS))

    def __call__(self, images: jax.Array, weights: jax.Array) -> jax.Array:
        """The weighted loss, and the reconstruction error."""
        z = self.encoder(images)
        quantized = jnp.zeros_like(z)
        for codebook in self.codebooks:
            left = jax.lax.stop_gradient(z - quantized)
            quantized += codebook[jnp.argmin(((left[:, None] - codebook) ** 2).sum(-1), axis=-1)]
        reconstruction = self.decoder(z + jax.lax.stop_gradient(quantized - z))
        commit = jnp.mean((z - jax.lax.stop_gradient(quantized)) ** 2)
        codebook = jnp.mean((jax.lax.stop_gradient(z) - quantized) ** 2)
        return jnp.mean((reconstruction - images) ** 2) + weights @ jnp.stack([commit, codebook])


@partial(jax.jit, donate_argnums=(0, 1))
def train_step(params: Any, moments: Any, batch: jax.Array, weights: jax.Array) -> tuple[Any, Any, jax.Array]:
    """One step of Adam."""
    images = batch.astype(jnp.float32) / 255
    loss, gradients = jax.value_and_grad(Model().apply)(params, images, weights)
    updates, moments = adam.update(gradients, moments)
    return optax.apply_updates(params, updates), moments, loss


adam = optax.adam(1e-3)

if __name__ == "__main__":
    random = np.random.default_rng(0)
    data = random.integers(0, 256, (60_000, 28, 28, 1), dtype=np.uint8)
    weights = jnp.array([0.25, 1.0])
    params = Model().init(jax.random.key(0), jnp.zeros((1, 28, 28, 1)), weights)
    moments = adam.init(params)
    compiled: Any = train_step.lower(params, moments, data[:BATCH], weights).compile()

    def step() -> None:
        """Train on a random batch."""
        global params, moments
        params, moments, loss = compiled(params, moments, data[random.integers(0, len(data), BATCH)], weights)
        float(loss)

    serve(step, gflop=compiled.cost_analysis()["flops"] / 1e9)
