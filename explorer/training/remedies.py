"""What is done about dead codes; FORMULAS: Dead-code remedies. Each way treats one level, and is a pure function of it."""

import sys
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray, UInt8

from explorer.choices import way
from explorer.config import RunConfig
from explorer.model.quantizer import Assign, squared_distances
from explorer.model.rqvae import Parameters, encode, to_unit
from explorer.model.shape import Shape
from explorer.training.recipe import Recipe
from explorer.training.state import TrainState, choices

ASIDE = 0.05
"""How far the halves of a split code go to either side, as a share of the distance to its nearest neighbour."""
SALT = 0x5EED
"""Keeps what remedies draw apart from what the step of the same number draws."""


class Level(NamedTuple):
    """What a remedy sees of a level: its codes, and the residuals of the coming batch that it is to quantize.

    `counts` are the codes' choices in the window, `dead` those that got less than `threshold` of them. `mass` is how often a
    batch chooses each code: N of the moving averages, or the window's mean. `fair` is what it were if all were chosen alike.
    """

    key: PRNGKeyArray
    codes: Float[Array, "K D"]
    residuals: Float[Array, "B D"]
    counts: Int[Array, " K"]
    dead: Bool[Array, " K"]
    mass: Float[Array, " K"]
    fair: float
    threshold: Float[Array, ""]


class Treated(NamedTuple):
    """The level's codes afterwards, which of them moved, and the mass of those (that of others is not looked at)."""

    codes: Float[Array, "K D"]
    moved: Bool[Array, " K"]
    mass: Float[Array, " K"]


class Rules(NamedTuple):
    """What is dead, and the seed, as traced numbers: another value never recompiles."""

    threshold: Float[Array, ""]
    window: Int[Array, ""]
    seed: Int[Array, ""]


class Cured(NamedTuple):
    """The codes that a remedy moved, as (level, code) from 0 on, and where they were and are."""

    codes: tuple[tuple[int, int], ...]
    old: Float[np.ndarray, "N D"]
    new: Float[np.ndarray, "N D"]


def reinit(level: Level) -> Treated:
    """Each dead code onto the residual of a random image, no image twice while there are enough (Dhariwal et al. 2020).

    Images that the level is left nothing of come last: codes on them would all be at the origin. Its mass becomes the fair one.
    """
    nothing = jnp.all(level.residuals == 0, axis=-1)
    images = jnp.argsort(jax.random.uniform(level.key, nothing.shape) + nothing)
    turn = jnp.cumsum(level.dead) - 1
    places = level.residuals[images[turn % len(images)]]
    codes = jnp.where(level.dead[:, None], places, level.codes)
    return Treated(codes, level.dead, jnp.full_like(level.mass, level.fair))


def ema_expiry(level: Level) -> Treated:
    """`reinit` of the codes whose average N fell below `threshold` of the fair one (as in Zeghidour et al. 2021)."""
    return reinit(level._replace(dead=level.mass < level.threshold * level.fair))


def split(level: Level) -> Treated:
    """Each dead code beside a much used one: e_j ← e_p + δ, e_p ← e_p − δ, and half the mass of p each (Linde et al. 1980).

    The most used codes are split, each once; dead codes beyond their number stay. δ has a random direction, and ASIDE of the
    length to p's nearest neighbour among the codes that are not dead.
    """
    size = len(level.codes)
    parents = jnp.argsort(jnp.where(level.dead, -1, level.counts), descending=True, stable=True)
    count = jnp.minimum(level.dead.sum(), jnp.sum(~level.dead & (level.counts > 0)))
    ranks = jnp.arange(size)
    children = jnp.argsort(~level.dead, stable=True)
    to_none = jnp.where(ranks < count, 0, size)  # out of range: dropped
    apart = squared_distances(level.codes, level.codes) + jnp.where(jnp.eye(size, dtype=bool), jnp.inf, 0)
    apart = jnp.where(level.dead[None, :], jnp.inf, apart).min(axis=1)
    spread = jnp.mean(jnp.sum(level.residuals**2, axis=-1))
    reach = ASIDE * jnp.sqrt(jnp.where(jnp.isfinite(apart) & (apart > 0), apart, spread))
    direction = jax.random.normal(level.key, level.codes.shape)
    direction = direction / jnp.linalg.norm(direction, axis=-1, keepdims=True)
    aside = (reach[:, None] * direction)[parents]
    codes = level.codes.at[children + to_none].set(level.codes[parents] + aside, mode="drop")
    codes = codes.at[parents + to_none].add(-aside, mode="drop")
    both = jnp.concatenate([children + to_none, parents + to_none])
    half = jnp.tile(level.mass[parents] / 2, 2)
    moved = jnp.zeros(size, bool).at[both].set(True, mode="drop")
    return Treated(codes, moved, level.mass.at[both].set(half, mode="drop"))


def until_due(now: RunConfig, step: int) -> int:
    """Steps from `step` on after which the run's own remedy acts next; more than there are if it has none."""
    return sys.maxsize if now.remedy == "none" else now.remedy_every - step % now.remedy_every


def cure(
    state: TrainState, batch: UInt8[np.ndarray, "B 28 28"], remedy: str, now: RunConfig
) -> tuple[TrainState, Cured | None]:
    """The state after a remedy, on the batch that comes, and what it did; the same state and None if nothing was dead.

    Moved codes begin anew: no moments, no counts in the window, and not dead until it has passed; under moving averages
    m = e·N. So the next update does not undo the remedy.
    """
    rules = Rules(np.float32(now.dead_threshold), np.int32(now.dead_window), np.int32(now.seed))  # pyright: ignore[reportArgumentType]
    recipe = Recipe.of(now)
    treated, moved = _cure(state, batch, rules, recipe.shape, recipe.way("distance"), way("remedy", remedy))
    codes = np.argwhere(np.asarray(moved))
    if not len(codes):
        return state, None
    old, new = (np.asarray(of.parameters.codebooks)[tuple(codes.T)] for of in (state, treated))
    return treated, Cured(tuple((int(level), int(code)) for level, code in codes), old, new)


@partial(jax.jit, static_argnames=("shape", "assign", "remedy"))
def _cure(
    state: TrainState,
    batch: UInt8[Array, "B 28 28"],
    rules: Rules,
    shape: Shape,
    assign: Assign,
    remedy: Callable[[Level], Treated],
) -> tuple[TrainState, Bool[Array, "L K"]]:
    key = jax.random.fold_in(jax.random.fold_in(jax.random.key(rules.seed), state.step), SALT)
    counts, dead = choices(state, rules.window), _dead(state, rules, shape)
    mass = counts / jnp.clip(jnp.minimum(state.step, rules.window), 1).astype(jnp.float32)
    mass = mass if state.averages is None else state.averages.counts
    left = encode(state.parameters, to_unit(batch))
    outcomes, largest = [], max(shape.sizes)
    for number, size in enumerate(shape.sizes):
        codes = state.parameters.codebooks[number, :size]
        mine = (values[number, :size] for values in (counts, dead, mass))
        fair = len(batch) / size
        level = Level(jax.random.fold_in(key, number), codes, left, *mine, fair=fair, threshold=rules.threshold)
        treated = remedy(level)
        left = left - treated.codes[assign(left, treated.codes)]
        outcomes.append(jax.tree.map(lambda rows, size=size: _padded(rows, largest - size), treated))
    stacked = jax.tree.map(lambda *levels: jnp.stack(levels), *outcomes)
    return _begun_anew(state, stacked), stacked.moved


def _padded(rows: Array, more: int) -> Array:
    return jnp.pad(rows, ((0, more), *(((0, 0),) * (rows.ndim - 1))))


def _dead(state: TrainState, rules: Rules, shape: Shape) -> Bool[Array, "L K"]:
    """As `explorer.training.health` has it."""
    counts = choices(state, rules.window)
    dead = counts < rules.threshold * counts.sum(axis=-1, keepdims=True)
    dead &= state.step - state.born >= rules.window
    return dead if shape.own is None else dead & shape.own


def _begun_anew(state: TrainState, treated: Treated) -> TrainState:
    """The state with the moved codes where they are now, and nothing known of where they were."""
    moved, rows = treated.moved, treated.moved[..., None]

    def without_moments(node: object) -> object:
        if isinstance(node, Parameters):
            return node._replace(codebooks=jnp.where(rows, 0, node.codebooks))
        return node

    averages = state.averages
    if averages is not None:
        counts = jnp.where(moved, treated.mass, averages.counts)
        sums = jnp.where(rows, treated.codes * treated.mass[..., None], averages.sums)
        averages = averages._replace(counts=counts, sums=sums)
    codebooks = jnp.where(rows, treated.codes, state.parameters.codebooks)
    return state._replace(
        parameters=state.parameters._replace(codebooks=codebooks),
        optimizer_state=jax.tree.map(
            without_moments, state.optimizer_state, is_leaf=lambda node: isinstance(node, Parameters)
        ),
        window=jnp.where(moved, 0, state.window),
        averages=averages,
        born=jnp.where(moved, state.step, state.born),
    )
