"""A run's science without its life: a state that advances batch by batch. Knows no thread, no clock, no file."""

import jax
import jax.numpy as jnp
import numpy as np

from explorer.config import Lambdas, RunConfig
from explorer.data import Dataset, batch_indices
from explorer.messages import Health, View
from explorer.training.health import WINDOW_BATCHES, health
from explorer.training.state import Live, TrainState, init_state
from explorer.training.step import look, train_step


class Trainer:
    """Trains one config on one data set. Two trainers of equal config and data go through bit-identical states."""

    def __init__(self, config: RunConfig, dataset: Dataset) -> None:
        self.config = config
        self._dataset = dataset
        self._probe = jnp.asarray(dataset.probe.images)
        self._shown = jnp.asarray(dataset.probe.shown)
        self.state: TrainState = init_state(config)
        self.steps = 0

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
        """Back to the state before the first step."""
        self.state = init_state(self.config)
        self.steps = 0

    def warm_up(self) -> None:
        """Compile the training step, on a state that is thrown away."""
        batch = self._batch(0)
        train_step(init_state(self.config), batch, as_live(Lambdas(), 0.0))

    def step(self, lambdas: Lambdas, learning_rate: float) -> dict[str, float] | None:
        """Train on the next batch; its losses, or None if they were not finite (the state is then as before)."""
        batch = self._batch(self.steps)
        self.state, output = train_step(self.state, batch, as_live(lambdas, learning_rate))
        losses, finite = jax.device_get(output)
        if not finite:
            return None
        self.steps += 1
        return {name: float(value) for name, value in losses.items()}

    def health(self) -> Health:
        """Use of the codes over the last 100 batches."""
        counts = np.asarray(self.state.window).sum(axis=0)
        return health(counts, min(self.steps, WINDOW_BATCHES))

    def view(self) -> View:
        """The model seen through the probe images, now."""
        probe = self._dataset.probe
        seen = jax.device_get(look(self.state.parameters, self._probe, self._shown))
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

    def _batch(self, step: int) -> np.ndarray:
        images = self._dataset.train_images
        return images[batch_indices(self.config.seed, step, len(images), self.config.batch_size)]


def as_live(lambdas: Lambdas, learning_rate: float) -> Live:
    """Live settings as float32 scalars, whatever kind of number they were: an int would compile anew."""
    weights = {name: np.float32(value) for name, value in lambdas.to_dict().items()}
    return Live(weights, np.float32(learning_rate))  # pyright: ignore[reportArgumentType]
