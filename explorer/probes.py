"""The run seen through the probe images over its life, at bounded cost: at most 64 views however long it trains."""

import numpy as np

from explorer.messages import Probes, View, empty_probes

MAX_PROBES = 64
FIRST_STRIDE = 50


class ProbeLog:
    """Views go in at the steps that are due; when the log is full every second one goes and the stride doubles.

    Steps are multiples of the stride, so that runs have them in common, whenever they began.
    """

    def __init__(self, shape: tuple[int, int, int], max_probes: int = MAX_PROBES, stride: int = FIRST_STRIDE) -> None:
        self._shape = shape
        self._max = max_probes
        self._stride = stride
        self._views: dict[int, View] = {}

    def due(self, step: int) -> bool:
        """Whether the view at this step belongs into the log."""
        return step % self._stride == 0 and step not in self._views

    def add(self, step: int, view: View) -> None:
        """Log the view of a step that is due."""
        if len(self._views) == self._max:
            self._stride *= 2
            self._views = {kept: old for kept, old in self._views.items() if kept % self._stride == 0}
            if step % self._stride:
                return
        self._views[step] = view

    def probes(self, run_id: str, generation: int) -> Probes:
        """What is in the log, for a run's `generation`."""
        views = dict(self._views)
        if not views:
            return empty_probes(run_id, *self._shape)
        seen = list(views.values())
        codes = np.stack([view.codes for view in seen])
        return Probes(
            run_id,
            generation,
            np.array(list(views), np.int32),
            np.stack([view.codebooks for view in seen]),
            codes.astype(np.uint8) if self._shape[1] <= 256 else codes,
            np.array([view.probe_mse for view in seen], np.float32),
            np.stack([view.health.active for view in seen]).astype(np.float32),
            np.stack([view.health.perplexity for view in seen]).astype(np.float32),
        )
