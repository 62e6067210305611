"""What makes a direction of a gradient, to be scaled by the live learning rate. All optax."""

import jax
import optax

from explorer.model.rqvae import Parameters

DECAY = 1e-4
MOMENTUM = 0.9


def adam() -> optax.GradientTransformation:
    """Adam's direction (Kingma & Ba 2015), with optax's defaults."""
    return optax.scale_by_adam()


def adamw() -> optax.GradientTransformation:
    """Adam's direction plus DECAY times the parameter (Loshchilov & Hutter 2019); codes are places, and do not decay."""

    def decays(parameters: Parameters) -> Parameters:
        every = jax.tree.map(lambda _: True, parameters)
        return every._replace(codebooks=False)

    return optax.chain(optax.scale_by_adam(), optax.add_decayed_weights(DECAY, decays))


def sgd() -> optax.GradientTransformation:
    """The gradient with momentum (Polyak 1964)."""
    return optax.trace(MOMENTUM)
