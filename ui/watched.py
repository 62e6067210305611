"""What the hub holds of one run: its newest snapshot and all of its curves, encoded once for all who look."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from explorer.config import RunConfig
from explorer.diagnosis import badges
from explorer.messages import Event, History, Probes, Snapshot, View
from explorer.probes import FIRST_STRIDE
from ui.diagnosing import LifePlace, encode_diagnosis, encode_life, life_place
from ui.packing import Part
from ui.payload import encode_fixed, encode_history, encode_probes, encode_snapshot

Place = tuple[int, int, int]
"""How far a page has the curves: generation, stride, step."""


class Watched:
    """Written by the hub, a tick at a time."""

    def __init__(self) -> None:
        self.asked_at = -1e9
        self.life_asked_at = -1e9
        self.snapshot: Snapshot | None = None
        self.encoded: Part | None = None
        self.fixed: Part | None = None
        self.trouble = ""
        self.probes: Probes | None = None
        self.encoded_probes: Part | None = None
        self.probed = (-1, -1)
        self._probed_at = -1
        self._history: History | None = None
        self._slices: dict[tuple[Place, bool], Part] = {}
        self._diagnoses: dict[bool, Part] = {}
        self._lives: dict[LifePlace, Part] = {}

    @property
    def place(self) -> Place:
        """How far the hub has the curves."""
        history = self._history
        if history is None or not len(history.steps):
            return 0, 0, 0
        return history.generation, history.stride, int(history.steps[-1])

    def take(self, snapshot: Snapshot) -> None:
        """A newer snapshot; `encode` it once its curves are here too."""
        self.snapshot, self.encoded = snapshot, None
        self._diagnoses = {}
        if snapshot.view is not None and self.fixed is None:
            self.fixed = Part(encode_fixed(snapshot.view))

    def encode(self, config: RunConfig | None) -> None:
        """The snapshot for all who look, with what is to be said of it."""
        if self.snapshot is not None:
            said = badges(config, self.snapshot, self._history) if config else []
            self.encoded = Part(encode_snapshot(self.snapshot, said))

    def extend(self, newer: History, since: int) -> bool:
        """The curves after step `since`; False if they do not continue what is here: all of them are needed then."""
        old = self._history
        self._slices = {}
        if since and old is not None:
            if (newer.generation, newer.stride) != (old.generation, old.stride):
                return False
            newer = _joined(old, newer, since)
        self._history = newer
        return True

    def take_probes(self, probes: Probes) -> None:
        """The views over the run's life."""
        place = (probes.generation, len(probes.steps))
        self._probed_at = self.snapshot.step if self.snapshot else -1
        if place != self.probed or self.probes is None or not np.array_equal(self.probes.steps, probes.steps):
            self.probes, self.probed, self.encoded_probes = probes, place, Part(encode_probes(probes))
            self._lives = {}

    @property
    def probe_due(self) -> bool:
        """Whether the run may have been seen through the probe since the hub asked last."""
        snapshot = self.snapshot
        if snapshot is None or snapshot.view is None or snapshot.step == self._probed_at:
            return False
        again = snapshot.generation != self.probed[0] or snapshot.status not in ("running", "compiling")
        return again or snapshot.step // FIRST_STRIDE != self._probed_at // FIRST_STRIDE

    def history(self, known: object, *, all_metrics: bool) -> Part | None:
        """The curves beyond what is known; all of them after a reset, or once their stride changed."""
        history = self._history
        if history is None:
            return None
        key = (place_of(known), all_metrics)
        if key not in self._slices:
            basis = None if self._view is None else self._view.basis
            self._slices[key] = Part(_sliced(history, key[0], basis, all_metrics=all_metrics))
        return self._slices[key]

    def diagnosis(self, known: object) -> Part | None:
        """Beyond the snapshot, what the Run tab shows of it; None if that is `known`, or if there is no model yet."""
        has: Mapping[str, Any] = known if isinstance(known, dict) else {}
        snapshot = self.snapshot
        if snapshot is None or snapshot.view is None or has.get("version") == snapshot.version:
            return None
        images = has.get("images") is True
        if images not in self._diagnoses:
            self._diagnoses[images] = Part(encode_diagnosis(snapshot, snapshot.view, images=images))
        return self._diagnoses[images]

    def life(self, known: object) -> Part | None:
        """Use and places of the codes over the run's life, as far as they are not `known`; None if they all are."""
        place, probes, view = life_place(known), self.probes, self._view
        if probes is None or view is None or not len(probes.steps):
            return None
        if place == (probes.generation, len(probes.steps), int(probes.steps[-1])):
            return None
        if place not in self._lives:
            self._lives[place] = Part(encode_life(probes, place, view))
        return self._lives[place]

    @property
    def _view(self) -> View | None:
        return self.snapshot.view if self.snapshot else None


def place_of(known: object) -> Place:
    """A page's place; the beginning, if what it says makes no sense."""
    has: Mapping[str, Any] = known if isinstance(known, dict) else {}
    generation, stride, step = (has.get(name, 0) for name in ("generation", "stride", "step"))
    if all(isinstance(number, int) and 0 <= number < 2**31 for number in (generation, stride, step)):
        return int(generation), int(stride), int(step)
    return 0, 0, 0


def _sliced(history: History, place: Place, basis: np.ndarray | None, *, all_metrics: bool) -> bytes:
    generation, stride, step = place
    if (generation, stride) != (history.generation, history.stride):
        step = 0
    first = int(np.searchsorted(history.steps, step, side="right"))
    names = [name for name in history.columns if all_metrics or name.startswith("loss/")]
    columns = {name: history.columns[name][first:] for name in names}
    events = tuple(event for event in history.events if event.step >= step)
    part = History(history.run_id, history.generation, history.stride, history.steps[first:], columns, events)
    return encode_history(part, step, basis)


def _joined(old: History, newer: History, since: int) -> History:
    columns = {name: np.concatenate([old.columns[name], newer.columns[name]]) for name in newer.columns}
    before: tuple[Event, ...] = tuple(event for event in old.events if event.step < since)
    steps = np.concatenate([old.steps, newer.steps])
    return History(newer.run_id, newer.generation, newer.stride, steps, columns or old.columns, before + newer.events)
