"""The run seen through the probe images over its life, at bounded cost: at most 64 views however long it trains."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from explorer.messages import Probes, View, empty_probes

MAX_PROBES = 64
FIRST_STRIDE = 100
"""Steps from one view to the next at first: a view takes as long as a step, which is to cost a run 1%."""


class Probe(NamedTuple):
    """What is kept of a view. Axes as in Probes."""

    codebooks: Float[np.ndarray, "L K D"]
    codes: Int[np.ndarray, "P L"]
    mse: float
    active: Int[np.ndarray, " L"]
    perplexity: Float[np.ndarray, " L"]
    shares: Float[np.ndarray, "L K"]


class ProbeLog:
    """Views go in at the steps that are due; when the log is full every second one goes and the stride doubles.

    Steps are multiples of the stride, so that runs have them in common, whenever they began.
    """

    def __init__(self, shape: tuple[int, int, int], max_probes: int = MAX_PROBES, stride: int = FIRST_STRIDE) -> None:
        self._shape = shape
        self._max = max_probes
        self._stride = stride
        self._kept: dict[int, Probe] = {}

    def due(self, step: int) -> bool:
        """Whether the view at this step belongs into the log."""
        return step % self._stride == 0 and step not in self._kept

    def until_due(self, step: int) -> int:
        """Steps from this one to the next that is due."""
        return self._stride - step % self._stride

    def add(self, step: int, view: View) -> None:
        """Log the view of a step that is due."""
        if len(self._kept) == self._max:
            self._stride *= 2
            self._kept = {kept: old for kept, old in self._kept.items() if kept % self._stride == 0}
            if step % self._stride:
                return
        health = view.health
        shares = health.counts / np.maximum(health.counts.sum(axis=-1, keepdims=True), 1)
        kept = view.codebooks, view.codes, view.probe_mse, health.active, health.perplexity, shares.astype(np.float16)
        self._kept[step] = Probe(*kept)

    def probes(self, run_id: str, generation: int) -> Probes:
        """What is in the log, for a run's `generation`."""
        kept = dict(self._kept)
        if not kept:
            return empty_probes(run_id, *self._shape)
        columns = (np.stack(column) for column in zip(*kept.values(), strict=True))
        codebooks, codes, mse, active, perplexity, shares = columns
        return Probes(
            run_id,
            generation,
            np.array(list(kept), np.int32),
            codebooks,
            codes.astype(np.uint8) if self._shape[1] <= 256 else codes,
            mse.astype(np.float32),
            active.astype(np.float32),
            perplexity.astype(np.float32),
            shares,
        )

    def dump(self) -> dict[str, np.ndarray]:
        """All that `load` needs to go on exactly as this one would."""
        probes = self.probes("", 0)
        return {"stride": np.array(self._stride)} | {name: getattr(probes, name) for name in ("steps", *Probe._fields)}

    def load(self, dumped: Mapping[str, np.ndarray]) -> None:
        """Be what was dumped. Raises KeyError or ValueError if it is not that."""
        self._stride = int(dumped["stride"])
        columns = [dumped[name] for name in Probe._fields]
        rows = zip(dumped["steps"], *columns, strict=True)
        self._kept = {int(step): Probe(*row) for step, *row in rows}
