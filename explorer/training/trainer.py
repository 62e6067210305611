"""A run's science without its life: a state that advances batch by batch. Knows no thread, no clock, no file."""

from collections.abc import Iterator, Mapping
from functools import partial
from math import isnan

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from explorer.config import RunConfig
from explorer.data import Dataset, batch_indices
from explorer.messages import Health, RunState, View
from explorer.training.chunk import Told, train_steps
from explorer.training.health import health, newest
from explorer.training.live import Live, as_live
from explorer.training.programs import Programs
from explorer.training.projection import plane
from explorer.training.recipe import Recipe
from explorer.training.remedies import Cured, cure
from explorer.training.resident import on_device
from explorer.training.state import SEEN, TrainState, beginning, from_leaves, with_tuples
from explorer.training.step import MOTION_DECAY, StepOutput
from explorer.training.trained import Trained
from explorer.training.tuples import distinct

PIECE = 16
"""Steps, at the most, that are dispatched at once: while they run, what the ones before told is read and passed on."""


class Trainer:
    """Trains one config on one data set. Two trainers of equal config and data go through bit-identical states.

    `now` is its config with the live settings that hold now.
    """

    def __init__(
        self,
        config: RunConfig,
        dataset: Dataset,
        origin: RunState | None = None,
        resident: bool | None = None,
        programs: Programs | None = None,
    ) -> None:
        """From step 0, or from where `origin` left off. Raises ConfigError for an origin with other codebooks.

        `resident`: it keeps the training images on the device, and trains several steps in one dispatch; as on a GPU.
        `programs`: of the config's recipe; they are compiled when first needed unless given.
        """
        self.config = config
        self._recipe = Recipe.of(config)
        self._programs = programs or Programs.traced(self._recipe)
        self._set = config, as_live(config)
        self._dataset = dataset
        self.resident = jax.default_backend() != "cpu" if resident is None else resident
        self._images = on_device(dataset.train_images) if self.resident else None
        self._origin = origin
        self._probe = jax.device_put(dataset.probe.images)
        self._shown = jax.device_put(dataset.probe.shown)
        self._basis: Float[np.ndarray, "D 2"] | None = None
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

    @property
    def can_look(self) -> bool:
        """Whether `view` would answer at once, and not wait until it is compiled."""
        return self._programs.can_look()

    def reset(self) -> None:
        """Back to the state before the first step, or to the origin."""
        if self._origin is None:
            self.state: TrainState = self._begin()
            self.steps = 0
            self._basis = None
        else:
            self.adopt(self._origin)

    def adopt(self, state: RunState) -> None:
        """Go on from a state. Raises ConfigError for one with other codebooks."""
        self.state = from_leaves(self.config, state.leaves)
        self.steps = state.step

    def warm_up(self) -> None:
        """Compile the training step, on a state that is thrown away."""
        if self._images is None:
            self._programs.step(self._begin(), self._batch(0), as_live(self.config))
        else:
            self._dispatch(self._begin(), jnp.array(True), 0, 1, self.config)

    def train(self, now: RunConfig, steps: int = 1) -> Iterator[Trained]:
        """Train on the next `steps` batches, and tell of one after the other; fewer, if the one after them was not finite.

        Nothing else may be asked of the trainer until all were told of: what is told is behind what is being trained.
        """
        if self._images is None:
            for _ in range(steps):
                output = self._step(now)
                if output is None:
                    return
                # Copies: what is looked at would be a buffer that the next step cannot reuse.
                window, born = np.array(self.state.window), np.array(self.state.born)
                yield Trained(partial(_read, output), partial(self._health_in, window, self.steps, born, now))
            return
        born, begun, ahead, going = np.array(self.state.born), self.steps, None, jnp.array(True)
        for done in range(0, steps, PIECE):
            behind = ahead
            self.state, ahead = self._dispatch(self.state, going, begun + done, min(PIECE, steps - done), now)
            going = ahead.finite
            if behind is not None:
                yield from self._told(behind, born, now)
        if ahead is not None:
            yield from self._told(ahead, born, now)

    def step(self, now: RunConfig) -> dict[str, float] | None:
        """Train on the next batch; its losses, or None if they were not finite (the state is then as before).

        A term that is not computed because its weight is 0 is left out.
        """
        if self._images is not None:
            trained = list(self.train(now))
            return trained[0].losses if trained else None
        output = self._step(now)
        return None if output is None else _read(output)

    def _step(self, now: RunConfig) -> StepOutput | None:
        batch = self._batch(self.steps)
        self.state, output = self._programs.step(self.state, batch, self._live(now))
        if not jax.block_until_ready(output.finite).item():
            return None
        self.steps += 1
        return output

    def due(self, now: RunConfig) -> str:
        """The remedy that is to act before the next step; "" for none."""
        mine = self.config.remedy
        return mine if mine != "none" and self.steps > 0 and self.steps % now.remedy_every == 0 else ""

    def cure(self, remedy: str, now: RunConfig) -> Cured | None:
        """Treat dead codes, before the next step. None: nothing was dead, nothing changed."""
        self.state, cured = cure(self.state, self._batch(self.steps), remedy, now)
        return cured

    def export(self, now: RunConfig) -> RunState:
        """All that another trainer needs to go on from here exactly as this one would."""
        leaves = tuple(
            np.array(leaf) for leaf in jax.tree.leaves(self.state)
        )  # copies: the next step reuses the buffers
        return RunState(self.config.with_live(now.live), self.steps, leaves)

    def health(self, now: RunConfig) -> Health:
        """Use of the codes over the last batches, as many as the window has now."""
        return self._health_in(np.asarray(self.state.window), self.steps, np.asarray(self.state.born), now)

    def _health_in(
        self, window: Int[np.ndarray, "W L K"], step: int, born: Int[np.ndarray, "L K"], now: RunConfig
    ) -> Health:
        return self._health(newest(window, step, now.dead_window).sum(axis=0), step, born, now)

    def _health(
        self, counts: Int[np.ndarray, "L K"], step: int, born: Int[np.ndarray, "L K"], now: RunConfig
    ) -> Health:
        young = step - born < now.dead_window
        return health(counts, min(step, now.dead_window), now.dead_threshold, self.config.sizes, young)

    def view(self, now: RunConfig) -> View:
        """The model seen through the probe images, now."""
        probe, state = self._dataset.probe, self.state
        seen = jax.device_get(self._programs.look(state.parameters, self._probe, self._shown))
        self._basis, explained = plane(seen.latents, self._basis)
        averaged_over = 1 - MOTION_DECAY ** max(self.steps, 1)  # the average began at 0
        return View(
            codebooks=np.array(state.parameters.codebooks),  # a copy: the next step reuses the buffer
            health=self.health(now),
            latents=seen.latents,
            codes=seen.codes.astype(np.uint16),
            labels=probe.labels,
            inputs=probe.images[probe.shown],
            reconstructions=seen.by_level[-1],
            probe_mse=float(seen.mse),
            basis=self._basis,
            explained=explained,
            by_level=seen.by_level,
            residual_ratio=seen.residual_ratio,
            tuples=distinct(newest(np.asarray(state.tuples), self.steps, now.dead_window)),
            motion=np.asarray(state.motion) / np.float32(averaged_over),
        )

    def view_of_beginning(self, now: RunConfig) -> View:
        """The view that a fresh run had before its first step. Not for one with an origin."""
        kept = self.state, self.steps
        self.reset()
        try:
            return self.view(now)
        finally:
            self.state, self.steps = kept

    def _begin(self) -> TrainState:
        images = self._dataset.train_images
        seen = images[batch_indices(self.config.seed, 0, len(images), min(SEEN, len(images)))]
        return with_tuples(self._programs.begin(*beginning(self.config, seen)), self.config.batch_size)

    def _batch(self, step: int) -> np.ndarray:
        return self._dataset.train_images[self._indices(step)]

    def _indices(self, step: int) -> Int[np.ndarray, " B"]:
        return batch_indices(self.config.seed, step, len(self._dataset.train_images), self.config.batch_size)

    def _dispatch(
        self, state: TrainState, going: Bool[Array, ""], first: int, steps: int, now: RunConfig
    ) -> tuple[TrainState, Told]:
        """Have steps trained, at most PIECE, from step `first` on; returns before they are."""
        rows = np.zeros((PIECE, self.config.batch_size), np.int32)
        rows[:steps] = [self._indices(first + step) for step in range(steps)]
        live, window = self._live(now), np.int32(now.dead_window)
        state, told = train_steps(state, going, self._images, rows, np.int32(steps), window, live, self._recipe)
        for leaf in jax.tree.leaves(told):
            leaf.copy_to_host_async()
        return state, told

    def _told(self, told: Told, born: Int[np.ndarray, "L K"], now: RunConfig) -> Iterator[Trained]:
        losses, counts, done, _ = jax.device_get(told)
        for row in range(done):
            self.steps += 1
            yield Trained(
                partial(_computed, {name: values[row] for name, values in losses.items()}),
                partial(self._health, counts[row], self.steps, born, now),
            )

    def _live(self, now: RunConfig) -> Live:
        """`as_live`, made once for each setting: it is the same from step to step."""
        if self._set[0] is not now:
            self._set = now, as_live(now)
        return self._set[1]


def _read(output: StepOutput) -> dict[str, float]:
    return _computed(output.losses)


def _computed(losses: Mapping[str, Array | np.float32]) -> dict[str, float]:
    """As numbers, without the terms whose weight is 0."""
    numbers = {name: value.item() for name, value in losses.items()}
    return {name: value for name, value in numbers.items() if not isnan(value)}
