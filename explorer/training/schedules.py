"""What multiplies the learning rate at each step, given the schedule's last step. All optax."""

import optax


def constant(_last: int) -> optax.Schedule:
    """1."""
    return optax.constant_schedule(1.0)


def cosine(last: int) -> optax.Schedule:
    """Half a cosine from 1 to 0 at step `last`, and 0 from then on (Loshchilov & Hutter 2017)."""
    return optax.cosine_decay_schedule(1.0, last)


def warmup(last: int) -> optax.Schedule:
    """A straight line from 1/`last` at the first step to 1 at step `last`, and 1 from then on."""
    return optax.linear_schedule(1 / last, 1.0, max(last - 1, 1))
