"""Fresh weights, against flax's own init."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from explorer.model.decoder import Decoder
from explorer.model.encoder import Encoder
from explorer.model.kernels import KERNELS, Kernels
from explorer.model.rqvae import init_parameters
from explorer.model.shape import Shape
from explorer.training.state import SOON


@pytest.mark.parametrize("dim", [2, 16])
def test_fresh_weights_are_those_that_flax_draws_to_the_bit(dim: int) -> None:
    def ours(key: jax.Array) -> tuple:
        fresh = init_parameters(
            key, Shape((4,), dim), jnp.zeros((1, 28, 28, 1)), lambda *_: jnp.zeros((1, 4, dim)), 1.0
        )
        return fresh.encoder, fresh.decoder

    def flax(key: jax.Array) -> tuple:
        encoder_key, decoder_key, _ = jax.random.split(key, 3)
        encoder = Encoder(dim).init(encoder_key, jnp.zeros((1, 28, 28, 1)))
        return encoder, Decoder().init(decoder_key, jnp.zeros((1, dim)))

    compiled, plain = jax.jit(ours, compiler_options=SOON), jax.jit(flax)
    for seed in (0, 1, 2**32 - 1):
        mine, theirs = compiled(jax.random.key(seed)), plain(jax.random.key(seed))
        assert jax.tree.structure(mine) == jax.tree.structure(theirs)
        jax.tree.map(np.testing.assert_array_equal, mine, theirs)


def test_the_initialiser_that_layers_are_given_is_flaxs_default() -> None:
    inputs = jnp.zeros((1, 5))
    for seed in (0, 1):
        ours, default = (
            layer.init(jax.random.key(seed), inputs) for layer in (nn.Dense(7, kernel_init=KERNELS), nn.Dense(7))
        )
        jax.tree.map(np.testing.assert_array_equal, ours, default)


def test_only_what_was_noted_is_drawn() -> None:
    kernels = Kernels()
    noted = [kernels.note(jax.random.key(seed), (9, 5)) for seed in (0, 1)]
    bias = jnp.zeros((9, 5))
    first, untouched, second = kernels.drawn((noted[0], bias, noted[1]))
    assert untouched is bias
    assert not np.array_equal(first, second)
    assert np.all(np.abs(first) <= 2 / 0.8796 / 3)  # cut at two deviations of what is left of 1/√9
