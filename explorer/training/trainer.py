"""A run's science without its life: a state that advances batch by batch. Knows no thread, no clock, no file."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np

from explorer.config import Lambdas, RunConfig
from explorer.data import Dataset, batch_indices
from explorer.messages import Health, RunState, View
from explorer.training.health import WINDOW_BATCHES, health
from explorer.training.state import Live, Recipe, TrainState, from_leaves, init_state
from explorer.training.step import look, train_step

SEEN = 2048
"""Images, the first of the run's own order, on which codes begin that begin on the data."""


class Trainer:
    """Trains one config on one data set. Two trainers of equal config and data go through bit-identical states."""

    def __init__(self, config: RunConfig, dataset: Dataset, origin: RunState | None = None) -> None:
        """From step 0, or from where `origin` left off. Raises ConfigError for an origin with other codebooks."""
        self.config = config
        self._recipe = Recipe.of(config)
        self._dataset = dataset
        self._origin = origin
        self._probe = jnp.asarray(dataset.probe.images)
        self._shown = jnp.asarray(dataset.probe.shown)
        self.reset()

    @property
    def epoch(self) -> float:
        """How often the training set was seen."""
        return self.steps * self.config.batch_size / len(self._dataset.train_images)

    @property
    def device(self) -> str:
        """What it trains on, in words."""
        device = jax.devices()[0]
        return "CPU" if device.platform == "cpu" else device.device_kind

    def reset(self) -> None:
        """Back to the state before the first step, or to the origin."""
        if self._origin is None:
            self.state: TrainState = self._begin()
            self.steps = 0
        else:
            self.adopt(self._origin)

    def adopt(self, state: RunState) -> None:
        """Go on from a state. Raises ConfigError for one with other codebooks."""
        self.state = from_leaves(self.config, state.leaves)
        self.steps = state.step

    def warm_up(self) -> None:
        """Compile the training step, on a state that is thrown away."""
        train_step(self._begin(), self._batch(0), as_live(Lambdas(), 0.0), self._recipe)

    def step(self, lambdas: Lambdas, learning_rate: float) -> dict[str, float] | None:
        """Train on the next batch; its losses, or None if they were not finite (the state is then as before)."""
        batch = self._batch(self.steps)
        self.state, output = train_step(self.state, batch, as_live(lambdas, learning_rate), self._recipe)
        losses, finite = jax.device_get(output)
        if not finite:
            return None
        self.steps += 1
        return {name: float(value) for name, value in losses.items()}

    def export(self, lambdas: Lambdas, learning_rate: float) -> RunState:
        """All that another trainer needs to go on from here exactly as this one would."""
        config = replace(self.config, lambdas=lambdas, learning_rate=learning_rate)
        leaves = tuple(
            np.array(leaf) for leaf in jax.tree.leaves(self.state)
        )  # copies: the next step reuses the buffers
        return RunState(config, self.steps, leaves)

    def health(self) -> Health:
        """Use of the codes over the last 100 batches."""
        counts = np.asarray(self.state.window).sum(axis=0)
        return health(counts, min(self.steps, WINDOW_BATCHES))

    def view(self) -> View:
        """The model seen through the probe images, now."""
        probe = self._dataset.probe
        seen = jax.device_get(look(self.state.parameters, self._probe, self._shown, self._recipe))
        return View(
            codebooks=np.array(self.state.parameters.codebooks),  # a copy: the next step reuses the buffer
            health=self.health(),
            latents=seen.latents,
            codes=seen.codes.astype(np.uint16),
            labels=probe.labels,
            inputs=probe.images[probe.shown],
            reconstructions=seen.reconstructions,
            probe_mse=float(seen.mse),
        )

    def _begin(self) -> TrainState:
        images = self._dataset.train_images
        seen = images[batch_indices(self.config.seed, 0, len(images), min(SEEN, len(images)))]
        return init_state(self.config, seen)

    def _batch(self, step: int) -> np.ndarray:
        images = self._dataset.train_images
        return images[batch_indices(self.config.seed, step, len(images), self.config.batch_size)]


def as_live(lambdas: Lambdas, learning_rate: float) -> Live:
    """Live settings as float32 scalars, whatever kind of number they were: an int would compile anew."""
    weights = {name: np.float32(value) for name, value in lambdas.to_dict().items()}
    return Live(weights, np.float32(learning_rate))  # pyright: ignore[reportArgumentType]
