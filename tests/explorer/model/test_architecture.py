"""Encoder and decoder are exactly the published architecture."""

from functools import cache

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from explorer.model.decoder import Decoder
from explorer.model.encoder import Encoder

KEY = jax.random.key(0)


class PlainAutoencoder(nn.Module):
    """The architecture in flax's own layers."""

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        x = nn.relu(nn.Conv(32, (3, 3), strides=(2, 2))(x))
        x = nn.relu(nn.Conv(64, (3, 3), strides=(2, 2))(x))
        x = nn.relu(nn.Dense(128)(x.reshape(x.shape[0], -1)))
        x = nn.Dense(2)(x)
        x = nn.relu(nn.Dense(128)(x))
        x = nn.Dense(7 * 7 * 64)(x).reshape(-1, 7, 7, 64)
        x = nn.relu(nn.ConvTranspose(32, (3, 3), strides=(2, 2))(x))
        return nn.sigmoid(nn.ConvTranspose(1, (3, 3), strides=(2, 2))(x))


def _plain(parameters: dict) -> dict:
    renamed = {"Dense_0": "Dense_2", "Dense_1": "Dense_3"}
    decoder = {renamed.get(name, name): layer for name, layer in parameters["decoder"].items()}
    return {"params": {**parameters["encoder"], **decoder}}


def _initialised(latent_dim: int) -> dict:
    encoder = Encoder(latent_dim).init(KEY, jnp.zeros((1, 28, 28, 1)))
    decoder = Decoder().init(KEY, jnp.zeros((1, latent_dim)))
    return {"encoder": encoder["params"], "decoder": decoder["params"]}


@cache
def _parameters(latent_dim: int) -> dict:
    return jax.jit(_initialised, static_argnums=0)(latent_dim)


def _shapes(latent_dim: int) -> dict:
    return jax.eval_shape(lambda: _initialised(latent_dim))


def _count(parameters: dict) -> int:
    return sum(leaf.size for leaf in jax.tree.leaves(parameters))


def test_encoder_and_decoder_have_844_291_parameters() -> None:
    assert _count(_shapes(latent_dim=2)) == 844_291


@pytest.mark.parametrize("latent_dim", [1, 3, 8])
def test_another_latent_dimension_changes_only_the_two_layers_beside_the_latent_space(latent_dim: int) -> None:
    per_dimension = (128 + 1) + 128
    assert _count(_shapes(latent_dim)) == 844_291 + (latent_dim - 2) * per_dimension


def test_every_layer_has_its_documented_shape() -> None:
    shapes = jax.tree.map(jnp.shape, _shapes(latent_dim=2))
    assert {part: {name: layer["kernel"] for name, layer in layers.items()} for part, layers in shapes.items()} == {
        "encoder": {"Conv_0": (3, 3, 1, 32), "Conv_1": (3, 3, 32, 64), "Dense_0": (3136, 128), "Dense_1": (128, 2)},
        "decoder": {
            "Dense_0": (2, 128),
            "Dense_1": (128, 3136),
            "ConvTranspose_0": (3, 3, 64, 32),
            "ConvTranspose_1": (3, 3, 32, 1),
        },
    }


def test_all_parameters_and_outputs_are_float32() -> None:
    def everything() -> tuple:
        parameters = _initialised(latent_dim=2)
        latents = Encoder().apply({"params": parameters["encoder"]}, jnp.zeros((2, 28, 28, 1)))
        return parameters, latents, Decoder().apply({"params": parameters["decoder"]}, latents)

    assert {leaf.dtype for leaf in jax.tree.leaves(jax.eval_shape(everything))} == {jnp.dtype("float32")}


@pytest.mark.parametrize("batch", [1, 5])
def test_images_become_latents_and_latents_become_images_in_the_unit_interval(batch: int) -> None:
    parameters = _parameters(latent_dim=2)
    images = jax.random.uniform(KEY, (batch, 28, 28, 1))
    latents = Encoder().apply({"params": parameters["encoder"]}, images)
    decoded = Decoder().apply({"params": parameters["decoder"]}, latents)
    assert latents.shape == (batch, 2)
    assert decoded.shape == images.shape
    assert float(decoded.min()) > 0
    assert float(decoded.max()) < 1


def test_an_image_is_the_sigmoid_of_its_logits() -> None:
    variables = {"params": _parameters(latent_dim=2)["decoder"]}
    latents = 10 * jax.random.normal(KEY, (3, 2))
    logits = np.asarray(Decoder().apply(variables, latents, method="logits"), np.float64)
    np.testing.assert_allclose(Decoder().apply(variables, latents), 1 / (1 + np.exp(-logits)), rtol=1e-5)


def test_no_image_of_a_batch_depends_on_another() -> None:
    parameters = _parameters(latent_dim=2)

    def rebuild(images: jax.Array) -> jax.Array:
        latents = Encoder().apply({"params": parameters["encoder"]}, images)
        return Decoder().apply({"params": parameters["decoder"]}, latents)

    images = jax.random.uniform(KEY, (4, 28, 28, 1))
    one_by_one = jnp.concatenate([rebuild(image[None]) for image in images])
    np.testing.assert_allclose(rebuild(images), one_by_one, rtol=1e-4, atol=1e-6)


def test_outputs_and_gradients_are_those_of_the_same_network_in_plain_flax() -> None:
    parameters = _parameters(latent_dim=2)
    images = jax.random.uniform(KEY, (3, 28, 28, 1))

    def ours(parameters: dict) -> jax.Array:
        latents = Encoder().apply({"params": parameters["encoder"]}, images)
        return jnp.mean((Decoder().apply({"params": parameters["decoder"]}, latents) - images) ** 2)

    def plain(parameters: dict) -> jax.Array:
        return jnp.mean((PlainAutoencoder().apply(_plain(parameters), images) - images) ** 2)

    gradients = [jax.tree.leaves(jax.jit(jax.value_and_grad(loss))(parameters)) for loss in (ours, plain)]
    for a, b in zip(*gradients, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6 * float(jnp.abs(b).max()) + 1e-9)
