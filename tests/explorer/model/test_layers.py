"""The layers compute what flax's own do."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from explorer.model import layers
from explorer.model.convolutions import direct, patch_rows, patches

CASES = [
    (layers.Conv(5), nn.Conv(5, (3, 3), strides=(2, 2)), (3, 8, 12, 2)),
    (layers.Conv(3), nn.Conv(3, (3, 3), strides=(2, 2)), (1, 2, 2, 1)),
    (layers.Conv(32), nn.Conv(32, (3, 3), strides=(2, 2)), (2, 28, 28, 1)),
    (layers.Conv(64), nn.Conv(64, (3, 3), strides=(2, 2)), (2, 14, 14, 32)),
    (layers.ConvTranspose(32), nn.ConvTranspose(32, (3, 3), strides=(2, 2)), (2, 7, 7, 64)),
    (layers.ConvTranspose(1), nn.ConvTranspose(1, (3, 3), strides=(2, 2)), (2, 14, 14, 32)),
    (layers.ConvTranspose(2), nn.ConvTranspose(2, (3, 3), strides=(2, 2)), (3, 4, 6, 9)),
    (layers.ConvTranspose(3), nn.ConvTranspose(3, (3, 3), strides=(2, 2)), (1, 1, 1, 2)),
]


FORMS = {"patches": patches, "rows of patches": patch_rows, "direct": direct}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
@pytest.mark.parametrize("relu", [False, True], ids=["linear", "relu"])
@pytest.mark.parametrize(("ours", "plain", "shape"), CASES)
def test_outputs_gradients_and_initial_values_are_those_of_flax(ours, plain, shape, relu, form, monkeypatch):
    monkeypatch.setattr(layers, "_form", lambda _channels: form)
    ours = ours.clone(relu=relu)
    x = jax.random.normal(jax.random.key(1), shape)
    params = plain.init(jax.random.key(0), x)
    for a, b in zip(jax.tree.leaves(ours.init(jax.random.key(0), x)), jax.tree.leaves(params), strict=True):
        np.testing.assert_array_equal(a, b)
    params["params"]["bias"] = jax.random.normal(jax.random.key(3), params["params"]["bias"].shape)
    target = jax.random.normal(jax.random.key(2), plain.apply(params, x).shape)

    def value_and_gradients(apply):
        return jax.value_and_grad(lambda p, x: jnp.mean((apply(p, x) - target) ** 2), argnums=(0, 1))(params, x)

    def twin(params, x):
        y = plain.apply(params, x)
        return nn.relu(y) if relu else y

    for a, b in zip(
        jax.tree.leaves(value_and_gradients(ours.apply)), jax.tree.leaves(value_and_gradients(twin)), strict=True
    ):
        np.testing.assert_allclose(a, b, rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize("channels", [3, 16])
@pytest.mark.parametrize("layer", [layers.Conv, layers.ConvTranspose])
def test_what_is_not_a_number_stays_visible_behind_a_relu(layer, channels):
    x, layer = jnp.full((2, 4, 4, channels), jnp.nan), layer(channels, relu=True)
    params = layer.init(jax.random.key(0), jnp.zeros_like(x))
    assert jnp.isnan(layer.apply(params, x)).all()


@pytest.mark.parametrize(
    ("cpu", "channels", "form"), [(True, 1, patches), (True, 32, patch_rows), (False, 1, direct), (False, 32, direct)]
)
def test_a_processor_convolves_by_matrix_products(cpu, channels, form, monkeypatch):
    monkeypatch.setattr(layers, "on_cpu", lambda: cpu)
    assert layers._form(channels) is form
